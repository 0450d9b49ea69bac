"""Which classes of a user's folder are seen, and which pictures train: split.csv, unseen.txt, or folders train and val."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from niwt_core.data.splits import hash_split, named
from niwt_core.data.text_tables import Csv, read_csv, read_list
from niwt_core.errors import NiwtError
from niwt_core.knowledge.class_names import class_key, listing


def split_folder(
    root: Path, classes: tuple[str, ...], paths: Sequence[str], labels: np.ndarray, training: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, str]:
    """(C,) seen, (n,) train, and where they come from; ``training`` (n,): the pictures that lie in a folder of training pictures."""
    split, unseen_list = root / "split.csv", root / "unseen.txt"
    table = read_csv(split) if split.is_file() else None
    header = tuple(cell.lower() for cell in table.header) if table else ()
    if table and header not in (("class", "split"), ("path", "split")):
        raise NiwtError(f"columns {','.join(header)}", where=split, fix="write class,split or path,split")
    if header == ("class", "split") and unseen_list.is_file():
        raise NiwtError("split.csv and unseen.txt both name the unseen classes", where=root, fix="remove one of them")
    unseen = np.zeros(len(classes), dtype=bool)
    if unseen_list.is_file():
        unseen = named(classes, read_list(unseen_list), where=unseen_list)
    elif table and header[0] == "class":
        unseen = _unseen_classes(table, classes)
    elif not table and training is not None:
        unseen = np.bincount(labels[training], minlength=len(classes)) == 0
    if training is not None and (not table or header[0] == "class"):
        return ~unseen, training & ~unseen[labels], "pictures of the folder train"
    if not table or header[0] == "class":
        named_by = split.name if table else unseen_list.name if unseen_list.is_file() else "every class is seen"
        source = f"{named_by}, training pictures by hash of their path"
        return ~unseen, hash_split(paths, labels, ~unseen), source
    train = _training_pictures(table, paths)
    if not unseen_list.is_file():
        unseen = np.bincount(labels[train], minlength=len(classes)) == 0
    wrong = np.flatnonzero(train & unseen[labels])
    if len(wrong):
        what = f"training picture {paths[wrong[0]]} is of an unseen class"
        raise NiwtError(what, where=split, fix="mark it test, or remove the class from unseen.txt")
    return ~unseen, train, split.name


def unseen_names(root: Path) -> tuple[str, ...]:
    """The classes that unseen.txt, or split.csv by class, names as unseen, as they are spelled there."""
    split, unseen_list = root / "split.csv", root / "unseen.txt"
    if unseen_list.is_file():
        return tuple(read_list(unseen_list))
    table = read_csv(split) if split.is_file() else None
    if table is None or tuple(cell.lower() for cell in table.header) != ("class", "split"):
        return ()
    return tuple(class_ for _, (class_, part) in table.rows if part.lower() == "unseen")


def described_keys(root: Path) -> set[str]:
    """Keys of the classes that attributes.csv or a file of captions describes."""
    table, captions = root / "attributes.csv", root / "captions"
    names = [path.stem for path in captions.glob("*.txt")] if captions.is_dir() else []
    if table.is_file():
        read = read_csv(table)
        names += [*read.header[1:], *(cells[0] for _, cells in read.rows)]
    return {class_key(name) for name in names}


def _unseen_classes(table: Csv, classes: Sequence[str]) -> np.ndarray:
    """(C,) bool from rows of class,split."""
    unseen, done = np.zeros(len(classes), dtype=bool), np.zeros(len(classes), dtype=bool)
    for line, (class_, part) in table.rows:
        where = f"{table.path} line {line}"
        mask = named(classes, [class_], where=where)
        if part.lower() not in ("seen", "unseen"):
            raise NiwtError(f"split {part!r} of class {class_}", where=where, fix="write seen or unseen")
        if done[mask].any():
            raise NiwtError(f"class {class_} appears twice", where=where, fix="delete one of the rows")
        unseen |= mask & (part.lower() == "unseen")
        done |= mask
    return unseen


def _training_pictures(table: Csv, paths: Sequence[str]) -> np.ndarray:
    """(n,) bool from rows of path,split; rows of pictures that were left out are passed over."""
    part_of: dict[str, str] = {}
    for line, (path, part) in table.rows:
        path, where = path.replace("\\", "/").removeprefix("./").removeprefix("images/"), f"{table.path} line {line}"
        if part.lower() not in ("train", "test"):
            raise NiwtError(f"split {part!r} of picture {path}", where=where, fix="write train or test")
        if path in part_of:
            raise NiwtError(f"picture {path} appears twice", where=where, fix="delete one of the rows")
        if path not in paths and not (table.path.parent / "images" / path).is_file():
            raise NiwtError(f"no picture {path}", where=where, fix="correct the path or delete the row")
        part_of[path] = part.lower()
    missing = [path for path in paths if path not in part_of]
    if missing:
        raise NiwtError(
            f"picture {listing(missing, limit=3)} has no row", where=table.path, fix="add it as train or test"
        )
    return np.array([part_of[path] == "train" for path in paths])
