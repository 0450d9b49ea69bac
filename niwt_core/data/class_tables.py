"""A table of classes by attributes as people make it: CSV of any separator, crosses or numbers, rows or columns of classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from niwt_core.data.cells import read_columns
from niwt_core.data.text_tables import Csv, read_csv
from niwt_core.errors import NiwtError
from niwt_core.knowledge.class_names import closest, listing, match_classes


@dataclass(frozen=True, eq=False)
class ClassTable:
    """names: K columns; values (C, K) float32, row c of class c; notices: what was assumed, in sentences."""

    names: tuple[str, ...]
    values: np.ndarray
    notices: tuple[str, ...] = ()


def read_class_table(path: Path, classes: Sequence[str], *, extra: bool = False) -> ClassTable:
    """A CSV with one row a class, its name in the first column; or one column a class, its name in the header.

    Args:
        classes: C names, matched as `match_classes` does.
        extra: rows of other classes are passed over, not refused.

    Raises:
        NiwtError: on a class without a row or with two, a row of no class, cells that are neither numbers nor marks.
    """
    table, transposed = _upright(read_csv(path), classes)
    names = table.header[1:]
    if not names or not all(names):
        raise NiwtError("a column without a name", where=f"{path} line 1", fix="write class, then one name a column")
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise NiwtError(f"column {repeated[0]!r} appears twice", where=f"{path} line 1", fix="delete one of them")
    lines: dict[str, int] = {}
    for line, cells in table.rows:
        if cells[0] in lines:
            raise NiwtError(
                f"class {cells[0]!r} appears twice", where=f"{path} line {line}", fix="delete one of the rows"
            )
        lines[cells[0]] = line
    matched, missing = match_classes(classes, lines)
    if missing:
        near = closest(missing[0], lines, count=1)
        fix = f"is it {near[0]!r}? Spell both alike" if near else "add a row for it"
        raise NiwtError(f"class {listing(missing)} has no row", where=path, fix=fix)
    unknown = [row for row in lines if row not in matched.values()]
    if unknown and not extra:
        where = f"{path} line {lines[unknown[0]]}"
        raise NiwtError(
            f"row {unknown[0]!r} is no class with pictures",
            where=where,
            fix="add its pictures, list it in unseen.txt to describe it only, or delete the row",
        )
    row_of = {cells[0]: cells for _, cells in table.rows}
    where = "column" if transposed else "line"
    rows = [(f"{path} {where} {lines[matched[class_]]}", row_of[matched[class_]][1:]) for class_ in classes]
    values, notices = read_columns(rows, names, decimal_comma=table.delimiter != ",")
    turned_notice = ("classes stand in the table's header: it was turned",) if transposed else ()
    return ClassTable(tuple(names), values, (*turned_notice, *notices))


def _upright(table: Csv, classes: Sequence[str]) -> tuple[Csv, bool]:
    """The table with classes down its first column, and whether it had to be turned for that."""
    in_rows = match_classes(classes, (cells[0] for _, cells in table.rows))[0]
    in_header = match_classes(classes, table.header[1:])[0]
    if len(in_header) <= len(in_rows) or len(in_header) < len(classes):
        return table, False
    lines = [table.header, *(cells for _, cells in table.rows)]
    transposed = list(zip(*lines, strict=True))
    rows = tuple((column, cells) for column, cells in enumerate(transposed[1:], start=2))
    return Csv(table.path, transposed[0], rows, table.delimiter), True
