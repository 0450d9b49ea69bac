"""One vector a class from a file: an embedding in place of attributes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from niwt_core.data.class_tables import read_class_table
from niwt_core.data.matlab import read_class_vectors
from niwt_core.data.text_tables import read_list
from niwt_core.errors import NiwtError
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.class_names import match_all


def read_embeddings(path: Path, classes: Sequence[str]) -> Knowledge:
    """Read class vectors as Knowledge of kind "embedding", one row a class in the order of `classes`.

    Args:
        path: `.mat` in the xlsa17 format (`att`, matched by `allclasses_names`; sent_splits.mat is one), `.csv` (class
            name in the first column, a header above), or `.npy` ((C, K) numbers in the order of the class names in the text
            file of the same name beside it, one a line; without one, in the order of `classes`).
        classes: C class names; others in a .mat or .csv are passed over.

    Raises:
        NiwtError: if it cannot be read, has no row for a class, or not C rows (.npy).
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".mat":
        vectors = read_class_vectors(path)
        values = vectors.unit[vectors.rows(classes)]
    elif suffix == ".csv":
        table = read_class_table(path, classes, extra=True)
        return Knowledge("embedding", tuple(classes), table.names, table.values)
    elif suffix == ".npy":
        values = _read_npy(path, classes)
    else:
        raise NiwtError(
            f"unknown kind of file {suffix or path.name!r}", where=path, fix="give a .mat, .csv or .npy file"
        )
    names = tuple(f"{path.stem}_{k}" for k in range(values.shape[1]))
    return Knowledge("embedding", tuple(classes), names, values)


def order_notice(path: Path, classes: Sequence[str]) -> tuple[str, ...]:
    """What was assumed of a `.npy` file's rows, which have no names."""
    if path.suffix.lower() != ".npy" or path.with_suffix(".txt").is_file():
        return ()
    what = f"rows of {path.name} were taken in the order of the classes, from {classes[0]} to {classes[-1]}"
    return (f"{what}: list their names in {path.with_suffix('.txt').name} if that is not so",)


def _read_npy(path: Path, classes: Sequence[str]) -> np.ndarray:
    if not path.is_file():
        raise NiwtError("no such file", where=path, fix="check the path")
    try:
        values = np.load(path, allow_pickle=False, max_header_size=10_000)
    except Exception as error:  # damaged bytes raise almost anything
        raise NiwtError(f"not a table of numbers ({error})", where=path, fix="write it with numpy.save") from error
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu" or values.ndim != 2:
        raise NiwtError("not a table of numbers", where=path, fix="write a (classes, features) array with numpy.save")
    listed = path.with_suffix(".txt")
    names = read_list(listed) if listed.is_file() else classes
    if len(values) != len(names):
        what = f"{len(values)} rows for {len(names)} classes"
        raise NiwtError(what, where=path, fix="give one row a class in the set's order, or a .csv with class names")
    matched = match_all(classes, names, where=listed, fix="list the class of every row")
    return single_precision(values, where=path)[[names.index(matched[class_]) for class_ in classes]]


def single_precision(values: np.ndarray, *, where: object) -> np.ndarray:
    """The same as float32. Raises NiwtError where a value is beyond it."""
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    lost = np.isfinite(values) & ~np.isfinite(single) if values.dtype.kind == "f" else np.zeros(1, bool)
    if lost.any():
        raise NiwtError(f"value {values[lost][0]:g} is beyond single precision", where=where, fix="scale the table")
    return single
