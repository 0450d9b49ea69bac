"""Pictures that are no photographs of a thing: independent pixels, clouds, patterns, gradients, writing, and pictures cut into tiles. What is unlike
any study is tried on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

TILES = 8  # across, of a picture that is cut up


def noise(size: int, *, count: int, seed: int) -> tuple[Image.Image, ...]:
    """Pictures of independent pixels."""
    random = np.random.default_rng([seed, 3])
    return tuple(Image.fromarray(random.integers(0, 256, (size, size, 3), np.uint8)) for _ in range(count))


def clouds(size: int, *, count: int, seed: int) -> tuple[Image.Image, ...]:
    """Textures: coloured noise whose amplitude falls with a random power of the frequency, from 0.7 to 2 (photographs have about 1)."""
    random = np.random.default_rng([seed, 6])
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    frequency[0, 0] = 1.0
    out = []
    for _ in range(count):
        falling = frequency ** random.uniform(0.7, 2.0)
        planes = [
            np.fft.irfft2(np.fft.rfft2(random.normal(size=(size, size))) / falling, s=(size, size)) for _ in range(3)
        ]
        values = np.stack([(plane - plane.mean()) / plane.std() for plane in planes], -1)
        out.append(Image.fromarray((127 + 55 * values).clip(0, 255).astype(np.uint8)))
    return tuple(out)


def patterns(size: int, *, count: int, seed: int) -> tuple[Image.Image, ...]:
    """Stripes and checks, sharp or soft, of two random colours."""
    random = np.random.default_rng([seed, 7])
    y, x = np.mgrid[:size, :size]
    out = []
    for _ in range(count):
        turn = random.uniform(0, np.pi)
        along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        wave = np.sin(2 * np.pi * along / random.uniform(4, 40))
        if random.random() < 0.5:
            wave = wave * np.sin(2 * np.pi * across / random.uniform(4, 40))
        level = (wave > 0).astype(float) if random.random() < 0.5 else (wave + 1) / 2
        one, other = random.integers(0, 256, (2, 3)).astype(float)
        out.append(Image.fromarray((one + (other - one) * level[..., None]).astype(np.uint8)))
    return tuple(out)


def gradients(size: int, *, count: int, seed: int) -> tuple[Image.Image, ...]:
    """One random colour running into another, along a line or about a point."""
    random = np.random.default_rng([seed, 9])
    y, x = np.mgrid[:size, :size] / size
    out = []
    for _ in range(count):
        turn, at = random.uniform(0, 2 * np.pi), random.uniform(0, 1, 2)
        line = (x - 0.5) * np.cos(turn) + (y - 0.5) * np.sin(turn)
        level = line if random.random() < 0.5 else np.hypot(x - at[0], y - at[1])
        level = (level - level.min()) / (level.max() - level.min())
        one, other = random.integers(0, 256, (2, 3)).astype(float)
        out.append(Image.fromarray((one + (other - one) * level[..., None]).astype(np.uint8)))
    return tuple(out)


def writing(size: int, *, count: int, seed: int) -> tuple[Image.Image, ...]:
    """Pages of random words, one dark colour on a light one or the other way round."""
    random, letters = np.random.default_rng([seed, 10]), np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
    out = []
    for _ in range(count):
        dark, light = tuple(random.integers(0, 110, 3).tolist()), tuple(random.integers(170, 256, 3).tolist())
        ink, paper = (dark, light) if random.random() < 0.8 else (light, dark)
        page, height = Image.new("RGB", (size, size), paper), float(random.uniform(size / 22, size / 7))
        lines = []
        for _ in range(int(size / height)):
            words = ["".join(random.choice(letters, random.integers(1, 9))) for _ in range(30)]
            lines.append(" ".join(words).capitalize())
        ImageDraw.Draw(page).multiline_text(
            (size / 20, size / 20), "\n".join(lines), fill=ink, font=ImageFont.load_default(height)
        )
        out.append(page)
    return tuple(out)


def tiles(pictures: Sequence[Image.Image], *, seed: int, across: int = TILES) -> tuple[Image.Image, ...]:
    """Each picture cut into ``across`` x ``across`` tiles, which are put together in random order."""
    random, out = np.random.default_rng([seed, 4]), []
    for picture in pictures:
        height, width = picture.height // across, picture.width // across
        cut = np.asarray(picture)[: height * across, : width * across]
        pieces = cut.reshape(across, height, across, width, 3).swapaxes(1, 2).reshape(-1, height, width, 3)
        mixed = pieces[random.permutation(len(pieces))].reshape(across, across, height, width, 3).swapaxes(1, 2)
        out.append(Image.fromarray(mixed.reshape(cut.shape)))
    return tuple(out)
