"""The viewer: the picture and its importance map side by side; opacity and zoom work in the browser, without a call to the server."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path

import streamlit as st

from niwt_core import EncodedPicture
from niwt_core.explain.attribution import ImportanceMap
from niwt_core.explain.overlay import WHOLE, Box, dimmed
from niwt_core.report.figures import METHOD_MEANING, METHOD_NAMES, jpeg_uri, map_layer, sized
from pages.components.shared.language import tr
from pages.components.shared.pictures import address

SIDE, HEAT_SIDE = 640, 320  # pixels
_FILES = {
    name: Path(__file__).with_name(f"viewer.{name}").read_text(encoding="utf-8") for name in ("html", "css", "js")
}
_viewer = st.components.v2.component("niwt_viewer", html=_FILES["html"], css=_FILES["css"], js=_FILES["js"])


def show(picture: EncodedPicture, map_: ImportanceMap, *, name: str, key: str) -> None:
    """Shows a picture beside itself under the map of the class ``name``, pale where the network did not look; ``key`` tells pictures apart."""
    image = dimmed(sized(picture.image), picture.box)
    method = tr(METHOD_NAMES[map_.method])
    data = {
        "key": key,
        "original": jpeg_uri(image, side=SIDE),
        "heat": layer_address(map_, image.size, picture.box),
        "ratio": image.width / image.height,
        "alt": tr("The picture, pale where the network did not look"),
        "heatAlt": tr("{method} for {name}", method=method, name=name),
        "left": tr("The picture") if picture.box == WHOLE else tr("The picture, pale where the network did not look"),
        "right": tr(
            "{method} for {name}: {meaning}", method=method, name=name, meaning=tr(METHOD_MEANING[map_.method])
        ),
        "words": {
            "whole": tr("The picture and its map"),
            "opacity": tr("Map opacity"),
            "ofMap": tr("Opacity of the map"),
            "zoom": tr("Zoom"),
            "out": tr("Zoom out"),
            "all": tr("Show the whole picture"),
            "in": tr("Zoom in"),
        },
    }
    _viewer(data=data, key="viewer")


def show_alone(picture: EncodedPicture) -> None:
    """Shows a picture where there is no map to lay over it."""
    source = jpeg_uri(dimmed(sized(picture.image), picture.box), side=SIDE)
    st.html(f'<img class="cls-alone" src="{source}" alt="{tr("The picture, pale where the network did not look")}">')


@lru_cache(maxsize=32)  # maps are kept by the page; the same one is laid over the same picture at each run
def layer_address(map_: ImportanceMap, size: tuple[int, int], box: Box) -> str:
    """The map alone, clear where nothing speaks, over a picture of ``size`` seen in its ``box``, as a PNG data address."""
    buffer = io.BytesIO()
    scale = HEAT_SIDE / max(size)
    width, height = (max(1, round(side * scale)) for side in size)
    map_layer(map_, size=(width, height), box=box).save(buffer, "PNG")
    return address(buffer.getvalue(), "png")
