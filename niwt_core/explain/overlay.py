"""Importance maps drawn over pictures."""

from __future__ import annotations

import numpy as np
from PIL import Image
from torch import Tensor

# Inferno and a blue-red pair, sampled: colour-blind-safe, and the same without Matplotlib's import time.
_HEAT = np.array(
    [(0, 0, 4), (51, 10, 95), (120, 28, 109), (187, 55, 84), (237, 105, 37), (252, 181, 25), (252, 255, 164)], float
)
Box = tuple[float, float, float, float]  # left, top, right, bottom in fractions of a picture's sides
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
PALE = 0.6  # of white, where the network did not look
AGAINST, FOR = np.array([33, 102, 172], float), np.array([214, 96, 27], float)


def heat_colours(values: np.ndarray) -> np.ndarray:
    """(...,) in 0..1 -> (...,3) uint8 along the heat scale."""
    at = np.linspace(0, 1, len(_HEAT))
    return np.stack([np.interp(values, at, _HEAT[:, channel]) for channel in range(3)], -1).round().astype(np.uint8)


def overlay(
    image: Image.Image,
    values: Tensor | np.ndarray,
    *,
    box: Box = WHOLE,
    opacity: float = 0.6,
    signed: bool = False,
) -> Image.Image:
    """``image`` (RGB) with a map (h,w) over the part that the network saw, the rest dimmed; strong places cover more.

    Args:
        box: that part, as `EncodedPicture.box` has it; the map is stretched over it, so that its places are those of the picture.
        opacity: 0..1 at the strongest place.
        signed: orange for positive and blue for negative values; otherwise a heat scale of the positive ones.
    """
    shown = dimmed(image, box)
    left, top, right, bottom = pixels_of(box, image.size)
    seen = shown.crop((left, top, right, bottom))
    values = np.asarray(values, np.float32)
    scaled = values / max(float(np.abs(values).max()), 1e-12)
    score = np.abs(scaled) if signed else scaled.clip(0, 1)
    colours = np.where(scaled[..., None] >= 0, FOR, AGAINST) if signed else heat_colours(score)
    heat = Image.fromarray(colours.astype(np.uint8)).resize(seen.size, Image.Resampling.BICUBIC)
    alpha = Image.fromarray((255 * opacity * np.sqrt(score)).round().astype(np.uint8)).resize(
        seen.size, Image.Resampling.BICUBIC
    )
    shown.paste(Image.composite(heat, seen, alpha), (left, top))
    return shown


def pixels_of(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """A box of fractions in whole pixels of a picture of ``size``; never empty."""
    (left, top, right, bottom), (width, height) = box, size
    x, y = min(round(left * width), width - 1), min(round(top * height), height - 1)
    return x, y, max(round(right * width), x + 1), max(round(bottom * height), y + 1)


def seen_part(image: Image.Image, box: Box) -> Image.Image:
    """The part of a picture that the network saw, in the picture's own proportions."""
    return image.convert("RGB").crop(pixels_of(box, image.size))


def dimmed(image: Image.Image, box: Box) -> Image.Image:
    """The picture, pale where the network did not look."""
    rgb = image.convert("RGB")
    place = pixels_of(box, image.size)
    if place == (0, 0, *image.size):
        return rgb.copy()
    shown = Image.blend(rgb.convert("L").convert("RGB"), Image.new("RGB", rgb.size, "white"), PALE)
    shown.paste(rgb.crop(place), place[:2])
    return shown
