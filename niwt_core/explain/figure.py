"""An explanation as a figure for print: the picture with its map, the score as a sum, and the neurons that it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from niwt_core.classify.answer import Answer
from niwt_core.explain.attribution import class_map
from niwt_core.explain.evidence import Evidence
from niwt_core.explain.overlay import overlay
from niwt_core.explain.parts import NeuronPart, Observation
from niwt_core.figures.canvas import LETTERS, PAGE, dress, new_figure
from niwt_core.figures.palette import LIGHT
from niwt_core.knowledge.noun_phrases import phrase

SHOWN = 8  # attributes of the sum; the rest in one line
SMALLEST = 0.005  # logits: less is not worth a line


@dataclass(frozen=True)
class Step:
    """One part of a score: what it is called, where its bar starts and ends (logits), and whether it is a part or the whole."""

    label: str
    start: float
    end: float
    total: bool = False


def score_steps(evidence: Evidence, observations: Sequence[Observation], *, shown: int = SHOWN) -> tuple[Step, ...]:
    """The score as a sum, from zero to the score: what every class shares, the attributes with most evidence either way, and the rest.

    Args:
        observations: in any order; empty where attributes cannot be told apart, which then are one part.
    """
    largest = sorted(observations, key=lambda item: -abs(item.evidence))[:shown]
    named = [(phrase(item.label), item.evidence) for item in largest]
    rest = evidence.described - evidence.texts - sum(value for _, value in named)
    parts = [
        ("average description", evidence.common),
        *named,
        ("other attributes" if named else "description", rest),
        ("text", evidence.texts),
        ("learned from pictures", evidence.learned),
        ("bias", evidence.bias),
    ]
    steps, at = [], 0.0
    for label, value in parts:
        if abs(value) >= SMALLEST or (label, value) in named:
            steps.append(Step(label, at, at + value))
        at += value
    return (*steps, Step("score", 0.0, at, total=True))


def explanation_figure(
    title: str,
    evidence: Evidence,
    observations: Sequence[Observation],
    neurons: Sequence[NeuronPart],
    *,
    answer: Answer | None = None,
    name: str = "",
    width: float = PAGE,
) -> Figure:
    """The score as a sum beside the neurons for and against, at so many inches.

    Args:
        title: the class as people call it.
        neurons: those to show, in any order; the ones against have a negative contribution.
        answer: puts its picture, and the map of the class ``name`` over it, before the sum.
    """
    steps = score_steps(evidence, observations)
    height = max(2.2, 0.2 * max(len(steps), len(neurons)) + 0.7)
    figure = new_figure(width, height)
    figure.suptitle(title, fontsize=LETTERS + 2, color=LIGHT["ink"], fontweight="bold", parse_math=False)
    if answer is None:
        left, right = figure.subplots(1, 2)
    else:
        photograph, left, right = figure.subplots(1, 3, width_ratios=(1, 1, 1))
        _draw_picture(photograph, answer, name)
    _draw_steps(left, steps)
    _draw_neurons(right, sorted(neurons, key=lambda part: -part.contribution))
    return figure


def _draw_picture(axes: Axes, answer: Answer, name: str) -> None:
    row = answer.classifier.candidate(name).row
    values = class_map(answer.classifier.study.network, answer.picture, row, method="grad-cam").values
    axes.imshow(np.asarray(overlay(answer.picture.image, values, box=answer.picture.box)))
    axes.set_axis_off()
    axes.set_title("Grad-CAM", fontsize=LETTERS - 1, color=LIGHT["soft"])


def _draw_steps(axes: Axes, steps: Sequence[Step]) -> None:
    dress(axes, x="score, logits")
    axes.grid(visible=False)
    for place, step in enumerate(steps):
        value = step.end - step.start
        filled = step.total or value >= 0
        axes.barh(place, value, left=step.start, height=0.62, linewidth=1, edgecolor=LIGHT["ink" if step.total else "neuron"],
                  color=LIGHT["ink" if step.total else "neuron"] if filled else "none")  # fmt: skip
        if not step.total and place + 1 < len(steps):
            axes.plot([step.end, step.end], [place + 0.31, place + 0.69], color=LIGHT["soft"], linewidth=0.6)
        _amount(axes, max(step.start, step.end), place, value)
    axes.axvline(0, color=LIGHT["soft"], linewidth=0.8)
    _names(axes, [step.label for step in steps])


def _draw_neurons(axes: Axes, neurons: Sequence[NeuronPart]) -> None:
    dress(axes, x="each neuron, logits")
    axes.grid(visible=False)
    for place, part in enumerate(neurons):
        positive = part.contribution >= 0
        axes.barh(place, part.contribution, height=0.62, linewidth=1, edgecolor=LIGHT["neuron"],
                  color=LIGHT["neuron"] if positive else "none")  # fmt: skip
        _amount(axes, max(part.contribution, 0.0), place, part.contribution)
    axes.axvline(0, color=LIGHT["soft"], linewidth=0.8)
    _names(axes, [_neuron_name(part) for part in neurons])


def _neuron_name(part: NeuronPart) -> str:
    named = part.neuron.is_named
    return f"{phrase(part.neuron.label) if named else 'unnamed'} ({part.index})"


def _amount(axes: Axes, right: float, place: int, value: float) -> None:
    axes.annotate(f"{value:+.2f}".replace("-", "−"), (right, place), (2, 0), textcoords="offset points", va="center",
                  fontsize=LETTERS - 2, color=LIGHT["soft"])  # fmt: skip


def _names(axes: Axes, names: Sequence[str]) -> None:
    """What stands beside the bars, the first on top."""
    axes.set_yticks(range(len(names)), names, color=LIGHT["ink"], parse_math=False)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.margins(x=0.16)
