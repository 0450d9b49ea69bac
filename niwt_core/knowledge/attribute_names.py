"""Names of attributes: how they are shown, and which spellings are the same name."""

from __future__ import annotations

import re
import unicodedata


def readable(name: str) -> str:
    """An attribute name for people: "has_crown_color::red" -> "crown color: red"."""
    return ": ".join(part.replace("_", " ").strip() for part in re.sub(r"^has_", "", name).split("::"))


def attribute_key(text: str) -> str:
    """What must agree for two spellings to be the same: composed letters, not case, `has_`, `_`, `-`, `::`."""
    text = re.sub(r"[\s_-]+", " ", re.sub(r":+", ":", unicodedata.normalize("NFC", text).casefold())).strip()
    return re.sub(r" ?: ?", ":", text).removeprefix("has ") or text


def group_of(name: str) -> str:
    """The group of a column: what stands before "::", or the whole name."""
    return name.split("::", 1)[0]


def value_key(value: object) -> str:
    """The key of a group's value as a person gives it: a name, or a number that is one ("legs: 4")."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return attribute_key(f"{value:g}" if isinstance(value, float) else str(value))
