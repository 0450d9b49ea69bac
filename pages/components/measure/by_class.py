"""What the Measure page shows of single classes: accuracy against predictability, and who is taken for whom."""

from __future__ import annotations

import csv
import io

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from niwt_core import Study
from niwt_core.classify.predictability import expected_predictability
from niwt_core.knowledge.class_names import display_name
from pages.components.measure.measures import evaluation
from pages.components.shared import charts, session, style
from pages.components.shared.cards import open_class
from pages.components.shared.class_map import show_class_map
from pages.components.shared.language import tr
from pages.components.shared.session import per_study, per_study_and_language
from pages.components.shared.style import text
from pages.components.shared.tables import table

CONFUSIONS = 8
DRAWN = 250  # classes whose matrix can be told apart on a screen
ACROSS = 45  # classes whose names do not run into each other across a column
READABLE = 90  # classes whose names can stand along an axis; more are named by pointing
ON_BOTH = 30  # classes whose names can stand below the columns too
NAME_ROW, SMALLEST_MATRIX = 10, 520  # pixels: of a name along the axis, of the matrix


@per_study
def expected(study: Study) -> np.ndarray:
    """(C,) predictability: measured by leaving the class out for seen ones, that of the nearest seen classes for unseen ones."""
    return expected_predictability(study)


def classes(study: Study) -> None:
    """Accuracy of every class against how well its neurons can be predicted."""
    style.heading(
        tr("Class by class"),
        tr(
            "How often each class is recognised, against its predictability: how well its neurons follow from its "
            "words. Point at a mark for its name; click it for its neurons."
        ),
        terms=("predictability",),
    )
    accuracy = evaluation(study).per_class
    tested = sum(np.isfinite(value) for value in accuracy.values())
    clicked = charts.show(
        _accuracy_by_predictability(study),
        key="classes_chart",
        alt=tr("Accuracy of {count} classes against their predictability.", count=tested),
        clicks=True,
    )
    if clicked is not None:
        open_class(study, int(clicked))
    st.download_button(
        tr("Classes as CSV"),
        _class_table(study),
        f"{study.name}-classes.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="classes_csv",
    )


@charts.drawn_once
def _accuracy_by_predictability(study: Study) -> go.Figure:
    accuracy, ease = evaluation(study).per_class, expected(study)
    tested = [c for c, name in enumerate(study.classes) if np.isfinite(accuracy[name])]
    chart = charts.figure(x=tr("predictability: cosine of predicted to measured neurons"), y=tr("accuracy, %"))
    for kind, of_kind in (("seen", study.seen), ("unseen", ~study.seen)):
        chosen = [c for c in tested if of_kind[c]]
        names = [study.classes[c] for c in chosen]
        tips = [
            tr(
                "{name}<br>{accuracy:.0f} % right, predictability {predictability:.2f}",
                name=text(display_name(n)),
                accuracy=accuracy[n],
                predictability=ease[c],
            )
            for c, n in zip(chosen, names, strict=True)
        ]
        charts.points(
            chart,
            ease[chosen],
            [accuracy[n] for n in names],
            name=style.kind_name(kind),
            kind=kind,
            tips=tips,
            ids=chosen,
        )
    chart.update_layout(yaxis_range=[-4, 104])
    return chart


def _class_table(study: Study) -> str:
    buffer, accuracy = io.StringIO(), evaluation(study).per_class
    writer = csv.writer(buffer)
    writer.writerow(("class", "role", "accuracy_percent", "predictability"))
    for name, seen, ease in zip(study.classes, study.seen, expected(study), strict=True):
        writer.writerow((name, "seen" if seen else "unseen", f"{accuracy[name]:.2f}", f"{ease:.4f}"))
    return buffer.getvalue()


def class_map(study: Study) -> None:
    """Where the classes lie by their weights: trained, described and built ones on one plane."""
    style.heading(
        tr("Map of the classes"),
        tr(
            "Classes that use the same neurons lie close. The plane is that of the trained classes; described ones "
            "and yours lie where their weights put them."
        ),
    )
    clicked = show_class_map(study, session.classifier().built.values(), key="class_map", clicks=True)
    if clicked is not None:
        open_class(study, int(clicked))


def confusions(study: Study) -> None:
    """Who is taken for whom: the matrix, unseen classes last, and its largest mistakes."""
    style.heading(
        tr("Who is taken for whom"),
        tr("Truth in rows, answers in columns, unseen classes last: right answers lie on the diagonal."),
    )
    left, right = st.columns([7, 5], gap="large")
    with left:
        if len(study.classes) <= DRAWN:
            counts = evaluation(study).confusion
            charts.show(
                _matrix(study),
                key="confusion_chart",
                alt=tr(
                    "Confusion matrix: {right} of {total} pictures right", right=np.trace(counts), total=counts.sum()
                ),
            )
        else:
            st.caption(
                tr(
                    "A matrix of {classes:,} classes cannot be read; its largest mistakes stand beside.",
                    classes=len(study.classes),
                )
            )
    right.html(_mistakes(study))


@charts.drawn_once
def _matrix(study: Study) -> go.Figure:
    order = np.concatenate([np.flatnonzero(study.seen), np.flatnonzero(~study.seen)])
    counts = evaluation(study).confusion[np.ix_(order, order)]
    fractions = 100 * counts / np.maximum(counts.sum(1, keepdims=True), 1)
    names = [display_name(study.classes[c]) for c in order]

    # The templates once, for ten thousand places.
    cell, right, wrong = tr("{name}: {count} of {total} {meaning}"), tr("right"), tr("taken for {name}")
    shown, totals = [text(name) for name in names], counts.sum(1)

    def tip(i: int, j: int) -> str:
        meaning = right if i == j else wrong.format(name=shown[j])
        return cell.format(name=shown[i], count=counts[i, j], total=totals[i], meaning=meaning)

    tips = np.array([[tip(i, j) for j in range(len(names))] for i in range(len(names))], object)
    few = len(names) <= READABLE
    height = max(SMALLEST_MATRIX, NAME_ROW * len(names) + 180 if few else 0)
    chart = charts.figure(height=height, x=tr("answer"), y="" if few else tr("true class"))
    scale = [[0, "rgba(0,0,0,0)"], [1e-6, charts.tone("sunk")], [1, charts.tone("neuron")]]
    chart.add_heatmap(
        z=fractions, x=names, y=names, text=tips, hovertemplate="%{text}<extra></extra>", colorscale=scale, zmin=0, zmax=100, xgap=0, ygap=0,
        colorbar={
            "title": {"text": tr("% of its pictures"), "side": "top"}, "orientation": "h", "y": 1.0, "yanchor": "bottom", "len": 0.6, "thickness": 8,
            "tickfont": {"color": charts.tone("soft")},
        },
    )  # fmt: skip
    border = int(study.seen.sum()) - 0.5
    for add in (chart.add_vline, chart.add_hline):
        add(border, line={"color": charts.tone("faint"), "width": 1})
    size = 11 if len(names) <= 30 else 8
    named = {
        "showticklabels": few,
        "showgrid": False,
        "ticks": "",
        "tickfont": {"size": size, "color": charts.tone("soft")},
    }
    chart.update_xaxes(**{**named, "showticklabels": len(names) <= ACROSS}, dtick=1, tickangle=-90)
    chart.update_yaxes(**named, dtick=1, autorange="reversed")
    return chart


@per_study_and_language
def _mistakes(study: Study) -> str:
    counts = evaluation(study).confusion.copy()
    totals = counts.sum(1)
    np.fill_diagonal(counts, 0)
    rows = []
    for flat in np.argsort(-counts, axis=None)[:CONFUSIONS]:
        i, j = divmod(int(flat), len(counts))
        if counts[i, j]:
            true, answer = (
                style.chip("seen" if study.seen[c] else "unseen", display_name(study.classes[c])) for c in (i, j)
            )
            rows.append(
                (
                    f'{true}<br><span class="cyn-soft">{tr("taken for")}</span> {answer}',
                    tr("{count} of {total}", count=counts[i, j], total=totals[i]),
                )
            )
    body = table("1fr auto", (), rows or [(tr("None."), "")], ruled=True, css="cyn-gap")
    return f'<p class="cyn-eyebrow">{tr("Most frequent mistakes")}</p>{body}'
