"""Pictures that are there twice: one file among training and test pictures, or in two classes, makes every figure too high."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from dataclasses import replace

from niwt_core.data.dataset import Dataset
from niwt_core.files import file_hash


def duplicates(dataset: Dataset) -> tuple[tuple[int, ...], ...]:
    """Groups of pictures whose files are the same, byte for byte; only files of one size are read."""
    by_size: dict[int, list[int]] = defaultdict(list)
    for i, path in enumerate(dataset.paths):
        with contextlib.suppress(OSError):  # a file that is missing is named elsewhere
            by_size[(dataset.root / path).stat().st_size].append(i)
    by_content: dict[str, list[int]] = defaultdict(list)
    for indices in by_size.values():
        for i in indices if len(indices) > 1 else ():
            with contextlib.suppress(OSError):
                by_content[file_hash(dataset.root / dataset.paths[i])].append(i)
    return tuple(tuple(group) for group in by_content.values() if len(group) > 1)


def with_duplicates_said(dataset: Dataset) -> Dataset:
    """The same set, with a notice of each kind of duplicate that makes figures too high or teaches two answers for one picture."""
    groups = duplicates(dataset)
    leaks = [group for group in groups if len({bool(dataset.train[i]) for i in group}) > 1]
    twofold = [group for group in groups if len({int(dataset.labels[i]) for i in group}) > 1]
    notices = []
    for repeated, what in (
        (leaks, "both among training and test pictures: accuracy is too high"),
        (twofold, "in two classes"),
    ):
        if repeated:
            example = " = ".join(dataset.paths[i] for i in repeated[0][:2])
            count = "1 picture is" if len(repeated) == 1 else f"{len(repeated)} pictures are"
            notices.append(f"{count} {what} ({example})")
    return replace(dataset, notices=(*dataset.notices, *notices)) if notices else dataset
