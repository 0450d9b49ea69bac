"""YAML without its surprises: maps, lists and scalars; no tags, anchors, aliases or merge keys; a date is a text, and `no` is a text.

Read event by event, so that nothing is built that is not wanted: work and memory are bounded by the size of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from niwt_core.errors import NiwtError
from niwt_core.files import read_bytes

LARGEST = 100_000  # bytes
DEEPEST = 4  # maps and lists within each other: `attributes: {crown color: {red: 70}}` are three
_FIX = "correct the file"
_NUMBER = re.compile(r"[+-]?(0|[1-9]\d{0,17})(\.\d{1,40})?([eE][+-]?\d{1,3})?", re.ASCII)
_CONSTANTS: Mapping[str, Any] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **{sign + word: float(sign + "inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


class Plain(str):
    """A scalar without quotes: it may be a number or a truth value, where the reader wants one."""

    __slots__ = ()


def read_plain(path: Path, what: str) -> Any:
    """The content of a YAML file of at most 100 kB, its scalars as `Plain` or quoted texts; ``what`` names it in errors. Raises NiwtError."""
    try:
        data = read_bytes(path, LARGEST)
    except NiwtError as error:
        if error.what == "no such file":
            raise NiwtError(f"no such {what}", where=path, fix="check the path") from None
        problem = error.what.replace("cannot read the file", f"cannot read the {what}")
        if "too large" in problem:
            problem = f"{problem} for a {what}"
        raise NiwtError(problem, where=path, fix=error.fix) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise NiwtError(f"cannot read the {what} (not UTF-8 text)", where=path, fix="save it as UTF-8") from None
    return parse_plain(text, where=path)


def parse_plain(text: str, *, where: object) -> Any:
    """The one document in a text, its scalars as `Plain` or quoted texts; None if it is empty.

    Raises:
        NiwtError: it is no YAML, too large, nested more than `DEEPEST` deep, has two documents or one key twice, or uses tags, anchors, aliases
            or merge keys.
    """
    if len(text) > LARGEST:
        raise NiwtError("too large", where=where, fix=f"give at most {LARGEST // 1000} kB of text")
    try:
        events = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        next(events), next(events)  # the stream, and its document or its end
        return _document(events, where) if text.strip() else None
    except StopIteration:
        return None
    except yaml.YAMLError as error:
        raise _error("not valid YAML", getattr(error, "problem_mark", None), where) from None
    except (ValueError, RecursionError):  # bytes that are no characters
        raise NiwtError("not valid YAML", where=where, fix=_FIX) from None


def resolved(value: Any) -> Any:
    """The same with numbers, true, false and null for the unquoted scalars that are such; what is quoted stays a text."""
    if isinstance(value, Plain):
        if value in _CONSTANTS:
            return _CONSTANTS[value]
        if match := _NUMBER.fullmatch(value):
            return float(value) if match[2] or match[3] else int(value)
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): resolved(item) for key, item in value.items()}
    return [resolved(item) for item in value] if isinstance(value, list) else value


class _Dumper(yaml.SafeDumper):
    """Writes what `parse_plain` reads: no anchors for values that occur twice, quotes where a text looks like something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = None if resolved(Plain(text)) == text else "'"
    if "\n" not in text and text != text.strip():
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _quoted)


def to_yaml(values: Mapping[str, Any]) -> str:
    """The text that `parse_plain` and `resolved` read back as the same values."""
    return yaml.dump(_plain(values), Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def _plain(value: Any) -> Any:
    """Numbers of NumPy as Python's, tuples as lists."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.item() if hasattr(value, "item") else value


def _document(events: Iterator[yaml.Event], where: object) -> Any:
    content = _node(next(events), events, where, 0)
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            raise _error("a second document", event.start_mark, where)
    return content


def _node(event: yaml.Event, events: Iterator[yaml.Event], where: object, depth: int) -> Any:
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise _error("an anchor or alias (& or *)", event.start_mark, where, fix="write the value out, or quote it")
    if getattr(event, "tag", None):
        raise _error(
            f"a tag ({getattr(event, 'tag', None)})", event.start_mark, where, fix="write the value without it"
        )
    if isinstance(event, yaml.ScalarEvent):
        return event.value if event.style else Plain(event.value)  # "" or None: no quotes
    if depth == DEEPEST:
        raise _error("nested too deeply", event.start_mark, where)
    if isinstance(event, yaml.SequenceStartEvent):
        items = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(_node(event, events, where, depth + 1))
        return items
    return _mapping(events, where, depth)


def _mapping(events: Iterator[yaml.Event], where: object, depth: int) -> dict[str, Any]:
    values: dict[str, Any] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        if not isinstance(event, yaml.ScalarEvent):
            raise _error("a name that is no text", event.start_mark, where)
        key = _node(event, events, where, depth + 1)
        if key == "<<" and isinstance(key, Plain):
            raise _error("a merge key (<<)", event.start_mark, where, fix="write the values out")
        if key in values:
            raise _error(f"{str(key)!r} is given twice", event.start_mark, where, fix="keep one of them")
        values[str(key)] = _node(next(events), events, where, depth + 1)
    return values


def _error(what: str, mark: Any, where: object, *, fix: str = _FIX) -> NiwtError:
    line = f" in line {mark.line + 1}" if mark is not None else ""
    return NiwtError(f"{what}{line}", where=where, fix=fix)
