"""The three kinds of class can be told apart by everyone, on both papers."""

from itertools import combinations

import numpy as np
import pytest

from pages.components.shared.style import INK, KINDS, NEURON, PAPER, SIGNS, SOFT, Tone

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
VISION = {
    "full": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def linear(colour: str) -> np.ndarray:
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ rgb
        / [0.9505, 1, 1.089]
    )
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(a: str, b: str) -> float:
    low, high = sorted(float(np.array([0.2126, 0.7152, 0.0722]) @ linear(colour)) for colour in (a, b))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_kinds_differ_for_every_kind_of_sight(vision: str, theme: str) -> None:
    seen = [lab(np.clip(np.array(VISION[vision]) @ linear(getattr(tone, theme)), 0, 1)) for tone in KINDS.values()]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)) >= 13.5


@pytest.mark.parametrize("tone", [*KINDS.values(), NEURON, INK, SOFT])
def test_text_colours_are_legible(tone: Tone) -> None:
    assert contrast(tone.light, PAPER.light) >= 4.5
    assert contrast(tone.dark, PAPER.dark) >= 4.5


def test_signs_tell_the_kinds_apart_without_colour() -> None:
    assert len(set(SIGNS.values())) == len(KINDS)
