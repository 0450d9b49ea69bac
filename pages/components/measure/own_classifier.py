"""What the Measure page shows of a trained classifier as it is: each of its classes left out in turn and described."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from niwt_core import Study
from niwt_core.study.evaluate_classifier import figures_of
from pages.components.shared import charts, style
from pages.components.shared.cards import figures_row
from pages.components.shared.language import N_, tr
from pages.components.shared.session import per_study
from pages.components.shared.tables import table

TOLD_APART = 50  # percent refused

figures = per_study(figures_of)


def show(study: Study) -> None:
    """How well words stand in for training, and what that costs the classes that were trained."""
    evaluated = figures(study)
    if evaluated is None:
        st.info(
            tr(
                "This study was prepared without photographs, so nothing can be measured here. Prepare it with "
                "`--photos`, or run `niwt evaluate STUDY --photos DIR`."
            ),
            icon=":material/help:",
        )
        return
    loo = evaluated["loo"]
    st.html(
        figures_row(
            [
                (
                    f"{loo['top1']:.1f} %",
                    tr("recognised first"),
                    tr("photographs of a class that was left out and described, among all others"),
                ),
                (f"{loo['stolen']:.2f} %", tr("taken away"), tr("of other classes' photographs, by one such class")),
                (
                    f"{loo['zsl']:.1f} %",
                    tr("{count}-way", count=loo["ways"]),
                    tr("left-out classes among themselves, none of them trained"),
                ),
                (
                    f"{evaluated['S']:.1f} %",
                    tr("trained classes"),
                    tr(
                        "right among all classes; {head_alone:.1f} % by the head alone",
                        head_alone=evaluated["head_alone"],
                    ),
                ),
            ]
        )
    )
    style.heading(
        tr("What a description costs"),
        tr(
            "Each class in turn is described instead of trained. The larger the stolen share, the photographs of "
            "others that it may take, the more of its own it gets."
        ),
        terms=("stolen share", "described class"),
    )
    chart = charts.figure(x=tr("photographs of other classes that it takes, %"), y=tr("recognised first, %"))
    for name, kind in ((N_("stolen share"), "unseen"), (N_("gamma"), "seen")):
        points = [point for point in loo["curve"] if point["calibration"] == name]
        tips = [
            tr("stolen share {percent:.1f} %", percent=100 * p["setting"])
            if name == "stolen share"
            else tr("gamma {setting:.2f}", setting=p["setting"])
            for p in points
        ]
        chart.add_scatter(
            x=[p["stolen"] for p in points], y=[p["top1"] for p in points], mode="lines+markers", name=tr(name), text=tips,
            line={"color": charts.tone(kind)}, hovertemplate=tr("%{text}: first %{y:.1f} %, taking %{x:.2f} %") + "<extra></extra>",
        )  # fmt: skip
    charts.show(
        chart,
        key="own_curve",
        alt=tr(
            "Recognised first {top1:.1f} percent at {stolen:.2f} percent taken away.",
            top1=loo["top1"],
            stolen=loo["stolen"],
        ),
    )
    st.caption(
        tr(
            "On {photographs:,} photographs. All described classes of this study together take "
            "{taken_by_described:.1f} % of them.",
            photographs=evaluated["photographs"],
            taken_by_described=evaluated["taken_by_described"],
        )
    )
    if "novelty" in evaluated:
        _novelty(evaluated["novelty"])


def _novelty(measured: Mapping[str, Any]) -> None:
    """What is told apart from photographs by the head alone, and what is not."""
    style.heading(
        tr("None of these"),
        tr(
            "The study keeps no photograph to compare a picture with. A picture is refused where it excites few of "
            "the neurons that the classes use: that tells what shows nothing, not what the network does not know."
        ),
        terms=("familiar",),
    )
    rows = [
        (tr(kind), f"{measured['refused'][kind]:.0f} %", f"{auroc:.2f}") for kind, auroc in measured["auroc"].items()
    ]
    st.html(table("1fr auto auto", (tr("Pictures"), tr("refused"), "AUROC"), rows))
    missed = [kind for kind, refused in measured["refused"].items() if refused < TOLD_APART]
    if missed:
        st.caption(
            tr(
                "Not told apart: {kinds}. The network takes them for things, and no score that was tried refuses them without refusing "
                "photographs of new things too; percentages for such a picture mean nothing.",
                kinds=", ".join(tr(kind) for kind in missed),
            )
        )
    if measured["accepted"] is not None:
        st.caption(
            tr(
                "Of photographs {accepted:.1f} % are accepted, by a limit from other classes' photographs "
                "({photographs:,} in all). AUROC 0.5 is chance; below it, pictures look more like photographs of things "
                "than photographs do.",
                accepted=measured["accepted"],
                photographs=measured["photographs"],
            )
        )
