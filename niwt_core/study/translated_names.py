"""What a study's attributes are called in another language: an optional table beside the study, which changes nothing but what people read.

names.de.csv    name,translation
                bill shape,Schnabelform            a group
                bill shape::needle,Nadel           a value in one group
                red,rot                            a value in every group that has it
                    shape,Form                         what groups tell of their part, where room is short
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from niwt_core.data.text_tables import read_csv
from niwt_core.errors import NiwtError
from niwt_core.knowledge.attribute_names import attribute_key, group_of, readable

HEADER = ("name", "translation")
MOST, LONGEST = 20_000, 200  # rows; characters


@dataclass(frozen=True)
class TranslatedNames:
    """``table``: the key of a name (`attribute_key`) -> its translation. A name that it lacks stays as it is."""

    table: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.table)

    def group(self, group: str) -> str:
        """An attribute group, or a part of the thing, for people."""
        return self.table.get(attribute_key(group)) or readable(group)

    def word(self, word: str) -> str:
        """A word by itself, such as the "shape" of "bill shape"; "" where the table lacks it."""
        return self.table.get(attribute_key(word), "")

    def value(self, name: str) -> str:
        """The value that a column stands for, or the whole name of one without a group, for people."""
        plain = readable(name).split(": ", 1)[-1]
        return self.table.get(attribute_key(name)) or self.table.get(attribute_key(plain)) or plain

    def label(self, name: str) -> str:
        """A column's name for people, "Schnabelform: Nadel"."""
        return f"{self.group(group_of(name))}: {self.value(name)}" if "::" in name else self.value(name)


def names_file(folder: Path, language: str) -> Path:
    """Where the names of a study in ``folder`` are looked for."""
    return folder / f"names.{language}.csv"


def read_translated_names(folder: Path, language: str) -> TranslatedNames:
    """The names of a study in a language, such as "de"; none where there is no such table. Raises NiwtError on one that is damaged."""
    path = names_file(folder, language)
    if not re.fullmatch(r"[a-z]{2,3}", language) or not path.is_file():
        return TranslatedNames()
    table = read_csv(path)
    if tuple(cell.casefold() for cell in table.header) != HEADER:
        raise NiwtError(f"its columns are {', '.join(table.header)}", where=path, fix="use name and translation")
    if len(table.rows) > MOST:
        raise NiwtError(f"{len(table.rows):,} rows", where=path, fix=f"give at most {MOST:,}")
    names: dict[str, str] = {}
    for line, (name, translation) in table.rows:
        key, where = attribute_key(name), f"{path} line {line}"
        if not key or len(translation) > LONGEST or not translation.isprintable():
            raise NiwtError(
                f"{name[:40]!r} has no name or a translation that is none", where=where, fix="correct the line"
            )
        if key in names:
            raise NiwtError(f"{name!r} stands there twice", where=where, fix="remove one")
        if translation:
            names[key] = translation
    return TranslatedNames(names)
