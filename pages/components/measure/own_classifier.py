"""What the Measure page shows of a trained classifier as it is: each of its classes left out in turn and described."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from niwt_core import Study
from niwt_core.study.evaluate_classifier import figures_of
from pages.components.shared import charts, style
from pages.components.shared.cards import figures_row
from pages.components.shared.session import per_study
from pages.components.shared.tables import table

figures = per_study(figures_of)


def show(study: Study) -> None:
    """How well words stand in for training, and what that costs the classes that were trained."""
    evaluated = figures(study)
    if evaluated is None:
        st.info(
            "This study was prepared without photographs, so nothing can be measured here. Prepare it with `--photos`, or run "
            "`niwt evaluate STUDY --photos DIR`.",
            icon=":material/help:",
        )
        return
    loo = evaluated["loo"]
    st.html(
        figures_row(
            [
                (
                    f"{loo['top1']:.1f} %",
                    "recognised first",
                    "photographs of a class that was left out and described, among all others",
                ),
                (f"{loo['stolen']:.2f} %", "taken away", "of other classes' photographs, by one such class"),
                (
                    f"{loo['zsl']:.1f} %",
                    f"{loo['ways']}-way",
                    "left-out classes among themselves, none of them trained",
                ),
                (
                    f"{evaluated['S']:.1f} %",
                    "trained classes",
                    f"right among all classes; {evaluated['head_alone']:.1f} % by the head alone",
                ),
            ]
        )
    )
    style.heading(
        "What a description costs",
        "Each class in turn is described instead of trained. "
        "The larger the stolen share, the photographs of others that it may take, the more of its own it gets.",
        terms=("stolen share", "described class"),
    )
    chart = charts.figure(x="photographs of other classes that it takes, %", y="recognised first, %")
    for name, kind in (("stolen share", "unseen"), ("gamma", "seen")):
        points = [point for point in loo["curve"] if point["calibration"] == name]
        tips = [
            f"{name} {100 * p['setting']:.1f} %" if name == "stolen share" else f"gamma {p['setting']:.2f}"
            for p in points
        ]
        chart.add_scatter(
            x=[p["stolen"] for p in points], y=[p["top1"] for p in points], mode="lines+markers", name=name, text=tips,
            line={"color": charts.tone(kind)}, hovertemplate="%{text}: first %{y:.1f} %, taking %{x:.2f} %<extra></extra>",
        )  # fmt: skip
    charts.show(
        chart,
        key="own_curve",
        alt=f"Recognised first {loo['top1']:.1f} percent at {loo['stolen']:.2f} percent taken away.",
    )
    st.caption(
        f"On {evaluated['photographs']:,} photographs. "
        f"All described classes of this study together take {evaluated['taken_by_described']:.1f} % of them."
    )
    if "novelty" in evaluated:
        _novelty(evaluated["novelty"])


def _novelty(measured: Mapping[str, Any]) -> None:
    """What is told apart from photographs by the head alone, and what is not."""
    style.heading(
        "None of these",
        "The study keeps no photograph to compare a picture with. A picture is refused where it excites few of the neurons that the classes use: "
        "that tells what shows nothing, not what the network does not know.",
        terms=("familiar",),
    )
    rows = [(kind, f"{measured['refused'][kind]:.0f} %", f"{auroc:.2f}") for kind, auroc in measured["auroc"].items()]
    st.html(table("1fr auto auto", ("Pictures", "refused", "AUROC"), rows))
    if measured["accepted"] is not None:
        st.caption(
            f"Of photographs {measured['accepted']:.1f} % are accepted, by a limit from other classes' photographs "
            f"({measured['photographs']:,} in all). AUROC 0.5 is chance; below it, pictures look more like photographs of things than photographs do."
        )
