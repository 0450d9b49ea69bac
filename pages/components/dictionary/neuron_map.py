"""The map of the dictionary: neurons that matter to the same classes lie together, coloured by the part that their names speak of."""

from __future__ import annotations

import numpy as np
import streamlit as st

from niwt_core import Study
from niwt_core.neurons.projection import map_of_neurons
from pages.components.shared import cards, charts, lookup, style, user_names
from pages.components.shared.language import tr
from pages.components.shared.session import per_study
from pages.components.shared.style import text

PARTS = len(charts.GROUPS) - 1  # groups with a colour of their own; the rest share the last


@per_study
def places(study: Study) -> np.ndarray:
    """(N,2) where each neuron lies."""
    return map_of_neurons(lookup.importances(study), seed=study.seed)


def show(study: Study, listed: list[int]) -> None:
    """Draws the neurons that the filters let through; a click opens one."""
    at, neurons = places(study), tuple(user_names.shown(study, n) for n in range(len(study.neurons)))
    named = [n for n in listed if neurons[n].is_named]
    groups = lookup.parts(study)
    of_group: dict[str, list[int]] = {}
    for n in named:
        of_group.setdefault(groups.get(lookup.group_of(neurons[n]), tr("attribute")), []).append(n)
    ranked = sorted(of_group, key=lambda group: -len(of_group[group]))
    shown = {group: of_group[group] for group in ranked[:PARTS]}
    if others := [n for group in ranked[PARTS:] for n in of_group[group]]:
        shown[tr("other parts")] = others
    chart = charts.figure(height=520)
    if unnamed := [n for n in listed if not neurons[n].is_named]:
        tips = [tr("№ {index}: no name", index=n) for n in unnamed]
        charts.points(
            chart,
            at[unnamed, 0],
            at[unnamed, 1],
            name=style.trust_name("unnamed"),
            kind="faint",
            tips=tips,
            ids=unnamed,
            size=6,
        )
    for (group, members), color in zip(shown.items(), charts.GROUPS, strict=False):
        tips = [
            f"№ {n}: {text(neurons[n].label)}<br>{style.trust_name(neurons[n].trust)}, AUROC {neurons[n].auroc:.2f}"
            for n in members
        ]
        charts.points(
            chart, at[members, 0], at[members, 1], name=text(group), kind="neuron", tips=tips, ids=members, color=color
        )
    chart.update_xaxes(showticklabels=False)
    chart.update_yaxes(showticklabels=False)
    clicked = charts.show(chart, key="neuron_map", alt=tr("Map of {count} neurons.", count=len(listed)), clicks=True)
    st.caption(
        tr(
            "Neurons that matter to the same classes lie together (t-SNE of their importances). Directions and large "
            "distances mean nothing."
        )
    )
    if clicked is not None:
        cards.open_neuron(int(clicked))
        st.rerun()
