"""The classes of a study, as sections of its report: accuracy against predictability, and who is taken for whom."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from niwt_core.classify.predictability import expected_predictability
from niwt_core.knowledge.class_names import display_name
from niwt_core.report.charts import Axis, Dot, plot
from niwt_core.report.figures import jpeg_uri
from niwt_core.report.fragments import chip, percentage, section
from niwt_core.study.evaluate import Evaluation
from niwt_core.study.study import Study

MISTAKES = 10


def kind_of(study: Study, c: int) -> str:
    """What class number ``c`` is: "seen" or "unseen"."""
    return "seen" if study.seen[c] else "unseen"


def classes(study: Study, found: Evaluation) -> str:
    """Every class: how often it is recognised, and how well its neurons can be predicted."""
    accuracy = np.array([found.per_class[name] for name in study.classes])
    ease = expected_predictability(study)
    low, high = float(np.floor(ease.min() * 20 - 0.2) / 20), float(np.ceil(ease.max() * 20 + 0.2) / 20)
    tested = np.flatnonzero(np.isfinite(accuracy))
    dots = [
        Dot(
            float(ease[c]),
            float(accuracy[c]),
            kind_of(study, int(c)),
            f"{display_name(study.classes[c])}: {accuracy[c]:.0f} %, predictability {ease[c]:.2f}",
        )
        for c in sorted(tested, key=lambda c: not study.seen[c])
    ]
    drawn = plot(
        Axis.over(low, high, "predictability: cosine of predicted to measured neurons"),
        Axis.percent("accuracy"),
        dots=dots,
        describe=f"Accuracy of {len(dots)} classes against their predictability; the lists below have every figure.",
    )
    key = f'<p class="st-key">{chip("unseen")} {chip("seen")}</p>'
    order = sorted(range(len(accuracy)), key=lambda c: (-np.nan_to_num(accuracy[c], nan=-1), study.classes[c]))
    unseen, seen = ([c for c in order if bool(study.seen[c]) == kind] for kind in (False, True))
    about = (
        "How often each class is recognised among all, against how well its neurons follow from its description: "
        "for a seen class by leaving it out, for an unseen one that of its nearest seen classes."
    )
    body = (
        f'{drawn}{key}<h3 class="st-gap">Classes that were only described</h3>{_class_rows(study, unseen, accuracy, ease)}'
        f"<details><summary>All {len(seen)} classes that were shown</summary>{_class_rows(study, seen, accuracy, ease)}</details>"
    )
    return section("Class by class", about, body)


def _class_rows(study: Study, classes: Sequence[int], accuracy: np.ndarray, ease: np.ndarray) -> str:
    rows = "".join(
        f"<li><span>{chip(kind_of(study, c), display_name(study.classes[c]))}</span>"
        f'<span class="nr-bar nr-{kind_of(study, c)}"><i style="width:{np.nan_to_num(accuracy[c]):.1f}%"></i></span>'
        f'<span class="nr-number">{percentage(accuracy[c], 0)}</span><span class="nr-number">{ease[c]:.2f}</span></li>'
        for c in classes
    )
    head = (
        '<li class="st-head"><span>class</span><span>accuracy</span><span>accuracy</span><span>predictable</span></li>'
    )
    return f'<ul class="st-rows">{head}{rows}</ul>'


def mistakes(study: Study, found: Evaluation) -> str:
    """The largest entries of the confusion matrix off its diagonal, with a picture of both classes."""
    counts = found.confusion.copy()
    totals = counts.sum(1)
    np.fill_diagonal(counts, 0)
    pictures: dict[int, str] = {}
    rows = []
    for flat in np.argsort(-counts, axis=None, kind="stable")[:MISTAKES]:
        true, predicted = divmod(int(flat), len(counts))
        if not counts[true, predicted]:
            break
        for c in (true, predicted):
            if c not in pictures:
                pictures[c] = _portrait(study, c)
        names = [chip(kind_of(study, c), display_name(study.classes[c])) for c in (true, predicted)]
        rows.append(
            f'<li><span class="st-pair">{pictures[true]}{pictures[predicted]}</span><p>{names[0]}<br>'
            f'<span class="nr-small">taken for</span> {names[1]}</p><span class="nr-number">{counts[true, predicted]} of {totals[true]}</span></li>'
        )
    wrong = int(counts.sum())
    if not rows:
        return section("Who is taken for whom", f"No mistake in {int(totals.sum()):,} test pictures.", "")
    about = f"The most frequent of {wrong:,} mistakes in {int(totals.sum()):,} test pictures, with a picture of either class."
    return section("Who is taken for whom", about, f'<ul class="st-mistakes">{"".join(rows)}</ul>')


def _portrait(study: Study, c: int) -> str:
    own = study.gallery.of_class(study.labels, c)
    if not len(own):
        return ""
    name = escape(display_name(study.classes[c]))
    return f'<img src="{jpeg_uri(study.gallery.image(int(own[0])), side=112)}" alt="{name}" width="56" height="56">'
