"""A recipe: what a class is described by, as a small YAML file that gives the same weights everywhere.

name: Ruby Needlebill
attributes: {crown color: red, bill shape: needle}
like: Cardinal            # optional: start from this class instead of the average one
study: 1f0c9a52b3d4e6f7   # optional: the study it was written for
share: 0.5                # optional: percent of the pictures of other classes that it may take away; the study's own share otherwise

Recipes come from strangers, by file and by link: plain maps, lists, texts and numbers only (`niwt_core.data.plain_yaml`), all of bounded size.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from niwt_core.data.plain_yaml import LARGEST as LARGEST_FILE
from niwt_core.data.plain_yaml import Plain, parse_plain, read_plain, resolved, to_yaml
from niwt_core.errors import NiwtError
from niwt_core.files import write_atomically

KEYS = ("name", "attributes", "caption", "like", "study", "share")
LONGEST_NAME = 80
LONGEST_WORD = 200  # characters of an attribute's name or value
__all__ = ["KEYS", "LARGEST_FILE", "LONGEST_NAME", "Recipe", "parse_recipe", "read_recipe", "write_recipe"]


@dataclass(frozen=True)
class Recipe:
    """A class to build: a name with attributes, a caption, or a class to start from; ``study`` is a study's hash or empty; ``share``: percent of the
    pictures of other classes that it may take away, None for the study's own."""

    name: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    caption: str = ""
    like: str = ""
    study: str = ""
    share: float | None = None

    def __post_init__(self) -> None:
        name = unicodedata.normalize("NFC", self.name.strip()) if isinstance(self.name, str) else ""
        if not name or len(name) > LONGEST_NAME or not name.isprintable():
            raise NiwtError(
                f"{self.name!r} is not a class name",
                where="recipe",
                fix=f"give a name of 1 to {LONGEST_NAME} printable characters",
            )
        object.__setattr__(self, "name", name)
        if not isinstance(self.attributes, Mapping):
            raise NiwtError(
                "attributes are not a mapping", where=f"recipe {name}", fix="write them as `attribute: value` lines"
            )
        for key, value in self.attributes.items():
            _check_attribute(key, value, where=f"recipe {name}")
        for key, value in (("caption", self.caption), ("like", self.like), ("study", self.study)):
            if not isinstance(value, str):
                raise NiwtError(f"{key} is not a text", where=f"recipe {name}", fix=f"write {key} as one line of text")
            if len(value) > LARGEST_FILE or not _writable(value):
                raise NiwtError(
                    f"{key} is too long, or holds characters that no file can", where=f"recipe {name}", fix="shorten it"
                )
        if self.share is not None:
            number = isinstance(self.share, int | float) and not isinstance(self.share, bool)
            if not number or not 0 < self.share < 100:
                raise NiwtError(
                    f"a share of {self.share!r}", where=f"recipe {name}", fix="give a percentage above 0 and below 100"
                )
            object.__setattr__(self, "share", float(self.share))
        if not self.attributes and not self.caption.strip() and not self.like:
            raise NiwtError(
                "nothing describes the class", where=f"recipe {name}", fix="give attributes, a caption or like"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain data without empty entries, keys in a fixed order."""
        values = {key: getattr(self, key) for key in KEYS}
        return {key: dict(value) if isinstance(value, Mapping) else value for key, value in values.items() if value}

    @classmethod
    def from_dict(cls, values: Any, *, where: str | Path = "recipe") -> Recipe:
        """Raises NiwtError on anything that is not a recipe."""
        if not isinstance(values, Mapping):
            raise NiwtError("not a recipe", where=str(where), fix="write `name:` and `attributes:` or `caption:`")
        unknown = [str(key) for key in values if key not in KEYS]
        if unknown:
            raise NiwtError(f"unknown entry {unknown[0]!r}", where=str(where), fix=f"use {', '.join(KEYS)}")
        if "name" not in values:
            raise NiwtError("the class has no name", where=str(where), fix="add a line `name: ...`")
        given = {key: value for key, value in values.items() if value is not None and value != ""}
        for key in ("name", "study"):  # a number is meant as it is written
            if isinstance(given.get(key), int | float) and not isinstance(given[key], bool):
                given[key] = str(given[key])
        return cls(**{**given, "name": given.get("name", "")})

    def to_yaml(self) -> str:
        """The text of the file."""
        return to_yaml(self.to_dict())


def read_recipe(path: str | Path) -> Recipe:
    """Reads a recipe file. Raises NiwtError."""
    return Recipe.from_dict(_typed(read_plain(Path(path), "recipe")), where=path)


def parse_recipe(text: str, *, where: str | Path = "recipe") -> Recipe:
    """The recipe in a YAML text. Raises NiwtError, naming the line of a syntax error."""
    return Recipe.from_dict(_typed(parse_plain(text, where=where)), where=where)


def _typed(values: Any) -> Any:
    """Numbers and truth values among the attributes; all else is text as it is written: a bird may be called No, or 1e3."""
    if not isinstance(values, Mapping):
        return values
    typed = {
        key: resolved(value) if key in ("attributes", "share") else _as_text(value) for key, value in values.items()
    }
    return {key: value for key, value in typed.items() if value is not None}


def _as_text(value: Any) -> Any:
    return None if isinstance(value, Plain) and value in ("", "~") else str(value) if isinstance(value, str) else value


def write_recipe(recipe: Recipe, path: str | Path) -> None:
    """Writes a recipe atomically."""
    write_atomically(Path(path), recipe.to_yaml().encode())


def _check_attribute(key: object, value: object, *, where: str) -> None:
    """Raises NiwtError unless the value is a word, an amount, a list of words, or words with amounts."""
    parts = [*value.keys(), *value.values()] if isinstance(value, Mapping) else value
    parts = list(parts) if isinstance(parts, list | tuple) else [parts]
    if any(isinstance(part, Mapping | list | tuple | set) for part in parts):
        raise NiwtError(
            "the value is nested too deeply",
            where=f"{where}, {key}",
            fix="give one value, a list of values, or values with amounts",
        )
    for text in (key, *parts):
        if isinstance(text, str) and (len(text) > LONGEST_WORD or not _writable(text)):
            raise NiwtError(
                f"no value or name of an attribute is {text[:40]!r}",
                where=where,
                fix=f"use at most {LONGEST_WORD} characters",
            )


def _writable(text: str) -> bool:
    """No lone surrogate, which no file and no page can hold, and no control character but those of lines."""
    return not any(0xD800 <= ord(sign) <= 0xDFFF or (ord(sign) < 32 and sign not in "\n\r\t") for sign in text)
