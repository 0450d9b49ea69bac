"""The charts of a neuron's page: what it answers to, and which classes it speaks for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from niwt_core import Study
from niwt_core.knowledge.class_names import display_name
from pages.components.shared import cards, charts, class_families, lookup, style
from pages.components.shared.language import tr
from pages.components.shared.style import text

BINS = 28  # of the histogram
RESTING = 2.5  # times the next tallest bar: from there on the bar of resting neurons is cut
SHOWN = 5  # classes for and against, beside the strip of all


def activation(study: Study, index: int) -> None:
    """How strongly a neuron answers to pictures with what its name says, and to pictures without."""
    split = lookup.activations(study, index)
    style.heading(
        tr("How strongly it answers") if split.unit == "pictures" else tr("How much classes use it"),
        tr("Activation on held-out pictures of classes with it and without, each as shares of its own side.")
        if split.unit == "pictures"
        else tr("Importance for trained classes, each as shares of its own side."),
        level=3,
    )
    measured = tr("activation") if split.unit == "pictures" else tr("importance")
    chart = charts.figure(height=280, x=measured, y=tr("% of its own side"))
    both = np.concatenate([split.with_it, split.without])
    low, high = interesting(both)
    bins = {"start": low, "end": high, "size": max((high - low) / BINS, 1e-9)}
    top, cut = visible_top([np.clip(split.with_it, low, high), np.clip(split.without, low, high)], low, high)
    if top:
        chart.update_yaxes(range=[0, top])
    for name, values, kind in (
        (tr("with {what}", what=split.what), split.with_it, "neuron"),
        (tr("without"), split.without, "faint"),
    ):
        chart.add_histogram(
            x=np.clip(values, low, high), name=f"{text(name)} ({len(values)} {tr(split.unit)})", histnorm="percent", xbins=bins, opacity=0.65,
            marker_color=charts.tone(kind), hovertemplate=tr("%{y:.0f} % from %{x}") + "<extra></extra>",
        )  # fmt: skip
        if len(values):
            chart.add_vline(
                float(np.clip(np.median(values), low, high)),
                line={"color": charts.tone(kind), "dash": "dot", "width": 2},
            )
    chart.update_layout(barmode="overlay")
    medians = [float(np.median(side)) if len(side) else 0.0 for side in (split.with_it, split.without)]
    describe = tr(
        "{measured} of neuron {index}: median {with_it:.2f} with {what}, {without:.2f} without.",
        measured=measured[:1].upper() + measured[1:],
        index=index,
        with_it=medians[0],
        what=split.what,
        without=medians[1],
    )
    charts.show(chart, key=f"activation-{index}", alt=describe)
    st.caption(tr("Dotted: the medians. What lies beyond the axis is counted at its end.") + cut)


def visible_top(sides: Sequence[np.ndarray], low: float, high: float) -> tuple[float, str]:
    """(top of the axis in percent, what is cut): where most pictures leave a neuron at rest, their one bar would press all others into a line.

    0 and "" where no bar stands out so far.
    """
    shares = [100 * np.histogram(side, BINS, (low, high))[0] / len(side) for side in sides if len(side) and high > low]
    if not shares:
        return 0.0, ""
    rest = max(float(share[1:].max()) for share in shares)
    first = [float(share[0]) for share in shares]
    if max(first) <= RESTING * rest or rest <= 0:
        return 0.0, ""
    parts = tr(" and ").join(f"{value:.0f} %" for value in first)
    return 1.25 * rest, tr(" The bars at rest are cut at the top: they hold {parts} of their sides.", parts=parts)


def interesting(values: np.ndarray) -> tuple[float, float]:
    """The part of an axis on which nearly all activations lie, so that one picture far out does not press the others into a line."""
    if not len(values):
        return 0.0, 1.0
    low, high = float(values.min()), float(np.quantile(values, 0.995))
    return low, max(high, low + 1e-6)


def classes_of(study: Study, index: int) -> None:
    """A neuron's importance for every class."""
    values = lookup.importances(study)[:, index]
    order = np.argsort(-values)
    kinds = ["seen" if study.seen[c] else "unseen" for c in order]
    names = [display_name(study.classes[c]) for c in order]
    style.heading(
        tr("Which classes it speaks for"),
        tr("Its importance for every class, from most for to most against."),
        level=3,
        terms=("importance",),
    )
    tips = [f"{name}: {values[c]:+.3f}" for name, c in zip(names, order, strict=True)]
    best = "".join(f"<li>{style.chip(kinds[i], names[i])}</li>" for i in range(min(SHOWN, len(names))))
    worst = "".join(
        f"<li>{style.chip(kinds[i], names[i])}</li>"
        for i in range(len(names) - 1, max(len(names) - 1 - SHOWN, SHOWN - 1), -1)
    )
    sides = "".join(
        f'<div><p class="cyn-eyebrow">{text(side)}</p><ul>{items}</ul></div>'
        for side, items in ((tr("For"), best), (tr("Against"), worst))
    )
    chart = charts.figure(height=200, y=tr("importance"))
    chart.add_bar(
        x=list(range(len(order))), y=values[order], marker_color=[charts.tone(kind) for kind in kinds],
        text=np.array([text(tip) for tip in tips], object),
        textposition="none", hovertemplate="%{text}<extra></extra>", customdata=order.astype(object)[:, None],
    )  # fmt: skip
    chart.update_layout(showlegend=False, bargap=0, xaxis_showticklabels=False)
    chart.update_traces(marker_line_width=0)
    describe = tr(
        "Importance of neuron {index}: most for {best}, most against {worst}.",
        index=index,
        best=names[0],
        worst=names[-1],
    )
    clicked = charts.show(chart, key=f"classes-of-{index}", alt=describe, clicks=True)
    st.html(f'<div class="cyn-sides">{sides}</div>')
    leading = class_families.leading(study, values)
    if leading:
        named = ", ".join(f"{name} ({mean:+.3f})" for name, mean in leading)
        st.html(
            f'<p class="cyn-eyebrow cyn-gap">{tr("Families it speaks for most, on average")}</p><p class="cyn-sub">{text(named)}</p>'
        )
    if clicked is not None:
        st.query_params.pop("neuron", None)
        cards.open_class(study, int(clicked))
