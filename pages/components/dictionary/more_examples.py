"""On a neuron's page: what it answers to beside the few pictures that excite it most."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch

from niwt_core import Study
from niwt_core.knowledge.class_names import display_name
from niwt_core.neurons.more_examples import MoreExamples, more_examples
from pages.components.shared import names
from pages.components.shared.language import tr
from pages.components.shared.pictures import address, crop
from pages.components.shared.session import per_study_and_language
from pages.components.shared.style import text


def show(study: Study, index: int) -> None:
    """The next strongest pictures, random ones and those at the edge of its word, behind a disclosure."""
    if not study.gallery.top.shape[1] or len(study.gallery) <= study.gallery.top.shape[1]:
        return
    with st.expander(
        tr("More pictures, not only the strongest"), icon=":material/grid_view:", on_change="rerun", key="more-pictures"
    ) as opened:
        if opened.open:
            st.html(markup(study, index))


@per_study_and_language
def markup(study: Study, index: int) -> str:
    """Three rows of pictures, each with the neuron's mean activation and whether its class has the word."""
    neuron = study.neurons[index]
    pictures = study.gallery.pictures
    activations = study.pooled[torch.from_numpy(pictures), index].float().numpy()
    has = None
    if neuron.attribute:
        has = study.knowledge.presence()[study.labels[pictures], study.knowledge.names.index(neuron.attribute)]
    chosen = more_examples(activations, has, skip=study.gallery.top.shape[1], seed=study.seed)
    return "".join(
        _row(study, title, about, places, activations, has)
        for title, about, places in _rows(chosen, names.of_neuron(study, neuron).label)
    )


def _rows(chosen: MoreExamples, label: str) -> list[tuple[str, str, np.ndarray]]:
    rows = [
        (tr("Next strongest"), tr("after those above"), chosen.strongest),
        (tr("At random"), tr("of the held-out pictures that the study keeps"), chosen.random),
    ]
    if len(chosen.edge):
        about = tr(
            "nearest to {threshold:.3g}, from which on “{label}” is told best; the strongest first",
            threshold=chosen.threshold,
            label=label,
        )
        rows.append((tr("At the edge"), about, chosen.edge))
    return [row for row in rows if len(row[2])]


def _row(
    study: Study, title: str, about: str, places: np.ndarray, activations: np.ndarray, has: np.ndarray | None
) -> str:
    cells = []
    for place in places.tolist():
        name = display_name(study.classes[study.labels[study.gallery.pictures[place]]])
        word = "" if has is None else (tr(" · has it") if has[place] else tr(" · has it not"))
        cells.append(
            f"<figure>{crop(address(study.gallery.jpeg(place)), alt=name)}<figcaption>{activations[place]:.3g}{word}</figcaption></figure>"
        )
    count = (
        ""
        if has is None
        else tr(" {count} of {total} are of classes that have it.", count=int(has[places].sum()), total=len(places))
    )
    return f'<p class="cyn-eyebrow cyn-gap">{text(title)}: {text(about)}.{count}</p><div class="cyn-more">{"".join(cells)}</div>'
