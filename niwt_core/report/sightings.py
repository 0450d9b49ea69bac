"""What a class's description promises, each with a sign: seen in the picture, not seen, or not to be told; and what else is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from niwt_core.explain.detector import PRESENT, Sighting
from niwt_core.explain.parts import Observation
from niwt_core.report.rendering import fragment
from niwt_core.report.wording import ENGLISH, Wording

MARKS = {Sighting.SEEN: "✓", Sighting.NOT_SEEN: "✗", Sighting.CANNOT_TELL: "?"}
SHOWN = 12  # attributes of the description
ALSO = 8  # of what else is seen


@dataclass(frozen=True)
class SightingRow:
    """One attribute of the description: the sign, what it means, and the attribute in words."""

    mark: str
    sighting: str
    words: str


@dataclass(frozen=True)
class Sightings:
    """``rows`` of the description, how many ``more`` it has, and what is ``also`` seen, in words."""

    rows: tuple[SightingRow, ...]
    more: int
    also: str


def sightings(observations: Sequence[Observation], *, shown: int = SHOWN, wording: Wording = ENGLISH) -> Sightings:
    """The attributes that the class is described by, first those with most evidence for it, and what else the network sees.

    What is missing is never cut off by what is there.
    """
    promised = [item for item in observations if item.promised >= PRESENT]
    first = sorted(promised, key=lambda item: item.sighting is not Sighting.NOT_SEEN)[:shown]
    kept = [item for item in promised if item in first]
    rows = tuple(SightingRow(MARKS[item.sighting], item.sighting.value, wording.entry(item.label)) for item in kept)
    others = [item for item in observations if item.sighting is Sighting.SEEN and item.promised < PRESENT]
    strongest = sorted(others, key=lambda item: -item.score)[:ALSO]
    return Sightings(rows, len(promised) - len(kept), wording.listed([item.label for item in strongest]))


def sighting_list(observations: Sequence[Observation], *, shown: int = SHOWN, wording: Wording = ENGLISH) -> str:
    """`sightings` as markup; ``wording`` speaks another language."""
    listed = sightings(observations, shown=shown, wording=wording)
    return fragment("sighting_list")(listed.rows, listed.more, listed.also, wording)


def sighting_legend(*, wording: Wording = ENGLISH) -> str:
    """The three signs with their meaning, as markup."""
    return fragment("sighting_legend")(legend(), wording)


def legend() -> list[tuple[str, str]]:
    """(sign, meaning) of the three."""
    return [(mark, sighting.value) for sighting, mark in MARKS.items()]
