"""The map of the classes, which Measure and Build show: trained, described and built classes on the plane of the trained ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import plotly.graph_objects as go
import torch

from niwt_core import BuiltClass, Study
from niwt_core.classify.projection import ClassMap, map_of_classes
from niwt_core.knowledge.class_names import display_name
from pages.components.shared import charts, style
from pages.components.shared.language import tr
from pages.components.shared.session import per_study
from pages.components.shared.style import text


@per_study
def plane(study: Study) -> ClassMap:
    """The plane of the study's seen classes."""
    return map_of_classes(study.head.rows)


def show_class_map(study: Study, built: Iterable[BuiltClass], *, key: str, clicks: bool = False) -> Any:
    """Draws the map with the classes built here; the index of a class of the study that was clicked, else None."""
    chart = _study_map(study)
    mine = list(built)
    if mine:
        chart = go.Figure(chart)
        where = plane(study).place(torch.stack([item.weights for item in mine]))
        tips = [f"<b>{text(item.name)}</b>" for item in mine]
        charts.points(
            chart,
            where[:, 0],
            where[:, 1],
            name=style.kind_name("built"),
            kind="built",
            tips=tips,
            ids=[-1] * len(mine),
            size=16,
        )
    clicked = charts.show(
        chart,
        key=key,
        alt=tr(
            "Map of {places} classes of the study and {mine} built here.", places=len(study.classes), mine=len(mine)
        ),
        clicks=clicks,
    )
    return None if clicked is None or int(clicked) < 0 else clicked


@charts.drawn_once
def _study_map(study: Study) -> go.Figure:
    at = plane(study)
    places = at.place(study.full_head.rows)
    chart = charts.figure(height=420)
    for kind, of_kind, size in (("seen", study.seen, 8), ("unseen", ~study.seen, 9)):
        chosen = np.flatnonzero(of_kind)
        tips = [text(display_name(study.classes[c])) for c in chosen]
        charts.points(
            chart,
            places[chosen, 0],
            places[chosen, 1],
            name=style.kind_name(kind),
            kind=kind,
            tips=tips,
            ids=chosen.tolist(),
            size=size,
        )
    chart.update_xaxes(
        showticklabels=False,
        title=charts.wrapped(
            tr("the plane shows {explained:.0f} % of what sets trained classes apart", explained=100 * at.explained)
        ),
    )
    chart.update_yaxes(showticklabels=False, scaleanchor="x")
    return chart
