"""Text tables as data sets come with: lists, numbered names, number matrices, CSV files. Errors name file and line."""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from niwt_core.errors import NiwtError
from niwt_core.files import read_bytes

LARGEST_TEXT = 256 * 2**20  # bytes; the continuous attributes of every CUB picture take 90 MB
LONGEST_NUMBER = 18  # digits of an identity number
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods; .xls
_BULLET = re.compile(r"^\s*[-*\u2022\u2013]\s+")


def read_text(path: Path, *, fix: str = "check the path") -> str:
    """A UTF-8 text file, or UTF-16 as Excel writes "Unicode text"; a byte order mark is dropped, letters are composed (NFC).

    Raises:
        NiwtError: it cannot be read, is no regular file, is larger than `LARGEST_TEXT`, or is a workbook.
    """
    data = read_bytes(path, LARGEST_TEXT, fix=fix)
    if data.startswith(_WORKBOOKS):
        raise NiwtError("a spreadsheet, not a text table", where=path, fix="export it as CSV (UTF-8)")
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = data.decode("utf-16")
            if not any(character.isascii() for character in text):  # no separator and no line: other bytes by chance
                raise UnicodeDecodeError("utf-16", data, 0, 2, "no text")
        else:
            text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NiwtError("not UTF-8 text", where=path, fix="save it as UTF-8") from error
    if "\0" in text:
        raise NiwtError("not UTF-8 text", where=path, fix="save it as UTF-8")
    return unicodedata.normalize("NFC", text)


def read_list(path: Path, *, fix: str = "check the path") -> tuple[str, ...]:
    """The lines of a text file, stripped, without empty ones, comments (``#``) and bullets."""
    lines = (_BULLET.sub("", line).strip() for line in read_text(path, fix=fix).splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def read_numbered(path: Path, *, fix: str = "check the path") -> Mapping[int, str]:
    """Lines of "number text", such as classes.txt and images.txt, by their numbers: splits and matrices count in them, not in lines."""
    numbered: dict[int, str] = {}
    for i, line in enumerate(read_text(path, fix=fix).splitlines(), start=1):
        if not line.strip():
            continue
        number, _, text = line.strip().replace("\t", " ").partition(" ")
        if not _is_number(number) or not text.strip() or int(number) in numbered:
            raise NiwtError(
                f"{line!r} is not a new number and a name", where=f"{path} line {i}", fix="correct the line"
            )
        numbered[int(number)] = text.strip()
    return dict(sorted(numbered.items()))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER


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
    """A CSV file: header cells and (line number, cells) of each row, all stripped; `delimiter` parts the cells."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    delimiter: str = ","


def read_csv(path: Path) -> Csv:
    """A comma, semicolon or tab separated file with a header. Raises NiwtError on rows of another length.

    Lines before the header that begin with ``#`` are comments, and so are later ones whose only filled cell does. Empty columns at the end, as
    spreadsheets leave them, are dropped.
    """
    text = read_text(path)
    if text[:4].casefold() == "sep=":  # Excel's own first line
        text = text.split("\n", 1)[-1]
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, tuple[str, ...]]] = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row) and not _is_comment(row, first=not rows):
                rows.append((reader.line_num, tuple(cell.strip() for cell in row)))
    except csv.Error as error:
        where = f"{path} line {reader.line_num}"
        raise NiwtError(f"not a CSV table ({error})", where=where, fix="save it as CSV") from error
    if not rows:
        raise NiwtError("the table is empty", where=path, fix="give a header and one row a class")
    header = rows.pop(0)[1]
    while header and not header[-1] and all(len(cells) < len(header) or not cells[-1] for _, cells in rows):
        rows = [(line, cells[: len(header) - 1]) for line, cells in rows]
        header = header[:-1]
    for line, cells in rows:
        if len(cells) != len(header):
            what = f"{len(cells)} cells under a header of {len(header)}"
            raise NiwtError(what, where=f"{path} line {line}", fix="give one cell a column")
    return Csv(path, header, tuple(rows), delimiter)


def _is_comment(row: list[str], *, first: bool) -> bool:
    return row[0].lstrip().startswith("#") and (first or not any(cell.strip() for cell in row[1:]))
