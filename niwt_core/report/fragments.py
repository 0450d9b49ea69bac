"""Pieces of markup that the report and the app share; every text in them is escaped (templates/fragments.jinja)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from niwt_core.classify.answer import Ranked
from niwt_core.explain.parts import AttributeScore, Contrast, NeuronPart
from niwt_core.report.numbers import number
from niwt_core.report.rendering import fragment
from niwt_core.report.wording import ENGLISH, Wording

STEPS_SHOWN = 8  # words of a counterfactual; the rest in one line


def chip(kind: str, label: str = "") -> str:
    """A class's name with its sign, in the colour of its kind."""
    return fragment("chip")(kind, label)


def best_places(ranking: Sequence[Ranked], *, chosen: str = "", top: int = 8) -> list[tuple[int, Ranked]]:
    """(place, class) of the ``top`` best classes, and of the chosen one if it is further down."""
    return [(place, item) for place, item in enumerate(ranking, 1) if place <= top or item.name == chosen]


def rank_row(place: int, item: Ranked, *, chosen: bool = False, wording: Wording = ENGLISH) -> str:
    """One place of a ranking; its bar goes from 0 to 100 %. ``wording`` speaks another language, in these functions."""
    return fragment("rank_row")(place, item, chosen, wording)


def neuron_list(
    parts: Sequence[NeuronPart],
    thumbnails: Mapping[int, str],
    *,
    longest: float = 0.0,
    empty: str = "",
    wording: Wording = ENGLISH,
) -> str:
    """Neurons with their own map, name, trust and what each adds; ``longest`` is the contribution of a full bar."""
    return fragment("neuron_list")(parts, thumbnails, longest or longest_part(parts), empty, wording)


def longest_part(parts: Iterable[NeuronPart]) -> float:
    """The largest contribution either way; 1 of none."""
    return max((abs(part.contribution) for part in parts), default=1.0)


def attribute_bars(words: Sequence[AttributeScore], *, unit: str = "", wording: Wording = ENGLISH) -> str:
    """Words as horizontal bars. In a contrast, words whose absence speaks read "no ..." and have hollow bars."""
    return fragment("attribute_bars")(words, longest_word(words), unit, wording)


def longest_word(words: Iterable[AttributeScore]) -> float:
    """The largest score either way; 1 where there is none."""
    return max((abs(word.score) for word in words), default=1.0) or 1.0


@dataclass(frozen=True)
class Step:
    """A bar of the counterfactual's waterfall: place and width in percent of the track, and the number beside it. ``role``: start, change, end."""

    label: str
    left: float
    width: float
    role: str
    text: str


def counterfactual_steps(contrast: Contrast, *, wording: Wording = ENGLISH) -> str:
    """The margin going down word by word, from what it is to where the runner-up leads."""
    return fragment("counterfactual_steps")(*waterfall(contrast, wording=wording))


def waterfall(contrast: Contrast, *, wording: Wording = ENGLISH) -> tuple[tuple[Step, ...], float]:
    """(steps, where zero stands in percent): the margin, what each changed word takes away from it, and what is left."""
    changes: list[tuple[str, float, float]] = []
    left = contrast.margin
    for place, word in enumerate(contrast.counterfactual):
        if place < STEPS_SHOWN or len(contrast.counterfactual) == STEPS_SHOWN + 1:
            changes.append((wording.change(word), left, left - word.score))
        elif place == STEPS_SHOWN:
            more = wording.fixed("{count} more words", count=len(contrast.counterfactual) - place)
            changes.append((more, left, left - word.score))
        else:
            changes[-1] = (changes[-1][0], changes[-1][1], left - word.score)
        left -= word.score
    low, high = min(0.0, left), max(contrast.margin, 1e-9)

    def at(value: float) -> float:
        return 100 * (value - low) / (high - low)

    def step(label: str, start: float, end: float, role: str, value: float) -> Step:
        width = 100 * abs(start - end) / (high - low)
        return Step(label, at(min(start, end)), max(width, 0.6), role, number(value, sign=True))

    if contrast.is_level:
        last = wording.fixed("both are level")
    elif left <= 0:
        last = wording.fixed("{name} leads by", name=contrast.versus)
    else:
        last = wording.fixed("{name} still leads by", name=contrast.name)
    steps = (
        step(wording.fixed("{name} leads by", name=contrast.name), 0, contrast.margin, "start", contrast.margin),
        *(step(label, start, end, "change", end - start) for label, start, end in changes),
        step(last, 0, left, "end", abs(left)),
    )
    return steps, at(0.0)
