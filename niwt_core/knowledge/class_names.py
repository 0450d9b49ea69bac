"""How class names are shown to people and matched across files that spell them differently."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from niwt_core.errors import NiwtError

_NUMBER = re.compile(r"^\d{3}\.(?=[^\W\d_])")  # the "001." of CUB's official names, and of nothing else: not "2.5L"
_POSSESSIVE = re.compile(r"['\u2019]s\b")
_PLUS = re.compile(r"(?<=\w)\+(?=\w)")  # AwA2's "blue+whale", not "C++"
_POINT = re.compile(r"(?<!\d)\.|\.(?!\d)")  # of "St. John's", not of "2.5L"
_SIGNS = frozenset({"Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Zs", "Zl", "Zp", "Cc"})  # what parts words or encloses them
_PARTING = frozenset(",;:'\"\u2019")


@lru_cache(maxsize=8192)
def display_name(name: str) -> str:
    """A class name as people write it: "001.Black_footed_Albatross" -> "Black-footed Albatross".

    CUB writes both spaces and hyphens as underscores; in its numbered names a part in lower case continues a
    hyphenated word. Elsewhere underscores and AwA2's plus signs are spaces ("blue+whale" -> "blue whale").
    """
    bare = _NUMBER.sub("", name)
    if bare != name:
        bare = re.sub(r"_(?=[a-z])", "-", bare)
    return re.sub(r"[_\s]+", " ", _PLUS.sub(" ", bare)).strip() or name


@lru_cache(maxsize=8192)
def class_key(name: str) -> str:
    """What must agree for two names to mean one class: all characters but case, CUB's number, the signs between words, possessive s.

    Vowel signs and every other mark stay, and so do signs that tell names apart ("C" and "C++", "2.5L" and "25L").
    """
    composed = unicodedata.normalize("NFC", name.strip()).casefold()
    bare = _POINT.sub("", _PLUS.sub("", _POSSESSIVE.sub("", _NUMBER.sub("", composed))))
    kept = [sign for sign in bare if sign not in _PARTING and unicodedata.category(sign) not in _SIGNS]
    return unicodedata.normalize("NFC", "".join(kept)) or composed


def same_names(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """The names that differ only by the signs between their words, together: "Blue_Jay" and "blue jay".

    Case alone may tell two classes apart (ImageNet has the dog "Cardigan" and the garment "cardigan"): then both must be written exactly.
    """
    by_key: dict[str, list[str]] = {}
    for name in names:
        by_key.setdefault(class_key(name), []).append(name)
    return tuple(tuple(alike) for alike in by_key.values() if len({name.casefold() for name in alike}) > 1)


def match_classes(classes: Sequence[str], names: Iterable[str]) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Find for each class the name in another file that means it: the same text, else the same `class_key`.

    Returns:
        (class -> name found, classes without one). A key that two names share matches neither of them.
    """
    names = tuple(names)
    exact = set(names)
    by_key: dict[str, list[str]] = {}
    for name in names:
        by_key.setdefault(class_key(name), []).append(name)
    matched: dict[str, str] = {}
    for class_ in classes:
        candidates = [class_] if class_ in exact else by_key.get(class_key(class_), [])
        if len(candidates) == 1:
            matched[class_] = candidates[0]
    return matched, tuple(class_ for class_ in classes if class_ not in matched)


def match_all(classes: Sequence[str], names: Iterable[str], *, where: object, fix: str) -> Mapping[str, str]:
    """`match_classes` where every class must be found. Raises NiwtError that lists those that are not."""
    matched, missing = match_classes(classes, names)
    if missing:
        one = len(missing) == 1
        raise NiwtError(f"{'class' if one else 'classes'} {listing(missing)} not found", where=where, fix=fix)
    return matched


def closest(text: str, names: Iterable[str], *, count: int = 3) -> tuple[str, ...]:
    """The names most like `text`, best first, without regard to case; empty if nothing is near."""
    spelled = {name.casefold(): name for name in names}
    return tuple(spelled[key] for key in difflib.get_close_matches(text.casefold(), spelled, n=count, cutoff=0.5))


def listing(names: Sequence[str], *, limit: int = 5) -> str:
    """Names in one line, shortened: "a, b, c and 12 more"."""
    shown = ", ".join(names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"
