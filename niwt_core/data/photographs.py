"""Photographs of a trained classifier's own classes, or of anything: a folder as it is, labelled by its names or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from niwt_core.errors import NiwtError
from niwt_core.knowledge.class_names import class_key

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".heic")


@dataclass(frozen=True)
class PhotographFolder:
    """Files below ``root`` (n relative paths, sorted) with the class of each, -1 where its name says none."""

    root: Path
    paths: tuple[str, ...]
    labels: np.ndarray

    @property
    def files(self) -> list[Path]:
        """The n files."""
        return [self.root / path for path in self.paths]

    @property
    def labelled(self) -> bool:
        """Every photograph has a class."""
        return bool((self.labels >= 0).all())


def read_photographs(root: Path, classes: Sequence[str], ids: Sequence[str] = ()) -> PhotographFolder:
    """The pictures of a folder, subfolders included, labelled by class name, index or identifier.

    A picture's class is what its folder is called, else what its file name is or begins with up to the first underscore: a class's name, its
    index, or one of ``ids`` (WordNet ids, say; one a class). Raises NiwtError where there is no picture, or only some can be labelled.
    """
    root = Path(root)
    if not root.is_dir():
        raise NiwtError("no such folder", where=root, fix="check --photos")
    names = {class_key(name): c for c, name in enumerate(classes)}
    for c, key in enumerate(ids):
        names.setdefault(class_key(key), c)
    files = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not files:
        raise NiwtError("no pictures", where=root, fix=f"put {', '.join(SUFFIXES[:3])} files there")
    labels = np.array([_class_of(path, root, names, len(classes)) for path in files], np.int64)
    unknown = np.flatnonzero(labels < 0)
    if len(unknown) and (labels >= 0).mean() > 0.5:
        what = f"{len(unknown)} of {len(files)} pictures have no known class, such as {files[unknown[0]].relative_to(root)}"
        raise NiwtError(what, where=root, fix="name their folders after classes, or take them out")
    if len(unknown):
        labels = np.full(len(files), -1)
    return PhotographFolder(root, tuple(path.relative_to(root).as_posix() for path in files), labels)


def _class_of(path: Path, root: Path, names: dict[str, int], classes: int) -> int:
    texts = [path.parent.name] if path.parent != root else []
    texts += [path.stem, path.stem.partition("_")[0]]
    for text in texts:
        if class_key(text) in names:
            return names[class_key(text)]
        if text.isdecimal() and int(text) < classes:
            return int(text)
    return -1
