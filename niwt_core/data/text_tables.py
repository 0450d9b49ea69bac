"""Text tables as data sets come with: lists, numbered names, number matrices, CSV files. Errors name file and line."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from niwt_core.errors import NiwtError
from niwt_core.knowledge.class_names import closest, listing, match_classes


def read_text(path: Path, *, fix: str = "check the path") -> str:
    """A UTF-8 text file (a byte order mark is dropped). Raises NiwtError if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise NiwtError("no such file", where=path, fix=fix) from error
    except UnicodeDecodeError as error:
        raise NiwtError("not UTF-8 text", where=path, fix="save it as UTF-8") from error
    except OSError as error:
        raise NiwtError(f"cannot read the file ({error.strerror})", where=path, fix=fix) from error


def read_list(path: Path, *, fix: str = "check the path") -> tuple[str, ...]:
    """The lines of a text file, stripped, without empty ones."""
    return tuple(line.strip() for line in read_text(path, fix=fix).splitlines() if line.strip())


def read_numbered(path: Path, *, fix: str = "check the path") -> Mapping[int, str]:
    """Lines of "number text", such as classes.txt and images.txt, in file order."""
    numbered: dict[int, str] = {}
    for i, line in enumerate(read_text(path, fix=fix).splitlines(), start=1):
        if not line.strip():
            continue
        number, _, text = line.strip().replace("\t", " ").partition(" ")
        if not number.isdecimal() or not text.strip() or int(number) in numbered:
            raise NiwtError(
                f"{line!r} is not a new number and a name", where=f"{path} line {i}", fix="correct the line"
            )
        numbered[int(number)] = text.strip()
    return numbered


def read_numbers(path: Path, *, columns: int | None = None, rows: int | None = None) -> np.ndarray:
    """A (rows, columns) float64 matrix from text, separated by spaces. Raises NiwtError on another shape or a word."""
    text = read_text(path, fix="take it from the data set's own archive")
    try:
        values = np.loadtxt(text.splitlines(), dtype=np.float64, ndmin=2)
    except ValueError as error:
        raise NiwtError(f"not a table of numbers ({error})", where=path, fix="correct the line") from error
    wanted = (values.shape[0] if rows is None else rows, values.shape[1] if columns is None else columns)
    if values.shape != wanted:
        what = f"a table of {values.shape[0]} rows and {values.shape[1]} columns, not {wanted[0]} and {wanted[1]}"
        raise NiwtError(what, where=path, fix="take it from the data set's own archive")
    return values


@dataclass(frozen=True)
class Csv:
    """A CSV file: header cells and (line number, cells) of each row, all stripped."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_csv(path: Path) -> Csv:
    """A comma, semicolon or tab separated file with a header. Raises NiwtError on rows of another length."""
    text = read_text(path)
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    rows: list[tuple[int, tuple[str, ...]]] = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((reader.line_num, tuple(cell.strip() for cell in row)))
    except csv.Error as error:
        where = f"{path} line {reader.line_num}"
        raise NiwtError(f"not a CSV table ({error})", where=where, fix="save it as CSV") from error
    if not rows:
        raise NiwtError("the table is empty", where=path, fix="give a header and one row a class")
    header = rows.pop(0)[1]
    for line, cells in rows:
        if len(cells) != len(header):
            what = f"{len(cells)} cells under a header of {len(header)}"
            raise NiwtError(what, where=f"{path} line {line}", fix="give one cell a column")
    return Csv(path, header, tuple(rows))


def read_class_table(path: Path, classes: Sequence[str], *, extra: bool = False) -> tuple[tuple[str, ...], np.ndarray]:
    """A CSV with one row a class, its name in the first column.

    Args:
        classes: C names, matched as `match_classes` does.
        extra: rows of other classes are passed over, not refused.

    Returns:
        (K column names, (C, K) float32).

    Raises:
        NiwtError: on a class without a row or with two, a row of no class, cells that are not finite numbers.
    """
    table = read_csv(path)
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
    found, missing = match_classes(classes, lines)
    if missing:
        near = closest(missing[0], lines, count=1)
        fix = f"is it {near[0]!r}? Spell both alike" if near else "add a row for it"
        raise NiwtError(f"class {listing(missing)} has no row", where=path, fix=fix)
    unknown = [row for row in lines if row not in found.values()]
    if unknown and not extra:
        where = f"{path} line {lines[unknown[0]]}"
        raise NiwtError(
            f"row {unknown[0]!r} is no class with pictures", where=where, fix="add its pictures or delete the row"
        )
    row_of = {cells[0]: cells for _, cells in table.rows}
    values = np.empty((len(classes), len(names)), dtype=np.float32)
    for c, class_ in enumerate(classes):
        row = found[class_]
        for k, cell in enumerate(row_of[row][1:]):
            values[c, k] = _number(cell, f"{path} line {lines[row]}, column {names[k]}")
    return names, values


def _number(cell: str, where: str) -> float:
    try:
        value = float(cell)
    except ValueError as error:
        raise NiwtError(f"{cell!r} is not a number", where=where, fix="write a number such as 0, 1 or 37.5") from error
    if not math.isfinite(value):
        raise NiwtError(f"{cell!r} is not a finite number", where=where, fix="write a number such as 0, 1 or 37.5")
    return value
