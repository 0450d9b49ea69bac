"""The picture files that a person means: files, folders with all that is below them, and patterns that no shell has resolved."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from niwt_core.data.photographs import SUFFIXES
from niwt_core.errors import NiwtError

_SUFFIXES = {*SUFFIXES, ".gif", ".ppm", ".avif", ".jp2", ".heic", ".heif"}


def picture_files(named: Sequence[Path]) -> tuple[list[Path], set[Path]]:
    """(the files in the order they were named, those of a folder or pattern sorted and none that is there already; which were named singly).

    Of a folder, hidden files and files of other kinds are passed over. Raises NiwtError at a folder without pictures and a pattern that nothing
    matches; whether a single file is a picture is found when it is read.
    """
    files: list[Path] = []
    singly: set[Path] = set()
    for path in named:
        if path.is_dir():
            below = _below(path)
            if not below:
                raise NiwtError("no pictures in that folder", where=path, fix="check the path")
        elif not path.exists() and glob.has_magic(str(path)):
            matches = [Path(match) for match in sorted(glob.glob(str(path), recursive=True))]
            below = [file for match in matches for file in (_below(match) if match.is_dir() else [match])]
            if not below:
                raise NiwtError("no file matches", where=path, fix="check the pattern")
        else:
            files.append(path)
            singly.add(path)
            continue
        there = set(files)
        files += [file for file in dict.fromkeys(below) if file not in there]
    return files, singly


def _below(folder: Path) -> list[Path]:
    """Pictures anywhere below a folder, sorted."""
    below = (path.relative_to(folder) for path in folder.rglob("*"))
    names = [path for path in below if path.suffix.lower() in _SUFFIXES and not _hidden(path)]
    return sorted(folder / path for path in names if (folder / path).is_file())


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
