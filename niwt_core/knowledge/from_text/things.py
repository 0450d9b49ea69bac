"""A description in words of a whole thing: "a round red metal pot with a lid, not striped"."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

import numpy as np

from niwt_core.knowledge.attribute_names import group_of
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.from_text.lexicon import Hit, Lexicon
from niwt_core.knowledge.from_text.modifiers import COLORS, SHADES, of_parts, without_places
from niwt_core.knowledge.from_text.negation import DENIALS, scope
from niwt_core.knowledge.from_text.phrases import WHOLE_PART, Piece, fragments, sentences
from niwt_core.knowledge.from_text.thesaurus import ANIMALS, COMPOUNDS, COPULAS, SMALL
from niwt_core.knowledge.from_text.words import stem, words_of

_LESS = re.compile(r"\b(\w{3,})less\b")  # "wingless" is "no wing"
_FLIES = re.compile(  # a verb here, and not the insect
    r"\b((?:can|could|may|does|do|did|will|would|to|that|which|who|it|they|he|she)(?: (?:not|never|also|often|hardly))? )(?:fly|flies)\b"
)
_COMPARED = re.compile(  # "a bird as big as a horse" says nothing of horses
    r"\b(size of|\w{2,}er than|more than|less than|as \w+ as) ((?:an?|the|its|most|any|other) )?(\w+)\b"
)
SHARPNESS = 4.0  # a class that lacks one more of the words counts e^-4 as much
MOSTLY = 0.7  # of the classes that fit
FEWEST = 2.0  # classes that must fit (effective number) before they imply anything, in a table of under
ENOUGH = 200  # classes: in a larger one the class that fits best is near enough
IDLE = frozenset(
    [
        "thing",
        "things",
        "something",
        "someone",
        "somebody",
        "object",
        "objects",
        "item",
        "kind",
        "sort",
        "type",
        "picture",
        "photo",
        "photograph",
        "looks",
        "look",
        "looking",
        "seen",
        "part",
        "parts",
        "usually",
        "often",
        "mostly",
        "mainly",
        "somewhat",
        "rather",
        "quite",
        "typically",
        "sometimes",
        "made",
        "used",
        "using",
        "other",
        "some",
        "more",
        "most",
        "many",
        "few",
        "its",
        "made",
        "main",
        "out",
        "up",
        "such",
        "being",
        "be",
        "been",
        "lot",
        "body",
        "than",
        "each",
        "every",
    ]
)


def said_of_a_thing(knowledge: Knowledge, text: str) -> tuple[dict[int, tuple[bool, str]], list[tuple[str, bool]]]:
    """(column -> (granted, the words that said so), [(word that means nothing here, whether it is denied)])."""
    lexicon = _lexicon(knowledge.names, tuple(sorted(knowledge.synonyms.items())))
    granted: dict[int, tuple[bool, str]] = {}
    left: list[tuple[str, bool]] = []
    for sentence in map(without_places, sentences(text)):
        sentence = _LESS.sub(lambda match: match[0] if any(lexicon.hits([match[0]])) else f"no {match[1]},", sentence)
        for phrase, meaning in COMPOUNDS.items():
            if any(lexicon.hits(meaning.split())):
                sentence = re.sub(rf"\b{phrase}\b", meaning, sentence)
        sentence = _FLIES.sub(r"\1flying", sentence)
        compared = {match[3] for match in _COMPARED.finditer(sentence)}
        cut = [(joined, words_of(fragment)) for joined, fragment in fragments(lexicon.uncut(sentence))]
        matches = [_meant(knowledge, list(lexicon.hits(words)), words, compared) for _, words in cut]
        aside = of_parts([words for _, words in cut], lambda word: _group(knowledge, lexicon, word))
        named = [
            {i for hit in hits for i in hit.at} for hits in matches
        ]  # "no legs" is a name: its "no" denies nothing
        pieces = [
            Piece(
                parts=(WHOLE_PART,) if hits else (),
                content=(),
                negated=sum(word in DENIALS and i not in names for i, word in enumerate(words)) % 2 == 1,
                copula=any(word in COPULAS for word in words),
                joined=joined,
                words=tuple(words),
            )
            for (joined, words), hits, names in zip(cut, matches, named, strict=True)
        ]
        for f, (piece, hits, denied) in enumerate(zip(pieces, matches, scope(pieces), strict=True)):
            words = list(piece.words)
            in_names = {i for hit in hits for i in hit.at}
            no = next((i for i, word in enumerate(words) if word in DENIALS and i not in in_names), 0)
            used = {i for i in range(len(words) - 1) if words[i] in SHADES and _is_color(knowledge, hits, i + 1)}
            for k, i in _groups_denied(knowledge, words, in_names, from_=no) if denied else ():
                granted[k] = (False, words[i])
                used.add(i)
            for hit in hits:
                used |= set(hit.at)
                if len(hit.at) == 1 and (f, hit.at[0]) in aside:
                    continue
                absent = (
                    denied and hit.at[-1] >= no and not DENIALS & {words[i] for i in hit.at}
                )  # "a pot that is not red": the pot is granted
                for k in (*hit.columns, *_colors_in(knowledge, [words[i] for i in sorted(hit.at)], hit.columns)):
                    granted[k] = (not absent, " ".join(words[i] for i in sorted(hit.at)))
            left += [
                (word, denied and i >= no)
                for i, word in enumerate(words)
                if i not in used and word not in SMALL and word not in IDLE and word not in ANIMALS
            ]
    return granted, left


def _group(knowledge: Knowledge, lexicon: Lexicon, word: str) -> str | None:
    """The group of what a word says by itself."""
    hit = next(lexicon.hits([word]), None)
    return None if hit is None else group_of(knowledge.names[hit.columns[0]])


def _colors_in(knowledge: Knowledge, words: Sequence[str], columns: Sequence[int]) -> list[int]:
    """Columns of the colours that a phrase for something else names: a "white belly" is a light one, and it is white."""
    if len(words) < 2 or any(group_of(knowledge.names[k]) in COLORS for k in columns):
        return []
    return [
        k for k, name in enumerate(knowledge.names) if group_of(name) in COLORS and name.partition("::")[2] in words
    ]


def _meant(knowledge: Knowledge, hits: list[Hit], words: list[str], compared: Collection[str]) -> list[Hit]:
    """The hits but for shades of a colour and things that are only compared with."""
    kept = []
    for hit in hits:
        alone = hit.at[0] if len(hit.at) == 1 else -1
        shade = alone >= 0 and words[alone] in SHADES and _is_color(knowledge, hits, alone + 1)
        if not shade and not (alone >= 0 and words[alone] in compared):
            kept.append(hit)
    return kept


def _is_color(knowledge: Knowledge, hits: Sequence[Hit], i: int) -> bool:
    """The word at ``i`` is a colour."""
    return any(hit.at == (i,) and all(group_of(knowledge.names[k]) in COLORS for k in hit.columns) for hit in hits)


def _groups_denied(
    knowledge: Knowledge, words: Sequence[str], named: Collection[int], *, from_: int
) -> list[tuple[int, int]]:
    """(column, place of the word) of groups that are denied as a whole: without a tail there is no long tail and no short one."""
    whole = _groups_in_values(knowledge.names)
    return [(k, i) for i, word in enumerate(words) if i >= from_ and i not in named for k in whole.get(stem(word), ())]


@lru_cache(maxsize=8)
def _groups_in_values(names: tuple[str, ...]) -> Mapping[str, tuple[int, ...]]:
    """Groups whose every value says the group's own word, "long tail" of "tail" -> their columns."""
    columns: dict[str, list[int]] = {}
    for k, name in enumerate(names):
        columns.setdefault(group_of(name), []).append(k)
    return {
        stem(group): tuple(of_group)
        for group, of_group in columns.items()
        if all(stem(group) in map(stem, words_of(names[k].partition("::")[2])) for k in of_group)
    }


def implied(knowledge: Knowledge, stated: Mapping[int, bool]) -> dict[int, tuple[int, ...]]:
    """Columns that go with what was said -> the said columns that they go with best: those that most of the classes that fit it have.

    Every class of the table counts ``exp(-SHARPNESS m)`` where it lacks ``m`` of the words more than the best one. A column that `MOSTLY` of them
    have, and of which nothing was said, is implied; in a group of which something was said, only if it goes with that by itself (a marine mammal is
    a mammal; a red pot is not black, though most pots are). In a small table one class that fits implies
    nothing. In a large one it may: of ImageNet's classes, each left out and told by eight of its words, 71 % are then recognised, 69 % if two must
    fit, and 65 % if nothing is implied.
    """
    granted = [k for k, present in stated.items() if present]
    if not granted:
        return {}
    amounts = np.minimum(knowledge.values / knowledge.scale, 1.0)  # (C, K)
    wanted = np.array([1.0 if stated[k] else -1.0 for k in stated])
    fits = amounts[:, list(stated)] @ wanted  # (C,)
    weight = np.exp(SHARPNESS * (fits - fits.max()))
    weight /= weight.sum()
    if len(amounts) < ENOUGH and 1 / (weight**2).sum() < FEWEST:
        return {}
    share = weight @ amounts  # (K,)
    having = amounts[:, granted].T @ amounts / np.maximum(amounts[:, granted].sum(0)[:, None], 1e-9)  # (granted, K)
    groups = [group_of(name) for name in knowledge.names]
    companions: dict[int, tuple[int, ...]] = {}
    for k in map(int, np.flatnonzero(share >= MOSTLY)):
        beside = [i for i, j in enumerate(granted) if groups[j] == groups[k]]
        if k not in stated and (not beside or having[beside, k].max() >= MOSTLY):
            best = np.argsort(-having[:, k], kind="stable")[:2]
            companions[k] = tuple(
                granted[i] for i in best if having[i, k] > knowledge.values[:, k].mean() / knowledge.scale
            )
    return companions


@lru_cache(maxsize=8)
def _lexicon(names: tuple[str, ...], synonyms: tuple[tuple[str, tuple[str, ...]], ...]) -> Lexicon:
    return Lexicon(names, dict(synonyms))
