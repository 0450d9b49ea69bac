"""Where a map would be one blob it is not drawn: what the layer's grid is, and what looks closer."""

from __future__ import annotations

import streamlit as st

from niwt_core.classify.answer import Answer
from niwt_core.explain.attribution import Method
from pages.components.shared.language import tr

FEWEST = 4  # places a side: with fewer every map is one blob
OF_THE_LAYER = "grad-cam"  # the method that draws on the layer's grid; the others look at pixels


def grid(answer: Answer) -> tuple[int, int]:
    """(height, width) of the dictionary layer for this picture, in places."""
    height, width = answer.classifier.study.network.spatial(answer.picture.activations).shape[2:]
    return int(height), int(width)


def note(answer: Answer, method: Method) -> str:
    """Why a map by ``method`` would say nothing; "" where it says something."""
    height, width = grid(answer)
    if method != OF_THE_LAYER or min(height, width) >= FEWEST:
        return ""
    return tr(
        "Too coarse to tell: this layer sees the picture as {height} by {width} places. Integrated gradients and "
        "occlusion look at the picture itself.",
        height=height,
        width=width,
    )


def say(answer: Answer, method: Method) -> None:
    """Says so, or how fine the grid is that the map was drawn on."""
    reason = note(answer, method)
    if reason:
        st.info(reason, icon=":material/grid_on:")
    elif method == OF_THE_LAYER:
        height, width = grid(answer)
        st.caption(
            tr(
                "Drawn on the layer's grid of {height} by {width} places; nothing finer can be told apart.",
                height=height,
                width=width,
            )
        )
