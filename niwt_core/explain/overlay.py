"""Importance maps drawn over pictures."""

from __future__ import annotations

import numpy as np
from PIL import Image
from torch import Tensor

# Inferno and a blue-red pair, sampled: colour-blind-safe, and the same without Matplotlib's import time.
_HEAT = np.array(
    [(0, 0, 4), (51, 10, 95), (120, 28, 109), (187, 55, 84), (237, 105, 37), (252, 181, 25), (252, 255, 164)], float
)
AGAINST, FOR = np.array([33, 102, 172], float), np.array([214, 96, 27], float)


def heat_colours(values: np.ndarray) -> np.ndarray:
    """(...,) in 0..1 -> (...,3) uint8 along the heat scale."""
    at = np.linspace(0, 1, len(_HEAT))
    return np.stack([np.interp(values, at, _HEAT[:, channel]) for channel in range(3)], -1).round().astype(np.uint8)


def overlay(
    image: Image.Image, values: Tensor | np.ndarray, *, opacity: float = 0.6, signed: bool = False
) -> Image.Image:
    """``image`` (RGB) with a map (h,w) over the centred square that the network saw; strong places cover more.

    Args:
        opacity: 0..1 at the strongest place.
        signed: orange for positive and blue for negative values; otherwise a heat scale of the positive ones.
    """
    square = centre_square(image)
    values = np.asarray(values, np.float32)
    scaled = values / max(float(np.abs(values).max()), 1e-12)
    score = np.abs(scaled) if signed else scaled.clip(0, 1)
    colours = np.where(scaled[..., None] >= 0, FOR, AGAINST) if signed else heat_colours(score)
    heat = Image.fromarray(colours.astype(np.uint8)).resize(square.size, Image.Resampling.BICUBIC)
    alpha = Image.fromarray((255 * opacity * np.sqrt(score)).round().astype(np.uint8)).resize(
        square.size, Image.Resampling.BICUBIC
    )
    return Image.composite(heat, square, alpha)


def centre_square(image: Image.Image) -> Image.Image:
    """The centred square of a picture: the part that the network sees."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.convert("RGB").crop((left, top, left + side, top + side))
