"""Folders of pictures, one a class: what is read, and what is left out with its reason. Nothing is passed over in silence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from niwt_core.data.dataset import Dataset, Skipped
from niwt_core.errors import NiwtError, shown
from niwt_core.images import check_image, reads_heic

_POINTERS = (
    (b"version https://git-lfs", "a Git LFS pointer: run `git lfs pull`"),
    (b"/annex/objects/", "a git-annex pointer: run `git annex get`"),
)


def class_names(folder: Path) -> tuple[str, ...]:
    """The names of the folders in ``folder``, sorted; hidden ones are no classes."""
    return tuple(sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")))


def strays(folder: Path) -> list[Skipped]:
    """What lies beside the class folders: files, and links to nothing."""
    return [
        Skipped(
            entry.name, "a link to nothing" if entry.is_symlink() and not entry.exists() else "not in a class folder"
        )
        for entry in sorted(folder.iterdir())
        if not entry.is_dir() and not entry.name.startswith(".")
    ]


def class_files(folder: Path, class_: str) -> tuple[list[str], list[Skipped]]:
    """("class/file" of the files of a class, sorted; what is there besides: folders, links to nothing, pipes)."""
    files: list[str] = []
    skipped: list[Skipped] = []
    for entry in sorted((folder / class_).iterdir()):
        path = f"{class_}/{entry.name}"
        if entry.name.startswith("."):
            continue
        if entry.is_file():
            if is_text(path):
                files.append(path)
            else:
                skipped.append(Skipped(shown(path), "a file name that is not UTF-8: rename it"))
        elif entry.is_dir():
            inside = sum(1 for file in entry.rglob("*") if file.is_file())
            skipped.append(Skipped(path, f"a folder within a class, with {inside} files: move them into {class_}"))
        else:
            broken = entry.is_symlink() and not entry.exists()
            skipped.append(Skipped(shown(path), "a link to nothing" if broken else "no regular file"))
    return files, skipped


def readable_pictures(
    root: Path, paths: Sequence[str], progress: Callable[[int, int], None] | None = None
) -> tuple[list[bool], list[Skipped]]:
    """Which of ``paths`` have the header of a picture, and why the others are left out."""
    mask: list[bool] = []
    skipped: list[Skipped] = []
    for i, path in enumerate(paths):
        try:
            check_image(root / path)
        except NiwtError as error:
            mask.append(False)
            skipped.append(Skipped(path, _reason(root / path, error)))
        else:
            mask.append(True)
        if progress and (i + 1 == len(paths) or not i % 256):
            progress(i + 1, len(paths))
    return mask, skipped


def check_pictures(dataset: Dataset, progress: Callable[[int, int], None] | None = None) -> Dataset:
    """Leave out and name every picture whose header cannot be read.

    Headers only (5,129 pictures in about a second); a picture that is damaged further in is found when it is decoded.
    `progress(done, total)` is called now and then. Raises NiwtError if what is left cannot work.
    """
    mask, skipped = readable_pictures(dataset.root, dataset.paths, progress)
    return dataset.keep(np.array(mask), skipped) if skipped else dataset


def is_text(name: str) -> bool:
    """The name can be written as UTF-8: the bytes of others come as lone surrogates."""
    return not any(0xD800 <= ord(sign) <= 0xDFFF for sign in name)


def _reason(path: Path, error: NiwtError) -> str:
    """Why a file is no picture, by what people take for one: pointers of version control, and HEIC."""
    if path.suffix.lower() in (".heic", ".heif") and not reads_heic():
        return "HEIC, which cannot be read here: install pillow-heif, or convert it to JPEG"
    if path.suffix.lower() == ".dvc":
        return "a DVC pointer: run `dvc pull`"
    try:
        with path.open("rb") as file:
            head = file.read(200)
    except OSError:
        return error.what
    return next((reason for sign, reason in _POINTERS if sign in head), error.what)
