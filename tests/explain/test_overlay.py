"""Maps lie on the part of the picture that the network saw: a mark in a known place is found again there, however the network takes pictures."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.explain.attribution import ImportanceMap
from niwt_core.explain.overlay import WHOLE, dimmed, overlay, pixels_of, seen_part
from niwt_core.report.figures import map_layer, sized
from pages.components.shared.pictures import network_view

SIZE, MARK = 64, 18
PLAIN = {"size": SIZE, "mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
WAYS = {
    "centred square": Preprocess(**PLAIN),
    "cropped": Preprocess(**PLAIN, resize=80),
    "cropped in two steps": Preprocess(**PLAIN, resize=80, two_steps=True),
    "squeezed": Preprocess(**PLAIN, whole=True),
    "squeezed and cropped": Preprocess(**PLAIN, resize=72, whole=True, floor=True),
}
SHAPES = ((240, 160), (160, 240), (200, 200), (401, 123))


def marked(size: tuple[int, int], place: tuple[int, int]) -> Image.Image:
    """A grey picture with a white mark about ``place`` (x, y)."""
    image = Image.new("RGB", size, (90, 90, 90))
    x, y = place
    image.paste((255, 255, 255), (x - MARK // 2, y - MARK // 2, x + MARK // 2, y + MARK // 2))
    return image


def centre(weights: np.ndarray) -> tuple[float, float]:
    """(x, y) of the centre of gravity of (h,w)."""
    y, x = np.indices(weights.shape)
    return float((x * weights).sum() / weights.sum()), float((y * weights).sum() / weights.sum())


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", SHAPES)
def test_a_mark_is_found_where_it_is(way: str, size: tuple[int, int]) -> None:
    preprocess = WAYS[way]
    box = preprocess.seen_box(*size)
    left, top, right, bottom = pixels_of(box, size)
    for across in (0.25, 0.5, 0.75):
        place = (round(left + across * (right - left)), round(top + (1 - across) * (bottom - top)))
        image = marked(size, place)
        # The network's input stands for a map that is high at the mark alone: its places are those of what the network saw.
        values = (preprocess(image)[0].numpy() - 90 / 255).clip(0)
        drawn = np.asarray(overlay(image, values, box=box), float)
        changed = np.abs(drawn - np.asarray(dimmed(image, box), float)).sum(2)
        assert centre(changed) == pytest.approx(place, abs=2.5)
        layer = np.asarray(map_layer_of(values, size, box), float)[..., 3]
        assert centre(layer) == pytest.approx(place, abs=2.5)


def map_layer_of(values: np.ndarray, size: tuple[int, int], box: tuple[float, float, float, float]) -> Image.Image:
    return map_layer(ImportanceMap("grad-cam", torch.from_numpy(values.copy())), size=size, box=box)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", SHAPES)
def test_the_box_is_what_the_network_sees(way: str, size: tuple[int, int]) -> None:
    """Pixels inside the box change the input, pixels clearly outside do not."""
    preprocess = WAYS[way]
    left, top, right, bottom = pixels_of(preprocess.seen_box(*size), size)
    plain = Image.new("RGB", size, (90, 90, 90))
    inside, outside = plain.copy(), Image.new("RGB", size, (255, 255, 255))
    inside.paste((255, 255, 255), (left, top, right, bottom))
    assert float(preprocess(inside)[:, 3:-3, 3:-3].min()) > 0.98  # at the very border a filter reaches out
    wide = 8  # what a filter reaches
    outside.paste((90, 90, 90), (left - wide, top - wide, right + wide, bottom + wide))
    assert float((preprocess(outside) - preprocess(plain)).abs().max()) < 0.02


def test_the_rest_is_pale_and_proportions_stay() -> None:
    size, preprocess = (300, 150), WAYS["centred square"]
    image = Image.new("RGB", size, (20, 60, 120))
    shown = overlay(image, np.zeros((4, 4), np.float32), box=preprocess.seen_box(*size))
    assert shown.size == size
    assert shown.getpixel((150, 75)) == (20, 60, 120)
    assert min(shown.getpixel((20, 75))) > 150
    assert seen_part(image, preprocess.seen_box(*size)).size == (150, 150)
    assert dimmed(image, WHOLE).tobytes() == image.tobytes()
    wide, narrow = sized(Image.new("RGB", (100, 50))), sized(Image.new("RGB", (1600, 400)))
    assert (wide.size, narrow.size) == ((448, 224), (768, 192))


def test_a_small_picture_shows_the_networks_view() -> None:
    buffer = io.BytesIO()
    marked((200, 100), (20, 50)).save(buffer, "JPEG", quality=95)
    jpeg = buffer.getvalue()
    assert network_view(jpeg, WAYS["centred square"]) is jpeg  # its centred square, cut by the page
    with Image.open(io.BytesIO(network_view(jpeg, WAYS["squeezed"]))) as view:
        assert view.width == view.height
        x, y = centre(np.asarray(view.convert("L"), float).clip(170) - 170)
        assert (x / view.width, y / view.height) == pytest.approx((0.1, 0.5), abs=0.02)
