"""Animals with Attributes 2 (Xian et al., 2018) in its official layout, with the Proposed Split."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from niwt_core.data.class_folders import class_files, class_names, strays
from niwt_core.data.dataset import Dataset, Skipped
from niwt_core.data.matlab import read_proposed_split
from niwt_core.data.splits import hash_split, named, picture_split, proposed_split
from niwt_core.data.text_tables import read_list, read_numbered, read_numbers
from niwt_core.errors import NiwtError
from niwt_core.knowledge.attributes import Knowledge

FOLDER = "Animals_with_Attributes2"
# The test classes of the Proposed Split, for when att_splits.mat is not at hand.
UNSEEN = ("bat", "blue+whale", "bobcat", "dolphin", "giraffe", "horse", "rat", "seal", "sheep", "walrus")
SPLITS = ("att_splits.mat", "testclasses.txt")
_FIX = "take it from the AwA2-base archive"


def read_awa2(root: Path, *, binary: bool = False, split_dir: Path | None = None) -> Dataset:
    """Read AwA2, or what pictures there are of it.

    With xlsa17's att_splits.mat and all its pictures (or res101.mat beside it) the split is the published one; its rows
    count the pictures sorted by class, then file. Otherwise the unseen classes are testclasses.txt's, else the ten of
    the Proposed Split, and a hash of the path shares out the pictures of seen classes; `split_source` says which.

    Args:
        root: the folder that holds Animals_with_Attributes2, or that folder itself.
        binary: use predicate-matrix-binary.txt (0 or 1), not the continuous one (0-100). The continuous table writes -1
            where nobody was asked (the attribute makes no sense or was missing): taken as 0.
        split_dir: where att_splits.mat or testclasses.txt are; by default xlsa17 or xlsa17/data/AWA2 beside or inside.

    Raises:
        NiwtError: on a file that is missing or does not fit the others.
    """
    root = Path(root)
    base = root / FOLDER if (root / FOLDER).is_dir() else root
    if not (base / "predicates.txt").is_file():
        what, fix = "no Animals with Attributes 2 here (no predicates.txt)", f"name the folder that holds {FOLDER}"
        raise NiwtError(what, where=root, fix=fix if base == root else _FIX)
    official = tuple(read_numbered(base / "classes.txt", fix=_FIX).values())
    names = tuple(read_numbered(base / "predicates.txt").values())
    values = _table(base, binary, rows=len(official), columns=len(names))
    splits = _split_folders(root, base, split_dir)

    paths, skipped = _pictures(base / "JPEGImages")
    folders = [path.split("/", 1)[0] for path in paths]
    unknown = sorted(set(folders) - set(official))
    if unknown:
        raise NiwtError(f"folder {unknown[0]} is no class of classes.txt", where=base / "JPEGImages", fix="remove it")
    kept = [c for c, class_ in enumerate(official) if class_ in set(folders)]
    classes = tuple(official[c] for c in kept)
    labels = np.array([classes.index(folder) for folder in folders], dtype=np.int64)
    seen, train, validation, source = _split(splits, paths, labels, classes, official)
    knowledge = Knowledge("attributes", classes, names, values[kept], scale=1.0 if binary else 100.0)
    return Dataset(
        name="awa2",
        root=base / "JPEGImages",
        classes=classes,
        seen=seen,
        paths=paths,
        labels=labels,
        train=train,
        knowledge=knowledge,
        validation_classes=validation,
        split_source=source,
        skipped=skipped,
    )


def _table(base: Path, binary: bool, *, rows: int, columns: int) -> np.ndarray:
    """(rows,columns) of the matrix that was asked for; the continuous one writes -1 for missing, which becomes 0."""
    matrix = base / f"predicate-matrix-{'binary' if binary else 'continuous'}.txt"
    if not matrix.is_file():
        other = f"use --knowledge {'attributes' if binary else 'binary'} for the other table"
        raise NiwtError(f"no {matrix.name}", where=base, fix=f"{_FIX}, or {other}")
    return np.maximum(read_numbers(matrix, rows=rows, columns=columns), 0.0)


def _split_folders(root: Path, base: Path, split_dir: Path | None) -> list[Path]:
    """Where a split may be; a folder that was named must hold one."""
    places = [Path(split_dir)] if split_dir else [root / "xlsa17", base.parent / "xlsa17", base / "xlsa17"]
    folders = [folder for place in places for folder in (place, place / "data" / "AWA2", place / "AWA2")]
    if split_dir and not any((folder / name).is_file() for folder in folders for name in SPLITS):
        raise NiwtError(f"no {' and no '.join(SPLITS)} there", where=split_dir, fix="name xlsa17's folder")
    return folders


def _pictures(folder: Path) -> tuple[tuple[str, ...], tuple[Skipped, ...]]:
    """class/file of every picture, sorted by class, then file, as in xlsa17; and what is there besides."""
    if not folder.is_dir():
        raise NiwtError("no JPEGImages folder", where=folder.parent, fix="unpack the AwA2-data archive there")
    by_class = {class_: class_files(folder, class_) for class_ in class_names(folder)}
    if not any(files for files, _ in by_class.values()):
        raise NiwtError("no picture", where=folder, fix="unpack the AwA2-data archive there")
    for name, (files, _) in by_class.items():
        if not files:
            raise NiwtError(
                f"class {name} has no picture", where=folder / name, fix="add its pictures, or remove the folder"
            )
    paths = tuple(path for files, _ in by_class.values() for path in files)
    return paths, (*strays(folder), *(item for _, skipped in by_class.values() for item in skipped))


def _split(
    folders: list[Path], paths: tuple[str, ...], labels: np.ndarray, classes: tuple[str, ...], official: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], str]:
    """(C,) seen, (n,) train, validation classes, and where they come from."""
    mat = next((folder / "att_splits.mat" for folder in folders if (folder / "att_splits.mat").is_file()), None)
    if mat and (mat.with_name("res101.mat").is_file() or read_proposed_split(mat).pictures == len(paths)):
        split = proposed_split(mat, paths)
        seen, train = picture_split(split, labels, len(classes), where=mat)
        held_out = np.setdiff1d(labels[split.validation], labels[split.train])
        return seen, train, tuple(classes[c] for c in held_out), "Proposed Split, att_splits.mat"
    listed = next((folder / "testclasses.txt" for folder in folders if (folder / "testclasses.txt").is_file()), None)
    unseen = named(official, read_list(listed) if listed else UNSEEN, where=listed or "classes.txt")  # (50,)
    seen = np.array([not unseen[official.index(class_)] for class_ in classes])
    source = f"{listed.name if listed else 'classes of the Proposed Split'}, training pictures by hash of their path"
    return seen, hash_split(paths, labels, seen), (), source
