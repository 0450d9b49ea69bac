"""What a description in words says in a study's attributes: a first setting of the sliders, for a person to correct.

Words are matched against the names of the study's attributes (parts, values, and everyday words for them) and need no model. With a sentence
encoder, pieces that no word explains are compared with every attribute by meaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from niwt_core.errors import NiwtError
from niwt_core.knowledge.attributes import Knowledge, readable
from niwt_core.knowledge.captions.encoders import TextEncoder
from niwt_core.knowledge.from_text.lexicon import about_things
from niwt_core.knowledge.from_text.phrases import WHOLE_PART, Piece, pieces
from niwt_core.knowledge.from_text.thesaurus import FEATURES, MEANINGS, PARTS, SMALL, WHOLE
from niwt_core.knowledge.from_text.things import implied, said_of_a_thing
from niwt_core.knowledge.from_text.words import stem, words_of

LONGEST_TEXT = 5000  # characters
IMPLIED = 0.5  # of the scale
NEAR = 0.6  # cosine from which a sentence encoder's best attribute counts
# Words of a value that do not tell it from the others: "longer_than_head", "fan-shaped_tail", "small_(5_-_9_in)".
IDLE = frozenset(
    stem(word)
    for word in [
        "than",
        "head",
        "in",
        "the",
        "as",
        "up",
        "or",
        "down",
        "like",
        "about",
        "shaped",
        "colored",
        "coloured",
    ]
)

_NONE = frozenset({stem("none")})


Source = Literal["said", "guessed", "implied"]


@dataclass(frozen=True)
class Proposal:
    """One attribute that the text speaks of: its column, its name for people, whether the text grants it, and the words that did.

    source: "said" in the text; "guessed": a sentence encoder found it near in meaning; "implied": not said, but most of the table's classes that
    fit what was said have it (``words`` are then those that it goes with), so it is half there until somebody says more.
    """

    attribute: str
    label: str
    present: bool
    words: str
    source: Source = "said"


@dataclass(frozen=True, eq=False)
class Proposals:
    """found: what was understood; attributes: the same as a recipe has it; values (K,) raw, over the base; unknown: words left over."""

    proposals: tuple[Proposal, ...]
    attributes: Mapping[str, Any]
    values: np.ndarray
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class _Column:
    """A column's part as stems, and the stems of its value that must all be said."""

    k: int
    part: str
    value: frozenset[str]


def attributes_from_text(
    knowledge: Knowledge,
    text: str,
    *,
    base: np.ndarray,
    encoder: TextEncoder | None = None,
    where: str = "description",
) -> Proposals:
    """Reads ``text`` in the attributes of a table; ``base`` (K,) raw is what is not mentioned, as a rule the mean of the seen classes.

    Raises:
        NiwtError: the table has no attributes, the text is empty or too long, or nothing in it is an attribute.
    """
    if knowledge.kind != "attributes":
        raise NiwtError(f"the study knows classes by {knowledge.kind}", where=where, fix="use a study of attributes")
    if not text.strip():
        raise NiwtError("the description is empty", where=where, fix="say what the class looks like")
    if len(text) > LONGEST_TEXT:
        raise NiwtError(f"a description of {len(text)} characters", where=where, fix=f"use at most {LONGEST_TEXT}")
    proposals, unknown = read_attributes(knowledge, text, encoder=encoder)
    if not proposals:
        some = ", ".join(_spoken(name) for name in knowledge.names[1 :: max(2, len(knowledge.names) // 3)][:3])
        raise NiwtError(
            "the description has no word that this study knows",
            where=where,
            fix=f"say what one sees, in the language of the study's own words: {some}",
        )
    attributes = _as_recipe(knowledge, proposals)
    return Proposals(proposals, attributes, knowledge.describe(attributes, base=base), unknown)


def read_attributes(
    knowledge: Knowledge, text: str, *, encoder: TextEncoder | None = None
) -> tuple[tuple[Proposal, ...], tuple[str, ...]]:
    """(what the text says, words that were not understood) for a table of attributes."""
    if about_things(knowledge.names):
        return _read_thing(knowledge, text, encoder)
    columns = _columns(knowledge.names)
    parts = {tuple(column.part.split()) for column in columns if column.part not in ("", WHOLE_PART)}
    proposals: dict[int, Proposal] = {}
    unknown: list[str] = []
    compounds = {word for column in columns if not column.part and len(column.value) == 1 for word in column.value}
    for piece in pieces(text, parts, compounds):
        hits, left = _match(piece, columns, knowledge)
        words, guessed = " ".join(piece.words), False
        if not hits and left and encoder is not None:
            hits, left, guessed = _nearest(words, piece.negated, knowledge, encoder), [], True
        for k, present in hits:
            source: Source = "guessed" if guessed else "said"
            proposals[k] = Proposal(knowledge.names[k], knowledge.labels[k], present, words, source)
        unknown += left
    return tuple(proposals.values()), tuple(dict.fromkeys(unknown))


def _read_thing(
    knowledge: Knowledge, text: str, encoder: TextEncoder | None
) -> tuple[tuple[Proposal, ...], tuple[str, ...]]:
    """The same for a table about whole things; words that the table lacks are guessed where there is an encoder."""
    names, labels = knowledge.names, knowledge.labels
    granted, left = said_of_a_thing(knowledge, text)
    proposals = {k: Proposal(names[k], labels[k], present, words) for k, (present, words) in granted.items()}
    unknown = []
    for word, denied in left:
        near = [] if encoder is None else _nearest(word, denied, knowledge, encoder)
        for k, present in near:
            proposals.setdefault(k, Proposal(names[k], labels[k], present, word, "guessed"))
        unknown += [] if near else [word]
    for k, because in implied(knowledge, {k: item.present for k, item in proposals.items()}).items():
        words = ", ".join(proposals[j].words for j in because)
        proposals[k] = Proposal(names[k], labels[k], True, words, "implied")
    return tuple(proposals.values()), tuple(dict.fromkeys(unknown))


@lru_cache(maxsize=8)
def _columns(names: tuple[str, ...]) -> tuple[_Column, ...]:
    out = []
    for k, name in enumerate(names):
        group, value = _group_and_value(name)
        if not value:  # no group: the attribute is one word for the whole animal
            out.append(_Column(k, "", frozenset(stem(word) for word in words_of(group))))
            continue
        stems = [stem(word) for word in words_of(group)]
        part = [word for word in stems if word not in FEATURES]
        of_all = not part or " ".join(part) in {stem(word) for word in WHOLE}
        idle = IDLE | set(part)
        every = [stem(word) for word in words_of(value)]
        telling = frozenset(word for word in every if word not in idle)
        without_sizes = frozenset(word for word in telling if not word.isdecimal())  # "small (5 - 9 in)"
        out.append(_Column(k, WHOLE_PART if of_all else " ".join(part), without_sizes or telling or frozenset(every)))
    return tuple(out)


def _group_and_value(name: str) -> tuple[str, str]:
    """The two sides of "crown color: red"; "crown_color_red" has them too, parted by the word for a feature."""
    group, _, value = readable(name).partition(": ")
    words = group.split()
    feature = next((i for i, word in enumerate(words) if stem(word) in FEATURES), 0)
    if not value and 0 < feature < len(words) - 1:
        return " ".join(words[: feature + 1]), " ".join(words[feature + 1 :])
    return group, value


def _match(piece: Piece, columns: Sequence[_Column], knowledge: Knowledge) -> tuple[list[tuple[int, bool]], list[str]]:
    """((column, granted) of a piece, its words that mean nothing here)."""
    hits: list[tuple[int, bool]] = []
    used: set[str] = set()
    for part in piece.parts:
        for name in (part, *_others(part)):
            of_part = [column for column in columns if column.part == name]
            matches, words = _values(piece.content, of_part)
            if not matches and piece.negated:
                matches = [column for column in of_part if column.value == _NONE]  # "no crest"
                hits += [(column.k, True) for column in matches]
            elif matches and piece.negated:
                hits += [(column.k, False) for column in matches]
            else:
                hits += [(column.k, True) for column in matches]
            used |= words
            if matches:
                break
    matches, words = _values((*piece.content, *piece.parts), [column for column in columns if not column.part])
    hits += [(column.k, not piece.negated) for column in matches]
    used |= words
    parts = {column.part for column in columns}
    left = [word for word in piece.content if word not in used and word not in SMALL]
    if not hits:
        unnamed = [part for part in piece.parts if part != WHOLE_PART and part not in parts and not _others(part)]
        left += [" ".join(piece.words)] if piece.negated and piece.parts and not left else unnamed
    return hits, left


def _others(part: str) -> tuple[str, ...]:
    """Other names of a part, in stems."""
    return _other_parts().get(part, ())


@lru_cache(maxsize=1)
def _other_parts() -> Mapping[str, tuple[str, ...]]:
    return {stem(word): tuple(" ".join(map(stem, name.split())) for name in names) for word, names in PARTS.items()}


@lru_cache(maxsize=1)
def _meanings() -> Mapping[str, tuple[frozenset[str], ...]]:
    by_value: dict[str, list[frozenset[str]]] = {}
    for word, meanings in MEANINGS.items():
        by_value.setdefault(stem(word), []).extend(frozenset(map(stem, meaning.split())) for meaning in meanings)
    return {word: tuple(dict.fromkeys(meanings)) for word, meanings in by_value.items()}


def _values(content: Sequence[str], columns: Sequence[_Column]) -> tuple[list[_Column], set[str]]:
    """(columns whose value is said, the words that said so); a longer value wins over one that it holds ("very small" over "small")."""
    stems = {stem(word) for word in content}
    matches = {
        column: {word for word in content if stem(word) in column.value}
        for column in columns
        if column.value and column.value <= stems  # a value without a word is never said
    }
    explained = set().union(*(column.value for column in matches)) if matches else set()
    for word in content:
        if stem(word) in explained:
            continue
        for meaning in _meanings().get(stem(word), ()):
            meant = [
                column for column in columns if column.value == meaning or meaning < column.value <= stems | meaning
            ]
            if meant:
                for column in meant:
                    matches.setdefault(column, set()).add(word)
                break
    kept = [column for column in matches if not any(column.value < other.value for other in matches)]
    return kept, set().union(*matches.values()) if matches else set()


def _nearest(text: str, denied: bool, knowledge: Knowledge, encoder: TextEncoder) -> list[tuple[int, bool]]:
    """The attribute nearest in meaning to a few words, if it is near."""
    rows = encoder.encode([text, *(_spoken(name) for name in knowledge.names)])
    cosine = rows[1:] @ rows[0]
    best = int(cosine.argmax())
    return [(best, not denied)] if cosine[best] >= NEAR else []


def _spoken(name: str) -> str:
    """An attribute as a person says it: "crown color: red" -> "red crown"."""
    group, _, value = readable(name).partition(": ")
    kept = " ".join(word for word in group.split() if stem(word) not in FEATURES)
    return f"{value} {kept or 'animal'}" if value else group


def _as_recipe(knowledge: Knowledge, proposals: Sequence[Proposal]) -> dict[str, Any]:
    """Group -> its values for what is granted; column -> False for what is denied, half for what is implied, True where there are no groups."""
    attributes: dict[str, Any] = {}
    for proposal in proposals:
        if proposal.source == "implied":
            attributes[proposal.label] = IMPLIED * knowledge.scale
            continue
        if proposal.present and "::" in proposal.attribute:
            group, value = proposal.label.split(": ", 1)
            attributes.setdefault(group, []).append(value)
        else:
            attributes[proposal.label] = proposal.present
    return {
        key: value[0] if isinstance(value, list) and len(value) == 1 else value for key, value in attributes.items()
    }
