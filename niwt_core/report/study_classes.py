"""The classes of a study, for its report: accuracy against predictability, and who is taken for whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from niwt_core.classify.predictability import expected_predictability
from niwt_core.knowledge.class_names import display_name
from niwt_core.report.charts import Chart, chart
from niwt_core.report.figures import jpeg_uri
from niwt_core.study.evaluate import Evaluation
from niwt_core.study.figure import classes_figure
from niwt_core.study.study import Study

MISTAKES = 10


def kind_of(study: Study, c: int) -> str:
    """What class number ``c`` is: "seen" or "unseen"."""
    return "seen" if study.seen[c] else "unseen"


@dataclass(frozen=True)
class ClassRow:
    """One class: accuracy in percent (NaN: not tested) and the width of its bar, and how well its neurons can be predicted."""

    kind: str
    name: str
    accuracy: float
    width: float
    predictability: float


@dataclass(frozen=True)
class Classes:
    """Every class, best first, seen and unseen apart, and all in one chart."""

    chart: Chart
    unseen: tuple[ClassRow, ...]
    seen: tuple[ClassRow, ...]


def classes(study: Study, evaluation: Evaluation) -> Classes:
    """Every class: how often it is recognised, and how well its neurons can be predicted."""
    accuracy = np.array([evaluation.per_class[name] for name in study.classes])
    ease = expected_predictability(study)
    tips: dict[str, list[str]] = {"seen": [], "unseen": []}
    for c in np.flatnonzero(np.isfinite(accuracy)):
        tip = f"{display_name(study.classes[c])}: {accuracy[c]:.0f} %, predictability {ease[c]:.2f}"
        tips[kind_of(study, int(c))].append(tip)
    drawn = chart(
        lambda width, height: classes_figure(accuracy, ease, study.seen, width=width, height=height),
        describe=f"Accuracy of {sum(map(len, tips.values()))} classes against their predictability; the lists below have every figure.",
        tips=tips,
    )
    order = sorted(range(len(accuracy)), key=lambda c: (-np.nan_to_num(accuracy[c], nan=-1), study.classes[c]))
    rows = [
        ClassRow(
            kind_of(study, c),
            display_name(study.classes[c]),
            float(accuracy[c]),
            float(np.nan_to_num(accuracy[c])),
            float(ease[c]),
        )
        for c in order
    ]
    return Classes(drawn, *(tuple(row for row in rows if row.kind == kind) for kind in ("unseen", "seen")))


@dataclass(frozen=True)
class Portrait:
    """A class with a picture of it as a data URI, empty where the study keeps none."""

    kind: str
    name: str
    picture: str


@dataclass(frozen=True)
class Mistake:
    """``count`` of the ``total`` test pictures of one class that were taken for another."""

    true: Portrait
    answer: Portrait
    count: int
    total: int


@dataclass(frozen=True)
class Mistakes:
    """The largest entries of the confusion matrix off its diagonal."""

    about: str
    largest: tuple[Mistake, ...]


def mistakes(study: Study, evaluation: Evaluation) -> Mistakes:
    """The most frequent mistakes, with a picture of both classes."""
    counts = evaluation.confusion.copy()
    totals = counts.sum(1)
    np.fill_diagonal(counts, 0)
    portraits: dict[int, Portrait] = {}
    largest = []
    for flat in np.argsort(-counts, axis=None, kind="stable")[:MISTAKES]:
        true, answer = divmod(int(flat), len(counts))
        if not counts[true, answer]:
            break
        for c in (true, answer):
            if c not in portraits:
                portraits[c] = _portrait(study, c)
        largest.append(Mistake(portraits[true], portraits[answer], int(counts[true, answer]), int(totals[true])))
    tested = f"{int(totals.sum()):,} test pictures"
    about = f"The most frequent of {int(counts.sum()):,} mistakes in {tested}, with a picture of either class."
    return Mistakes(about if largest else f"No mistake in {tested}.", tuple(largest))


def _portrait(study: Study, c: int) -> Portrait:
    pictures = study.gallery.of_class(study.labels, c)
    source = jpeg_uri(study.gallery.image(int(pictures[0])), side=112) if len(pictures) else ""
    return Portrait(kind_of(study, c), display_name(study.classes[c]), source)
