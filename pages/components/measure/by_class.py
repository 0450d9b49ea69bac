"""What the Measure page shows of single classes: accuracy against predictability, and who is taken for whom."""

from __future__ import annotations

import csv
import io

import numpy as np
import streamlit as st

from niwt_core import Recipe, Study, build_class
from niwt_core.knowledge.class_names import display_name
from pages.components.measure.measures import evaluation
from pages.components.shared import figures, style
from pages.components.shared.figures import PERCENT, Axis, Dot
from pages.components.shared.session import per_study
from pages.components.shared.style import text
from pages.components.shared.tables import table

CONFUSIONS = 8


@per_study
def expected(study: Study) -> np.ndarray:
    """(C,) predictability: measured by leaving the class out for seen ones, that of the nearest seen classes for unseen ones."""
    known = study.predictability
    return np.array(
        [
            known[name]
            if name in known
            else build_class(study, Recipe(name=name[:80], like=name)).expected_predictability
            for name in study.classes
        ]
    )


def classes(study: Study) -> None:
    """Accuracy of every class against how well its neurons can be predicted."""
    style.heading(
        "Class by class",
        "How often each class is recognised, against how well its neurons follow from its words. Point at a sign for its name.",
    )
    accuracy, ease = evaluation(study).per_class, expected(study)
    low, high = float(np.floor(ease.min() * 20 - 0.2) / 20), float(np.ceil(ease.max() * 20 + 0.2) / 20)
    x = Axis(
        low, high, figures.nice_ticks(low, high, 6), label="predictability: cosine of predicted to measured neurons"
    )
    y = Axis(-4, 104, PERCENT.ticks, label="accuracy", form=PERCENT.form)
    tested = [c for c, name in enumerate(study.classes) if np.isfinite(accuracy[name])]
    dots = [
        Dot(
            float(ease[c]),
            accuracy[study.classes[c]],
            "seen" if study.seen[c] else "unseen",
            f"{display_name(study.classes[c])}: {accuracy[study.classes[c]]:.0f} %, predictability {ease[c]:.2f}",
        )
        for c in sorted(tested, key=lambda c: bool(~study.seen[c]))
    ]
    st.html(figures.plot(x, y, dots=dots, describe=f"Accuracy of {len(dots)} classes against their predictability."))
    style.legend("seen", "unseen")
    st.download_button(
        "Classes as CSV",
        _class_table(study),
        f"{study.name}-classes.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="classes_csv",
    )


def _class_table(study: Study) -> str:
    buffer, accuracy = io.StringIO(), evaluation(study).per_class
    writer = csv.writer(buffer)
    writer.writerow(("class", "role", "accuracy_percent", "predictability"))
    for name, seen, ease in zip(study.classes, study.seen, expected(study), strict=True):
        writer.writerow((name, "seen" if seen else "unseen", f"{accuracy[name]:.2f}", f"{ease:.4f}"))
    return buffer.getvalue()


def confusions(study: Study) -> None:
    """Who is taken for whom: the matrix, unseen classes last, and its largest mistakes."""
    style.heading(
        "Who is taken for whom",
        "Truth in rows, answers in columns, unseen classes last: right answers lie on the diagonal.",
    )
    left, right = st.columns([7, 5], gap="large")
    left.html(_matrix(study))
    right.html(_mistakes(study))


@per_study
def _matrix(study: Study) -> str:
    order = np.concatenate([np.flatnonzero(study.seen), np.flatnonzero(~study.seen)])
    counts = evaluation(study).confusion[np.ix_(order, order)]
    fractions = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    size, names = len(order), [display_name(study.classes[c]) for c in order]
    cells = []
    for i, j in np.argwhere(counts > 0):
        tone = "neuron" if i == j else "unseen" if not study.seen[order[i]] else "seen"
        tip = f"{names[i]}: {counts[i, j]} of {counts[i].sum()} " + ("right" if i == j else f"taken for {names[j]}")
        css = f"cyn-{tone}{' cyn-tip-left' if 2 * j > size else ''}"
        place = f"left:{100 * j / size:.2f}%;top:{100 * i / size:.2f}%;--shade:{0.15 + 0.85 * fractions[i, j]:.2f}"
        cells.append(f'<i class="{css}" data-tip="{text(tip)}" style="{place}"></i>')
    border = f"{100 * int(study.seen.sum()) / size:.2f}%"
    rules = f'<hr style="left:{border};top:0;bottom:0;width:1px"><hr style="top:{border};left:0;right:0;height:1px">'
    label = f"Confusion matrix: {np.trace(counts)} of {counts.sum()} pictures right"
    style_ = f"--cell:{100 / size:.3f}%"
    return (
        f'<figure class="cyn-matrix" role="img" aria-label="{label}" style="{style_}">{rules}{"".join(cells)}</figure>'
    )


@per_study
def _mistakes(study: Study) -> str:
    counts = evaluation(study).confusion.copy()
    totals = counts.sum(1)
    np.fill_diagonal(counts, 0)
    rows = []
    for flat in np.argsort(-counts, axis=None)[:CONFUSIONS]:
        i, j = divmod(int(flat), len(counts))
        if counts[i, j]:
            ground_truth, said = (
                style.chip("seen" if study.seen[c] else "unseen", display_name(study.classes[c])) for c in (i, j)
            )
            rows.append(
                (f'{ground_truth}<br><span class="cyn-soft">taken for</span> {said}', f"{counts[i, j]} of {totals[i]}")
            )
    body = table("1fr auto", (), rows or [("None.", "")], ruled=True, css="cyn-gap")
    return f'<p class="cyn-eyebrow">Most frequent mistakes</p>{body}'
