"""Cells of a table that people fill in: numbers, percentages, TRUE and FALSE, crosses.

What a cell means is decided for its whole column: a blank is "no" only in a column that is crossed, never in one of numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from niwt_core.errors import NiwtError

TRUE = frozenset({"true", "wahr", "vrai", "verdadero", "yes", "y"})
FALSE = frozenset({"false", "falsch", "faux", "falso", "no", "n"})
CROSS = frozenset({"x", "✓", "✔", "✗", "☒", "☑"})
BLANK = frozenset({"", "-", "–"})
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
LARGEST = float(np.finfo(np.float32).max)
_FIX = "write a number such as 0, 1 or 37.5"


def read_columns(
    rows: Sequence[tuple[str, Sequence[str]]], names: Sequence[str], *, decimal_comma: bool
) -> tuple[np.ndarray, tuple[str, ...]]:
    """The numbers of a table of cells.

    Args:
        rows: (where, K cells) of each of C rows; where is what an error calls the row.
        names: K column names.
        decimal_comma: "37,5" is a number, as where semicolons or tabs part the cells.

    Returns:
        ((C, K) float32, notices of what was taken for what).

    Raises:
        NiwtError: on a cell that is no number and no mark, or a column that mixes marks and numbers.
    """
    values = np.zeros((len(rows), len(names)), dtype=np.float32)
    columns = [[cells[k].casefold() for _, cells in rows] for k in range(len(names))]
    crossed = [any(cell in CROSS for cell in column) and set(column) <= CROSS | BLANK for column in columns]
    marked: list[str] = []
    percent: list[str] = []
    for k, column in enumerate(columns):
        if crossed[k] or (any(crossed) and set(column) <= BLANK):
            values[:, k] = [cell in CROSS for cell in column]
            marked.append(names[k])
        elif column and set(column) <= TRUE | FALSE:
            values[:, k] = [cell in TRUE for cell in column]
            marked.append(names[k])
        else:
            hundredths = [cell.endswith("%") for cell in column]
            mixed = any(hundredths) and not all(hundredths)
            for c, (where, cells) in enumerate(rows):
                place = f"{where}, column {names[k]}"
                if mixed and hundredths[c]:
                    raise NiwtError(
                        f"{cells[k]!r} among plain numbers", where=place, fix="use % in all of the column, or in none"
                    )
                values[c, k] = _number(cells[k].removesuffix("%").strip(), decimal_comma, place, shown=cells[k])
            if any(hundredths):
                values[:, k] /= 100
                percent.append(names[k])
    notices = [f"marks in {_some(marked)} were read as 1 and 0"] if marked else []
    notices += [f"% in {_some(percent)} was read as hundredths: 0 to 1"] if percent else []
    return values, tuple(notices)


def _number(cell: str, decimal_comma: bool, where: str, *, shown: str) -> float:
    cell = cell.replace("\u2212", "-").replace("\xa0", "")
    if decimal_comma and _DECIMAL_COMMA.fullmatch(cell):
        cell = cell.replace(",", ".")
    if _NUMBER.fullmatch(cell) is None:
        if cell.casefold().lstrip("+-") in ("nan", "inf", "infinity"):
            raise NiwtError(f"{shown!r} is not a finite number", where=where, fix=_FIX)
        raise NiwtError(f"{shown!r} is not a number", where=where, fix=_FIX)
    value = float(cell)
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise NiwtError(f"{shown!r} is not a finite number of single precision", where=where, fix=_FIX)
    return value


def _some(names: Sequence[str]) -> str:
    return f"column {names[0]}" if len(names) == 1 else f"{len(names)} columns"
