"""Which classes are seen, and which of their pictures train."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from niwt_core.data.matlab import ProposedSplit, read_picture_list, read_proposed_split
from niwt_core.errors import NiwtError
from niwt_core.knowledge.class_names import class_key, closest, listing

TRAIN_FRACTION = 0.8


def named(classes: Sequence[str], names: Sequence[str], *, where: object) -> np.ndarray:
    """(C,) bool: the class is among `names`, spelled alike or nearly. Raises NiwtError on a name of no class."""
    keys: dict[str, int | None] = {}
    for index, class_ in enumerate(classes):
        keys[class_key(class_)] = (
            None if class_key(class_) in keys else index
        )  # by case alone: only the exact name will do
    mask = np.zeros(len(classes), dtype=bool)
    for name in names:
        c: int | None = classes.index(name) if name in classes else keys.get(class_key(name))
        if c is None:
            near = closest(name, classes, count=1)
            fix = f"did you mean {near[0]}?" if near else f"use one of {listing(classes)}"
            raise NiwtError(f"unknown class {name!r}", where=where, fix=fix)
        mask[c] = True
    return mask


def hash_split(paths: Sequence[str], labels: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """(n,) bool, true for training: 80 % of each seen class (two of two or three), picked by the hash of the path.

    The same pictures give the same split on every machine, in any order.
    """
    train = np.zeros(len(paths), dtype=bool)
    digest = [hashlib.sha256(path.encode()).hexdigest() for path in paths]
    for c in np.flatnonzero(seen):
        members = sorted(np.flatnonzero(labels == c), key=lambda i: digest[i])
        train[members[: round(TRAIN_FRACTION * len(members))]] = True
    return train


def proposed_split(mat: Path, paths: Sequence[str]) -> ProposedSplit:
    """The split of att_splits.mat as rows of `paths` ("class folder/file").

    The rows count the pictures of res101.mat if it lies beside (those not in `paths` are dropped), else those of
    `paths` in their order. Raises NiwtError if they are not as many.
    """
    split = read_proposed_split(mat)
    features = mat.with_name("res101.mat")
    if features.is_file():
        row_of = {path: i for i, path in enumerate(paths)}
        listed = read_picture_list(features)
        if len(listed) != split.pictures:
            what = f"{len(listed)} pictures for a split of {split.pictures}"
            raise NiwtError(what, where=features, fix="take both files from one archive")
        rows = np.array([row_of.get(path, -1) for path in listed], dtype=np.int64)
        parts = (split.trainval, split.test_seen, split.test_unseen, split.train, split.validation)
        return ProposedSplit(*(rows[part][rows[part] >= 0] for part in parts))
    if split.pictures != len(paths):
        what = f"a split of {split.pictures} pictures for a list of {len(paths)}"
        raise NiwtError(what, where=mat, fix="put res101.mat beside it, or name the unseen classes in testclasses.txt")
    return split


def picture_split(
    split: ProposedSplit, labels: np.ndarray, classes: int, *, where: object
) -> tuple[np.ndarray, np.ndarray]:
    """(C,) seen and (n,) train masks of a split. Raises NiwtError if a class is both seen and unseen."""
    unseen = np.zeros(classes, dtype=bool)
    seen = unseen.copy()
    unseen[labels[split.test_unseen]] = True
    seen[labels[np.concatenate([split.trainval, split.test_seen])]] = True
    if (seen & unseen).any():  # the rows were counted in another list of pictures
        what = f"the split does not fit the pictures: {(seen & unseen).sum()} classes are both seen and unseen"
        raise NiwtError(what, where=where, fix="put the res101.mat that belongs to it beside it")
    train = np.zeros(len(labels), dtype=bool)
    train[split.trainval] = True
    return seen, train
