"""A recipe: what a class is described by, as a small YAML file that gives the same weights everywhere.

name: Ruby Needlebill
attributes: {crown color: red, bill shape: needle}
like: Cardinal            # optional: start from this class instead of the average one
study: 1f0c9a52b3d4e6f7   # optional: the study it was written for
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from niwt_core.errors import NiwtError
from niwt_core.files import write_atomically

KEYS = ("name", "attributes", "caption", "like", "study")
LONGEST_NAME = 80
LARGEST_FILE = 1_000_000  # bytes; a recipe is a page of text


@dataclass(frozen=True)
class Recipe:
    """A class to build: a name with attributes, a caption, or a class to start from; ``study`` is a study's hash or empty."""

    name: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    caption: str = ""
    like: str = ""
    study: str = ""

    def __post_init__(self) -> None:
        name = self.name.strip() if isinstance(self.name, str) else ""
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
            parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
            if any(isinstance(part, Mapping | list | tuple | set) for part in parts):
                raise NiwtError(
                    "the value is nested too deeply",
                    where=f"recipe {name}, {key}",
                    fix="give one value, a list of values, or values with amounts",
                )
        for key, value in (("caption", self.caption), ("like", self.like), ("study", self.study)):
            if not isinstance(value, str):
                raise NiwtError(f"{key} is not a text", where=f"recipe {name}", fix=f"write {key} as one line of text")
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
        if "study" in values and isinstance(values["study"], int):  # an all-digit hash, unquoted
            values = {**values, "study": str(values["study"])}
        given = {key: value for key, value in values.items() if value is not None}
        return cls(**{**given, "name": str(given.get("name", ""))})

    def to_yaml(self) -> str:
        """The text of the file."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True)


def read_recipe(path: str | Path) -> Recipe:
    """Reads a recipe (YAML, safe loader). Raises NiwtError."""
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise NiwtError("too large for a recipe", where=str(path), fix="give a YAML file of at most 1 MB")
        return parse_recipe(path.read_text(encoding="utf-8"), where=path)
    except FileNotFoundError:
        raise NiwtError("no such recipe", where=str(path), fix="check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise NiwtError(
            f"cannot read the recipe ({_reason(error)})", where=str(path), fix="give a readable YAML file"
        ) from None


def parse_recipe(text: str, *, where: str | Path = "recipe") -> Recipe:
    """The recipe in a YAML text. Raises NiwtError, naming the line of a syntax error."""
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise NiwtError(f"not valid YAML{line}", where=str(where), fix="correct the file") from None
    except ValueError:  # a date that is none, a number of thousands of digits
        raise NiwtError("a value that cannot be read", where=str(where), fix="correct the file") from None
    except RecursionError:
        raise NiwtError("nested too deeply", where=str(where), fix="correct the file") from None
    return Recipe.from_dict(values, where=where)


def write_recipe(recipe: Recipe, path: str | Path) -> None:
    """Writes a recipe atomically."""
    write_atomically(Path(path), recipe.to_yaml().encode())


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or type(error).__name__
