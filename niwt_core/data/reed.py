"""Captions of single pictures, as Reed et al. (2016) gave them for CUB: ``<folder>/<class>/<picture>.txt``, ten sentences each, one a line.

A seen class is described by the captions of its training pictures only: those of its test pictures would tell of the very pictures that are
to be recognised. An unseen class has no training pictures; all its captions together are its description, as Reed et al. and Xian et al.
(2018) have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from niwt_core.data.dataset import Dataset
from niwt_core.data.text_tables import read_list
from niwt_core.errors import NiwtError
from niwt_core.knowledge.class_names import match_all


def is_caption_folder(path: Path) -> bool:
    """The folder holds folders of text files."""
    return path.is_dir() and any(file.is_file() for file in path.glob("*/*.txt"))


def read_picture_captions(path: Path, dataset: Dataset) -> Mapping[str, tuple[str, ...]]:
    """Class -> sentences, for every class of ``dataset``.

    Files of pictures that the set does not have are passed over where the class is seen.

    Raises:
        NiwtError: a class without a folder, or none of whose files has a sentence and the name of a picture that may be used.
    """
    path = Path(path)
    folders = sorted(entry.name for entry in path.iterdir() if entry.is_dir() and any(entry.glob("*.txt")))
    names = match_all(dataset.classes, folders, where=path, fix="add a folder of captions for each class")
    training: dict[int, set[str]] = {}
    for label, picture, train in zip(dataset.labels, dataset.paths, dataset.train, strict=True):
        if train:
            training.setdefault(int(label), set()).add(PurePosixPath(picture).stem)
    captions: dict[str, tuple[str, ...]] = {}
    for c, name in enumerate(dataset.classes):
        files = sorted(file for file in (path / names[name]).glob("*.txt") if not file.name.startswith("."))
        used = [file for file in files if not dataset.seen[c] or file.stem in training.get(c, ())]
        captions[name] = tuple(sentence for file in used for sentence in read_list(file))
        if not captions[name]:
            what = "no caption of a training picture" if dataset.seen[c] else "no caption"
            fix = "name each file like its picture, as in <class>/<picture>.txt"
            raise NiwtError(f"class {name} has {what}", where=path / names[name], fix=fix)
    return captions
