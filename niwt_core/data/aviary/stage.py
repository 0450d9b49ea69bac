"""Where a bird is: on a perch, on the ground, in the shallows or in the air. Coordinates are shares of the side."""

import math
from dataclasses import dataclass

import numpy as np

from niwt_core.data.aviary.backdrop import hills
from niwt_core.data.aviary.curves import Piece, Point, bundle, feather, polyline, spline
from niwt_core.data.aviary.palette import lighter, mix
from niwt_core.data.aviary.perch import WOOD, log, make_perch
from niwt_core.data.aviary.plants import blade, cattails, veil


@dataclass(frozen=True)
class Stage:
    """Strokes behind the bird and in front of it; those in front that hide it are marked "cover".

    `waterline` is the height at which the bird is mirrored, None on dry land.
    """

    behind: tuple[Piece, ...] = ()
    front: tuple[Piece, ...] = ()
    waterline: float | None = None


def make_stage(
    habitat: str,
    pose: str,
    feet: tuple[Point, ...],
    *,
    scale: float,
    leg: float,
    cover: float,
    rng: np.random.Generator,
) -> Stage:
    """Perch or ground for `feet` (none in flight), and things in front.

    `scale` is the picture's share that a body length takes, `leg` the legs' length in body lengths, and `cover`
    (0 to 1) how much may hang in front of the bird.
    """
    hanging = tuple(veil(habitat, cover, rng))
    if not feet:
        return Stage(front=hanging)
    at = (feet[0] + feet[1]) / 2
    if pose != "standing":
        return Stage(behind=tuple(make_perch(habitat, at, scale, rng)), front=hanging)
    if habitat in ("water", "reeds"):
        stage = _shallows(habitat, at, scale, leg, rng)
    else:
        stage = _ground(habitat, at, scale, rng)
    return Stage(behind=stage.behind, front=stage.front + hanging, waterline=stage.waterline)


def _ground(habitat: str, at: Point, scale: float, rng: np.random.Generator) -> Stage:
    level = at.imag - 0.05 * scale
    pool = feather(at + (-0.42 + 0.03j) * scale, at + (0.50 + 0.03j) * scale, 0.075 * scale, blunt=0.4)
    shadow = Piece(pool, (16, 20, 40), alpha=0.38, blur=0.03 * scale)
    if habitat == "branch":
        middle = at.imag + 0.19 * scale
        line = [complex(x, middle + 0.012 * math.sin(5 * x + at.real)) for x in (-0.3, 0.0, 0.35, 0.65, 1.0, 1.3)]
        moss = spline([p - 0.185j * scale for p in line], closed=False)
        pieces = log(line, 0.42 * scale, WOOD, rng)
        return Stage((*pieces, Piece(moss, (128, 152, 74), width=0.075 * scale), shadow))
    if habitat == "snow":
        snow = hills(rng, level + 0.01, 0.02, (246, 249, 254), bumps=4, to=(182, 202, 228))
        prints = [at + complex(-0.20 - 0.24 * k, 0.05 + 0.04 * (k % 2)) * scale for k in range(9)]
        steps = bundle([feather(p, p + 0.06 * scale, 0.02 * scale) for p in prints])
        return Stage((snow, Piece(steps, (150, 172, 206), alpha=0.7), shadow))
    near, far = ((58, 44, 66), (92, 66, 86)) if habitat == "dusk" else ((70, 122, 46), (142, 186, 84))
    snow = hills(rng, level + 0.01, 0.02, far, bumps=4, to=near)
    back = [
        blade(complex(x, level + 0.06), 0.06 * scale + 0.02, mix(near, far, rng.random()), rng)
        for x in rng.uniform(-0.05, 1.05, 34)
    ]
    front = [
        blade(complex(x, at.imag + 0.13 * scale), 0.10 * scale, mix(near, far, rng.random()), rng, part="cover")
        for x in rng.uniform(-0.05, 1.05, 26)
    ]
    return Stage((snow, *back, shadow), tuple(front))


def _shallows(habitat: str, at: Point, scale: float, leg: float, rng: np.random.Generator) -> Stage:
    deep, pale = ((44, 106, 136), (150, 200, 210)) if habitat == "water" else ((66, 96, 88), (142, 166, 146))
    line = at.imag - leg * scale * rng.uniform(0.10, 0.40)
    corners = [complex(-0.1, line), complex(1.1, line), complex(1.1, 1.2), complex(-0.1, 1.2)]
    sheet = Piece(polyline(corners, closed=True), mix(deep, pale, 0.45), "cover", alpha=0.58)
    centre = complex(at.real, line)
    rings = []
    for r in (0.16 * scale, 0.30 * scale, 0.46 * scale):
        turns = [math.pi * k / 4 for k in range(8)]
        rings.append(spline([centre + complex(r * math.cos(a), 0.22 * r * math.sin(a)) for a in turns]))
    ripples = []
    for x, y in zip(rng.uniform(-0.1, 1, 14), rng.uniform(line + 0.01, 1, 14), strict=True):
        ripples.append(spline([complex(x, y), complex(x + 0.06, y - 0.004), complex(x + 0.12, y)], closed=False))
    glints = [
        Piece(bundle(rings), lighter(pale, 0.6), alpha=0.75, width=0.006),
        Piece(bundle(ripples), lighter(pale, 0.4), alpha=0.6, width=0.006),
    ]
    behind = cattails(6, rng) if habitat == "reeds" else []
    return Stage(tuple(behind), (sheet, *glints), waterline=line)
