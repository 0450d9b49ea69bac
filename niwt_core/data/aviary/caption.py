"""Sentences about a picture, as different people would write them: never wrong, never complete."""

from collections.abc import Mapping

import numpy as np

from niwt_core.data.aviary.attributes import ATTRIBUTE_GROUPS, PART_OF_GROUP
from niwt_core.data.aviary.vocabulary import COLORS, OPENINGS, PHRASES, PLACES, POSES, SHAPES

IN_VIEW = 0.25
"""A part counts as seen if at least this share of it is in view."""


def caption(
    attributes: Mapping[str, str],
    *,
    seed: int,
    pose: str | None = None,
    habitat: str | None = None,
    visibility: Mapping[str, float] | None = None,
) -> str:
    """Two or three sentences that mention 6 to 10 of the attributes, in words drawn by `seed`.

    Only true attributes are mentioned, and only of parts whose `visibility` is at least IN_VIEW (all parts, if None).
    Pose and habitat are mentioned where given.
    """
    rng = np.random.default_rng(np.random.SeedSequence((seed, 3)))
    groups = _mentioned(attributes, visibility, rng)
    subject, rest = _subject(attributes, groups, rng)
    where = _pick(PLACES[habitat], rng) if habitat else ""
    doing = _pick(POSES[pose], rng) if pose else ""
    phrases = [_phrase(group, attributes, rng) for group in rest]
    for pair in (("bill color", "bill shape"), ("tail color", "tail shape"), ("leg color", "leg length")):
        phrases = _joined(pair, rest, phrases, attributes, rng)
    rng.shuffle(phrases)
    return _assemble(subject, [phrase for phrase in phrases if phrase], doing, where, rng)


def _mentioned(
    attributes: Mapping[str, str], visibility: Mapping[str, float] | None, rng: np.random.Generator
) -> list[str]:
    groups = [
        group
        for group in ATTRIBUTE_GROUPS
        if group in attributes and (visibility is None or visibility.get(PART_OF_GROUP[group], 1.0) >= IN_VIEW)
    ]
    telling = [group for group in groups if attributes[group] not in ("none", "solid") or rng.random() < 0.3]
    count = min(int(rng.integers(6, 11)), len(telling))
    return [telling[i] for i in sorted(rng.choice(len(telling), size=count, replace=False))]


def _subject(attributes: Mapping[str, str], groups: list[str], rng: np.random.Generator) -> tuple[str, list[str]]:
    """ "a plump bird": the body's shape goes to the noun if it is mentioned."""
    noun = _pick(("bird", "bird", "bird", "little fellow", "songster", "creature"), rng)
    if "body shape" not in groups:
        return f"a {noun}", groups
    adjective = _pick(SHAPES["body shape"][attributes["body shape"]], rng)
    return f"{_article(adjective)} {noun}", [group for group in groups if group != "body shape"]


def _phrase(group: str, attributes: Mapping[str, str], rng: np.random.Generator) -> str:
    value = attributes[group]
    if value in COLORS and group.endswith("color"):
        return _pick(PHRASES[group], rng).format(_pick(COLORS[value], rng))
    return _pick(SHAPES[group][value], rng)


def _joined(
    pair: tuple[str, str],
    groups: list[str],
    phrases: list[str],
    attributes: Mapping[str, str],
    rng: np.random.Generator,
) -> list[str]:
    """Say color and shape of one part together: "a long blue needle of a bill"."""
    if not all(group in groups for group in pair):
        return phrases
    color = _pick(COLORS[attributes[pair[0]]], rng)
    first, second = (groups.index(group) for group in pair)
    together = _pick(PHRASES[" and ".join(pair)], rng)
    shape = _pick(SHAPES[f"{pair[1]} adjective"][attributes[pair[1]]], rng)
    phrases[first] = together.format(color=color, shape=shape)
    phrases[second] = ""
    return phrases


def _assemble(subject: str, phrases: list[str], doing: str, where: str, rng: np.random.Generator) -> str:
    scene = " ".join(part for part in (doing, where) if part)
    cut = (len(phrases) + 1) // 2
    first, second = _listed([_counted(p) for p in phrases[:cut]]), _listed([_counted(p) for p in phrases[cut:]])
    opening = int(rng.integers(len(OPENINGS)))
    sentence = OPENINGS[opening].format(subject=subject, first=first, scene=scene or "here")
    sentences = [sentence]
    if second:
        sentences.append(
            _pick(("It has {}", "It also has {}", "Note {}", "One sees {}", "Look for {}"), rng).format(second)
        )
    text = ". ".join(" ".join(s.split()).strip().rstrip(",") for s in sentences) + "."
    return ". ".join(part[:1].upper() + part[1:] for part in text.split(". "))


def _counted(phrase: str) -> str:
    """Resolve "a/an" before the first word."""
    return f"{_article(phrase[2:])}" if phrase.startswith("a ") else phrase


def _article(words: str) -> str:
    return f"an {words}" if words[:1].lower() in "aeiou" else f"a {words}"


def _listed(phrases: list[str]) -> str:
    if len(phrases) < 2:
        return "".join(phrases)
    return f"{', '.join(phrases[:-1])} and {phrases[-1]}"


def _pick(choices: tuple[str, ...], rng: np.random.Generator) -> str:
    return choices[int(rng.integers(len(choices)))]
