"""What a class's description promises, each with a sign: seen in the picture, not seen, or not to be told; and what else is seen."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from niwt_core.explain.detector import PRESENT, Sighting
from niwt_core.explain.parts import Observation
from niwt_core.knowledge.noun_phrases import join, mention

MARKS = {Sighting.SEEN: "✓", Sighting.NOT_SEEN: "✗", Sighting.CANNOT_TELL: "?"}
SHOWN = 12  # attributes of the description
ALSO = 8  # of what else is seen


def sighting_list(observations: Sequence[Observation], *, shown: int = SHOWN) -> str:
    """The attributes that the class is described by, first those with most evidence for it, and what else the network sees; escaped markup.

    What is missing is never cut off by what is there.
    """
    promised = [item for item in observations if item.promised >= PRESENT]
    first = sorted(promised, key=lambda item: item.sighting is not Sighting.NOT_SEEN)[:shown]
    kept = [item for item in promised if item in first]
    rows = "".join(
        f'<li class="nr-{_css(item.sighting)}"><b role="img" aria-label="{item.sighting.value}">{MARKS[item.sighting]}</b>'
        f"<span>{escape(mention(item.label))}</span></li>"
        for item in kept
    )
    more = len(promised) - len(kept)
    rest = f'<p class="nr-small">and {more} more of its words</p>' if more else ""
    return f'<ul class="nr-sights">{rows}</ul>{rest}{_also(observations)}'


def sighting_legend() -> str:
    """The three signs, said."""
    return " &ensp; ".join(f"{mark} {sighting.value}" for sighting, mark in MARKS.items())


def _also(observations: Sequence[Observation]) -> str:
    others = [item for item in observations if item.sighting is Sighting.SEEN and item.promised < PRESENT]
    if not others:
        return ""
    named = join([mention(item.label) for item in sorted(others, key=lambda item: -item.score)[:ALSO]])
    return f'<p class="nr-small">Also seen, though not in the description: {escape(named)}.</p>'


def _css(sighting: Sighting) -> str:
    return "sight-" + sighting.value.replace(" ", "-")
