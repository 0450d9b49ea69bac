"""One vector a class from a file: an embedding in place of attributes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from niwt_core.data.class_tables import read_class_table
from niwt_core.data.matlab import read_class_vectors
from niwt_core.errors import NiwtError
from niwt_core.knowledge.attributes import Knowledge


def read_embeddings(path: Path, classes: Sequence[str]) -> Knowledge:
    """Read class vectors as Knowledge of kind "embedding", one row a class in the order of `classes`.

    Args:
        path: `.mat` in the xlsa17 format (`att`, matched by `allclasses_names`; sent_splits.mat is one), `.csv` (class
            name in the first column, a header above), or `.npy` ((C, K) numbers in the order of `classes`).
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
        values = _read_npy(path, len(classes))
    else:
        raise NiwtError(
            f"unknown kind of file {suffix or path.name!r}", where=path, fix="give a .mat, .csv or .npy file"
        )
    names = tuple(f"{path.stem}_{k}" for k in range(values.shape[1]))
    return Knowledge("embedding", tuple(classes), names, values)


def _read_npy(path: Path, classes: int) -> np.ndarray:
    if not path.is_file():
        raise NiwtError("no such file", where=path, fix="check the path")
    try:
        values = np.load(path, allow_pickle=False)
    except Exception as error:  # damaged bytes raise almost anything
        raise NiwtError(f"not a table of numbers ({error})", where=path, fix="write it with numpy.save") from error
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu" or values.ndim != 2:
        raise NiwtError("not a table of numbers", where=path, fix="write a (classes, features) array with numpy.save")
    if len(values) != classes:
        what = f"{len(values)} rows for {classes} classes"
        raise NiwtError(what, where=path, fix="give one row a class in the set's order, or a .csv with class names")
    return values.astype(np.float32)
