"""Addresses to hand on: as the page was opened, readable by a telephone."""

import io

import numpy as np
import pytest
import segno
from PIL import Image

from niwt_core import Recipe
from pages.components.build import link
from pages.components.shared import share


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("http://10.0.0.3:8501/", "http://10.0.0.3:8501/"),
        ("http://10.0.0.3:8501/build?class=x", "http://10.0.0.3:8501/"),
        ("https://birds.example/app/measure", "https://birds.example/app/"),
        ("https://birds.example/app/", "https://birds.example/app/"),
        ("https://birds.example/app", "https://birds.example/app/"),
    ],
)
def test_the_root_below_any_prefix(url: str, root: str) -> None:
    assert share.root_of(url) == root
    assert link.address(url, Recipe("A", {"a": 1})).startswith(f"{root}?class=")


@pytest.mark.parametrize(
    ("url", "host", "reachable"),
    [
        ("http://localhost:8501/build", "192.168.7.9", "http://192.168.7.9:8501/build"),
        ("http://127.0.0.1:8501/", "192.168.7.9", "http://192.168.7.9:8501/"),
        ("http://[::1]:8501/", "192.168.7.9", "http://192.168.7.9:8501/"),
        ("http://localhost:8501/", "", "http://localhost:8501/"),
        ("http://localhost:8501/", "127.0.0.1", "http://localhost:8501/"),
        ("https://birds.example/x", "192.168.7.9", "https://birds.example/x"),
        ("", "192.168.7.9", ""),
    ],
)
def test_this_machines_own_name_is_no_use_to_others(url: str, host: str, reachable: str) -> None:
    assert share.reachable(url, host) == reachable


def test_the_code_is_the_addresss_own() -> None:
    """Against segno's matrix, read off the drawn picture: dark on white, with the four modules of quiet that readers need."""
    url = "http://192.168.7.9:8501/"
    picture = io.BytesIO()
    made = segno.make(url, micro=False, error="m")
    made.save(picture, kind="png", border=4, scale=1)
    pixels = np.array(Image.open(picture).convert("L")) < 128
    assert not pixels[:4].any()
    assert not pixels[:, :4].any()
    assert (pixels[4:-4, 4:-4] == np.array([[bool(cell) for cell in row] for row in made.matrix])).all()
    assert share.picture_of(url).startswith("data:image/svg+xml")
    assert share.picture_of(url) != share.picture_of(url + "x")
