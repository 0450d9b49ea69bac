"""The far background of each habitat, painted small and enlarged: that is its depth of field, and it is cheap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from niwt_core.data.aviary.curves import Piece, bundle, disc, feather, polyline, spline
from niwt_core.data.aviary.painter import paint
from niwt_core.data.aviary.palette import Color, darker, lighter, mix
from niwt_core.data.aviary.skia_import import skia

GRAIN = 96
"""Side of the backdrop in pixels, whatever the size of the picture, so that all sizes look alike."""


def paint_backdrop(habitat: str, *, rng: np.random.Generator, horizon: float, blur: float) -> skia.Image:
    """A GRAIN x GRAIN picture of a habitat; `horizon` is a share of the height, `blur` in shares of the side."""
    surface = skia.Surface(GRAIN, GRAIN)
    canvas = surface.getCanvas()
    canvas.scale(GRAIN, GRAIN)
    paint(canvas, _HABITATS[habitat](rng, horizon))
    image = surface.makeImageSnapshot()
    soft = skia.Surface(GRAIN, GRAIN)
    brush = skia.Paint(ImageFilter=skia.ImageFilters.Blur(blur * GRAIN, blur * GRAIN, skia.TileMode.kClamp))
    soft.getCanvas().drawImage(image, 0, 0, skia.SamplingOptions(), brush)
    return soft.makeImageSnapshot()


def wash(top: Color, bottom: Color, start: float = 0.0, end: float = 1.0) -> Piece:
    """A band across the picture that runs from one colour to another."""
    return Piece(
        polyline([complex(-0.1, start), complex(1.1, start), complex(1.1, end), complex(-0.1, end)], closed=True),
        top,
        to=bottom,
        axis=(complex(0, start), complex(0, end)),
    )


def hills(
    rng: np.random.Generator, level: float, height: float, color: Color, *, bumps: int = 6, to: Color | None = None
) -> Piece:
    """A ridge from side to side, filled down to the bottom."""
    crest = [complex(-0.2 + 1.4 * k / bumps, level - height * rng.random()) for k in range(bumps + 1)]
    path = spline([complex(-0.3, 1.3), *crest, complex(1.3, 1.3)], tightness=0.13)
    return Piece(path, color, to=to, axis=(complex(0, level - height), 1.0j) if to else None)


def _branch(rng: np.random.Generator, horizon: float) -> list[Piece]:
    sky, deep = _shade(rng, (196, 222, 168), 14), _shade(rng, (58, 104, 70), 12)
    pieces = [wash(sky, deep)]
    for _ in range(3):
        x, lean = rng.uniform(0, 1), rng.uniform(-0.12, 0.12)
        pieces.append(
            Piece(
                spline([complex(x, -0.1), complex(x + lean, 1.1)], closed=False),
                (66, 74, 54),
                alpha=0.45,
                width=rng.uniform(0.03, 0.09),
            )
        )
    for _ in range(26):
        tone = mix(darker(deep, 0.35), (222, 240, 150), rng.random())
        pieces.append(
            Piece(
                disc(complex(rng.uniform(0, 1), rng.uniform(0, 1)), rng.uniform(0.03, 0.15)),
                tone,
                alpha=rng.uniform(0.14, 0.42),
            )
        )
    return pieces


def _reeds(rng: np.random.Generator, horizon: float) -> list[Piece]:
    pieces = [wash((222, 226, 192), (170, 186, 132), 0, horizon), wash((124, 152, 140), (74, 104, 96), horizon, 1.0)]
    for k in range(46):
        x, lean, top = rng.uniform(-0.05, 1.05), rng.uniform(-0.12, 0.12), rng.uniform(-0.05, 0.5)
        tone = mix((92, 116, 62), (216, 190, 112), rng.random())
        path = spline(
            [complex(x, horizon + rng.uniform(0.05, 0.25)), complex(x + lean * 0.3, 0.5), complex(x + lean, top)],
            closed=False,
        )
        pieces.append(Piece(path, tone, alpha=0.35 + 0.012 * k, width=rng.uniform(0.010, 0.026)))
    return pieces


def _water(rng: np.random.Generator, horizon: float) -> list[Piece]:
    level = horizon * 0.55
    pieces = [
        wash((204, 226, 236), (232, 236, 222), 0, level),
        hills(rng, level, 0.09, (122, 158, 148), to=(122, 158, 148)),
    ]
    pieces.append(wash((150, 196, 206), (44, 110, 142), level, 1.0))
    ripples = []
    for _ in range(34):
        y = level + (1 - level) * rng.random() ** 0.8
        x, reach = rng.uniform(-0.1, 1), 0.05 + 0.22 * (y - level)
        ripples.append(spline([complex(x, y), complex(x + reach / 2, y - 0.008), complex(x + reach, y)], closed=False))
    pieces.append(Piece(bundle(ripples[:17]), (222, 242, 244), alpha=0.55, width=0.014))
    pieces.append(Piece(bundle(ripples[17:]), (28, 82, 116), alpha=0.40, width=0.016))
    return pieces


def _meadow(rng: np.random.Generator, horizon: float) -> list[Piece]:
    level = horizon * 0.72
    pieces = [wash((142, 196, 232), (236, 242, 228), 0, level)]
    for _ in range(4):
        x, y = rng.uniform(0, 1), rng.uniform(0.02, level * 0.6)
        pieces += [
            Piece(disc(complex(x + 0.07 * k, y + 0.02 * abs(k)), 0.07), (255, 255, 255), alpha=0.5) for k in (-1, 0, 1)
        ]
    pieces += [
        hills(rng, level, 0.12, (134, 176, 138)),
        hills(rng, level + 0.10, 0.10, (150, 190, 96), to=(92, 146, 60)),
    ]
    for _ in range(40):
        y = level + 0.12 + (0.9 - level) * rng.random()
        tone = ((250, 222, 90), (246, 246, 250), (232, 120, 140), (180, 130, 214))[int(rng.integers(4))]
        pieces.append(Piece(disc(complex(rng.uniform(0, 1), y), 0.008 + 0.020 * (y - level)), tone, alpha=0.85))
    return pieces


def _snow(rng: np.random.Generator, horizon: float) -> list[Piece]:
    level = horizon * 0.8
    pieces = [wash((150, 176, 206), (214, 226, 236), 0, level), hills(rng, level, 0.15, (184, 202, 222))]
    for _ in range(9):
        x, y, tall = rng.uniform(0, 1), level + rng.uniform(-0.03, 0.06), rng.uniform(0.2, 0.5)
        pieces.append(
            Piece(
                polyline([complex(x - tall * 0.2, y), complex(x, y - tall), complex(x + tall * 0.2, y)], closed=True),
                mix((62, 92, 104), (128, 156, 172), rng.random()),
                alpha=0.85,
            )
        )
    pieces.append(hills(rng, level + 0.07, 0.07, (232, 240, 250), to=(176, 198, 224)))
    return pieces


def _dusk(rng: np.random.Generator, horizon: float) -> list[Piece]:
    level = horizon * 0.9
    low, sun = level * 0.95, complex(rng.uniform(0.1, 0.9), level * rng.uniform(0.55, 0.9))
    pieces = [
        wash((86, 78, 140), (226, 132, 128), 0, low * 0.6),
        wash((226, 132, 128), (255, 204, 128), low * 0.6, 1.0),
    ]
    pieces += [Piece(disc(sun, 0.24), (255, 226, 150), alpha=0.35), Piece(disc(sun, 0.10), (255, 244, 206), alpha=0.95)]
    for _ in range(7):
        y, x = rng.uniform(0.05, low * 0.8), rng.uniform(-0.1, 0.8)
        pieces.append(
            Piece(
                feather(complex(x, y), complex(x + rng.uniform(0.25, 0.5), y + 0.01), 0.022), (255, 190, 160), alpha=0.4
            )
        )
    pieces += [hills(rng, level, 0.12, (138, 92, 124)), hills(rng, level + 0.09, 0.08, (92, 66, 102), to=(52, 40, 70))]
    return pieces


def _shade(rng: np.random.Generator, color: Color, reach: float) -> Color:
    r, g, b = (min(255.0, max(0.0, c + d)) for c, d in zip(color, rng.uniform(-reach, reach, 3), strict=True))
    return lighter((r, g, b), 0.05)


_HABITATS: Mapping[str, Callable[[np.random.Generator, float], list[Piece]]] = MappingProxyType(
    {"branch": _branch, "reeds": _reeds, "water": _water, "meadow": _meadow, "snow": _snow, "dusk": _dusk}
)
HABITATS: tuple[str, ...] = tuple(_HABITATS)
