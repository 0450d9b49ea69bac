"""The attribute table of the ImageNet-1k classes: vocabulary, values of each class, other words for each value.

``vocabulary.txt`` holds one group a line (``group: value, value``), ``attributes.tsv`` one class a line (index, WordNet id, name, values; a value
with ``?`` is half there), ``synonyms.tsv`` one value a line (value, group, other words), ``shown.tsv`` one group a line (group, how surely a
photograph shows what its class has of it, and what that was judged by). Any classifier may be described by a table of this form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from niwt_core.data.text_tables import read_list, read_text
from niwt_core.errors import NiwtError
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.class_names import closest, listing

VOCABULARY, ATTRIBUTES, SYNONYMS, SHOWN = "vocabulary.txt", "attributes.tsv", "synonyms.tsv", "shown.tsv"
SURENESS = ("always", "mostly", "seldom")
SOMETIMES = 0.5  # amount that a question mark stands for


@dataclass(frozen=True, eq=False)
class AttributeTable:
    """Classes with their WordNet ids and attributes.

    knowledge: (C,K) amounts 0, 0.5 and 1, columns named ``group::value``; several values of a group may be there at once. ids: C WordNet ids.
    """

    knowledge: Knowledge
    ids: tuple[str, ...]


def read_attribute_table(folder: Path) -> AttributeTable:
    """Reads the files of a folder; the last two may be missing. Raises NiwtError, naming file and line."""
    folder = Path(folder)
    groups = read_vocabulary(folder / VOCABULARY)
    columns = {value: k for k, value in enumerate(groups)}
    names: list[str] = []
    ids: list[str] = []
    rows: list[np.ndarray] = []
    for where, cells in _lines(folder / ATTRIBUTES, columns=4):
        if cells[0] != str(len(names)):
            raise NiwtError(
                f"class {cells[0]!r} where {len(names)} was due", where=where, fix="number the classes from 0"
            )
        row = np.zeros(len(columns), np.float32)
        for token in _split(cells[3]):
            value = token.removesuffix("?")
            if value not in columns:
                raise _unknown(value, columns, where)
            row[columns[value]] = SOMETIMES if token.endswith("?") else 1.0
        ids.append(cells[1])
        names.append(cells[2])
        rows.append(row)
    if not rows:
        raise NiwtError("no classes", where=folder / ATTRIBUTES, fix="give one class a line")
    full = tuple(f"{group}::{value}" for value, group in groups.items())
    path = folder / SYNONYMS
    synonyms = read_synonyms(path, groups) if path.exists() else {}
    path = folder / SHOWN
    shown = read_shown(path, groups) if path.exists() else {}
    return AttributeTable(Knowledge("attributes", tuple(names), full, np.stack(rows), 1.0, synonyms, shown), tuple(ids))


def read_vocabulary(path: Path) -> Mapping[str, str]:
    """Value -> its group, in file order. Raises NiwtError on a value that stands twice."""
    groups: dict[str, str] = {}
    for line in read_list(path):
        group, colon, values = line.partition(":")
        if not colon:
            raise NiwtError(f"{line!r} has no group", where=path, fix="write `group: value, value`")
        for value in (text.strip() for text in values.split(",")):
            if not value or value in groups:
                raise NiwtError(f"value {value!r} is empty or stands twice", where=path, fix="keep one of them")
            groups[value] = group.strip()
    return groups


def read_synonyms(path: Path, groups: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    """Column name -> other words for it. Raises NiwtError on a value that the vocabulary lacks."""
    synonyms: dict[str, tuple[str, ...]] = {}
    for where, (value, group, words) in _lines(path, columns=3):
        if groups.get(value) != group:
            raise _unknown(value, groups, where)
        synonyms[f"{group}::{value}"] = tuple(_split(words))
    return synonyms


def read_shown(path: Path, groups: Mapping[str, str]) -> Mapping[str, str]:
    """Group -> one of `SURENESS`. Raises NiwtError on a group that the vocabulary lacks, and on another word."""
    shown: dict[str, str] = {}
    for where, (group, sureness, *_) in _lines(path, columns=4):
        if group not in groups.values():
            raise NiwtError(f"no group {group!r} in the vocabulary", where=where, fix=f"add it to {VOCABULARY}")
        if sureness not in SURENESS:
            raise NiwtError(f"{sureness!r} of {group!r}", where=where, fix=f"use {listing(SURENESS)}")
        shown[group] = sureness
    return shown


def _lines(path: Path, *, columns: int) -> list[tuple[str, list[str]]]:
    """(file and line number, cells) of a tab-separated file without its header line."""
    lines = []
    for number, line in enumerate(read_text(path).splitlines()[1:], start=2):
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) != columns:
            raise NiwtError(
                f"{len(cells)} cells, not {columns}", where=f"{path} line {number}", fix="part them by one tab each"
            )
        lines.append((f"{path} line {number}", cells))
    return lines


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _unknown(value: str, known: Mapping[str, object], where: str) -> NiwtError:
    near = closest(value, tuple(known))
    fix = f"did you mean {listing(near)}?" if near else f"add it to {VOCABULARY}"
    return NiwtError(f"no value {value!r} of that group in the vocabulary", where=where, fix=fix)
