"""The words of a table about whole things: each attribute's name and other words for it, found in a fragment as the longest phrase.

A table such as "crown color, bill shape" is about parts of a body, and its words mean nothing without their part. One such as "color, material,
setting, use" is about the whole thing: "a round red metal pot" needs no grammar, but it needs every word that people use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from niwt_core.knowledge.attribute_names import readable
from niwt_core.knowledge.from_text.modifiers import PARTS
from niwt_core.knowledge.from_text.thesaurus import FEATURES, JOINS, MEANINGS
from niwt_core.knowledge.from_text.words import singular, stem, words_of

GAP = 2  # words that may stand between those of a phrase: "long brown fur"


@dataclass(frozen=True)
class Hit:
    """Columns that a phrase means, and the places of its words in the fragment."""

    columns: tuple[int, ...]
    at: tuple[int, ...]


class Lexicon:
    """Phrases (words as tuples, twice: in the singular, and as stems) -> columns."""

    def __init__(self, names: tuple[str, ...], synonyms: Mapping[str, tuple[str, ...]]) -> None:
        self._joined: dict[str, str] = {}  # names that hold a word at which sentences are cut: "long and thin"
        ranked: dict[str, dict[tuple[str, ...], tuple[int, list[int]]]] = {"singular": {}, "stem": {}}
        for k, name in enumerate(names):
            value = readable(name).partition(": ")[2]
            alternatives = _alternatives(value)
            for rank, phrases in enumerate(([value], alternatives, synonyms.get(name, ()))):
                for phrase in phrases:
                    words = words_of(phrase)
                    if rank == 0 and JOINS & set(words):
                        self._joined[phrase] = " ".join(word for word in words if word not in JOINS)
                        words = words_of(self._joined[phrase])
                    for form, key in ((singular, "singular"), (stem, "stem")):
                        _enter(ranked[key], tuple(map(form, words)), rank, k)
        self._forms = tuple(
            (form, _by_first({phrase: tuple(columns) for phrase, (_, columns) in ranked[key].items()}))
            for form, key in ((singular, "singular"), (stem, "stem"))
        )

    def uncut(self, sentence: str) -> str:
        """A sentence without the joining words inside the table's own names, so that they are not cut apart."""
        for phrase, plain in self._joined.items():
            sentence = re.sub(rf"\b{re.escape(phrase)}\b", plain, sentence)
        return sentence

    def hits(self, words: list[str]) -> Iterator[Hit]:
        """What a fragment's words say, longest phrases first; no word is used twice, but by a phrase with others between."""
        used: set[int] = set()
        for form, phrases in self._forms:
            forms = [form(word) for word in words]
            matches = [
                (len(phrase), -(at[-1] - at[0]), at, columns)
                for i, first in enumerate(forms)
                for phrase, columns in phrases.get(first, ())
                if (at := _places(phrase, forms, i))
            ]
            for _, _, at, columns in sorted(matches, key=lambda item: (-item[0], -item[1], item[2])):
                if not used & set(at):
                    whole = (
                        at[-1] - at[0] < len(at) or singular(words[at[-1]]) in PARTS
                    )  # "long hind legs" are not long as well
                    used |= set(at) if whole else {at[-1]}  # a "round red pot" is round, too
                    yield Hit(columns, at)
        for i, word in enumerate(words):
            if i not in used:
                columns = next((meant for meaning in MEANINGS.get(word, ()) if (meant := self._of(meaning))), ())
                if columns:
                    yield Hit(columns, (i,))

    def _of(self, meaning: str) -> tuple[int, ...]:
        wanted = tuple(map(singular, words_of(meaning)))
        return next((columns for phrase, columns in self._forms[0][1].get(wanted[0], ()) if phrase == wanted), ())


@lru_cache(maxsize=8)
def about_things(names: tuple[str, ...]) -> bool:
    """Every attribute is a value of a group, and no group is a feature of a part ("crown color"): the table is about whole things."""
    groups = {readable(name).partition(": ")[0] for name in names}
    return all("::" in name for name in names) and not any(_of_a_part(group) for group in groups)


def _alternatives(value: str) -> list[str]:
    """ "lamp or light" is a lamp and a light; "coast or water view" is a view of either, and no coast that something stands on."""
    parts = value.split(" or ")
    if len(parts) == 2 and len(parts[1].split()) > len(parts[0].split()):
        return [f"{parts[0]} {parts[1].split()[-1]}", parts[1]]
    return parts if len(parts) > 1 else []


def _of_a_part(group: str) -> bool:
    stems = [stem(word) for word in words_of(group)]
    return any(word in FEATURES for word in stems) and not all(word in FEATURES for word in stems)


def _enter(ranked: dict[tuple[str, ...], tuple[int, list[int]]], phrase: tuple[str, ...], rank: int, k: int) -> None:
    """A phrase means the columns that it names best: by their name, by one side of an "or", by another word."""
    if not phrase:
        return
    best, columns = ranked.get(phrase, (rank, []))
    if rank < best:
        ranked[phrase] = (rank, [k])
    elif rank == best and k not in columns:
        ranked[phrase] = (rank, [*columns, k])


def _by_first(
    phrases: Mapping[tuple[str, ...], tuple[int, ...]],
) -> Mapping[str, list[tuple[tuple[str, ...], tuple[int, ...]]]]:
    entries: dict[str, list[tuple[tuple[str, ...], tuple[int, ...]]]] = {}
    for phrase, columns in phrases.items():
        entries.setdefault(phrase[0], []).append((phrase, columns))
    return entries


def _places(phrase: tuple[str, ...], words: list[str], start: int) -> tuple[int, ...]:
    """Where the phrase stands from ``start`` on, words between allowed; () if it does not."""
    at = [start]
    for word in phrase[1:]:
        after = range(at[-1] + 1, min(at[-1] + 2 + GAP, len(words)))
        place = next((i for i in after if words[i] == word), None)
        if place is None:
            return ()
        at.append(place)
    return tuple(at)
