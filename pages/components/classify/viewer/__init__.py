"""The viewer: the picture and its importance map side by side; opacity and zoom work in the browser, without a call to the server."""

from __future__ import annotations

import io
from pathlib import Path

import streamlit as st
from PIL import Image

from niwt_core.explain.attribution import ImportanceMap
from niwt_core.report.figures import METHOD_MEANING, METHOD_NAMES, jpeg_uri, map_layer
from pages.components.shared.pictures import address

SIDE, HEAT_SIDE = 640, 256  # pixels
_FILES = {
    name: Path(__file__).with_name(f"viewer.{name}").read_text(encoding="utf-8") for name in ("html", "css", "js")
}
_viewer = st.components.v2.component("niwt_viewer", html=_FILES["html"], css=_FILES["css"], js=_FILES["js"])


def show(square: Image.Image, map_: ImportanceMap, *, name: str, key: str) -> None:
    """Shows ``square`` (what the network saw) beside itself under the map of the class ``name``; ``key`` tells pictures apart."""
    method = METHOD_NAMES[map_.method]
    data = {
        "key": key,
        "original": jpeg_uri(square, side=SIDE),
        "heat": layer_address(map_),
        "alt": "The picture as the network saw it",
        "heatAlt": f"{method} for {name}",
        "left": "What the network saw",
        "right": f"{method} for {name}: {METHOD_MEANING[map_.method]}",
    }
    _viewer(data=data, key="viewer")


def layer_address(map_: ImportanceMap) -> str:
    """The map alone, clear where nothing speaks, as a PNG data address."""
    buffer = io.BytesIO()
    map_layer(map_, side=HEAT_SIDE).save(buffer, "PNG")
    return address(buffer.getvalue(), "png")
