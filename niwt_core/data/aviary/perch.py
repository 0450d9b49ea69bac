"""What a bird grips: a twig, a reed, a rail, a rock. Coordinates are shares of the picture's side."""

import math
from collections.abc import Sequence

import numpy as np

from niwt_core.data.aviary.curves import Piece, Point, bundle, spline, trace
from niwt_core.data.aviary.palette import Color, darker, lighter
from niwt_core.data.aviary.plants import cattails, leaf, leafage

WOOD: Color = (112, 82, 58)
_WOODS = {"dusk": (62, 44, 58), "reeds": (168, 146, 84), "snow": (96, 78, 70), "meadow": (150, 122, 92)}
_ALONG = (-1.3, -0.6, -0.25, 0.0, 0.25, 0.6, 1.3)
_ROCK = trace("-1,3 -.86,.24 -.5,.02 0,0 .55,.04 .9,.32 1.1,3")
_ROCK_SHADE = trace("-1,3 -.7,.4 .1,.32 1.2,.6 1.1,3")


def make_perch(habitat: str, at: Point, scale: float, rng: np.random.Generator) -> list[Piece]:
    """A perch under the toes at `at`, sized for a bird whose body takes `scale` of the picture."""
    if habitat == "water":
        return _rock(at + 0.05j * scale, scale, rng)
    thick, slope = scale * (0.094 if habitat == "reeds" else 0.13), rng.uniform(-0.10, 0.10)
    wood = _WOODS.get(habitat, WOOD)
    under = at + 0.095j * scale
    line = [under + complex(x, slope * x + 0.02 * math.sin(9 * x + 3 * slope)) for x in _ALONG]
    side = 1 if rng.random() < 0.5 else -1
    pieces: list[Piece] = []
    if habitat == "reeds":
        pieces += cattails(5, rng)
    if habitat == "meadow":
        post = under + 0.42 * side
        pieces += log([post - 0.10j, post + 0.3j, post + 1.2j], thick * 1.3, darker(wood, 0.1), rng)
    if habitat in ("branch", "dusk", "snow"):
        fork = under + complex(side * 0.30, slope * side * 0.30)
        twig = [fork, fork + complex(side * 0.12, -0.10), fork + complex(side * 0.26, -0.30)]
        pieces.append(Piece(spline(twig, closed=False), darker(wood, 0.2), width=thick * 0.42))
        for k in range(7 if habitat == "branch" else 0):
            degrees = 30 + 50 * (k % 3) * (1 if k % 2 else -1) + 40 * side
            root = twig[0] + (twig[2] - twig[0]) * (0.2 + 0.13 * k)
            pieces += leaf(root, degrees, rng.uniform(0.08, 0.13), leafage(rng))
    pieces += log(line, thick, wood, rng)
    if habitat == "branch":
        moss = spline([p - 0.34j * thick for p in line], closed=False)
        pieces.append(Piece(moss, (140, 164, 84), alpha=0.8, width=thick * 0.2))
    if habitat == "snow":
        cap = [p - (0.42 - 0.10 * math.sin(5 * k)) * 1j * thick for k, p in enumerate(line)]
        pieces.append(Piece(spline(cap, closed=False), (206, 218, 234), width=thick * 0.50))
        pieces.append(
            Piece(spline([p - 0.08j * thick for p in cap], closed=False), (250, 252, 255), width=thick * 0.36)
        )
    return pieces


def log(line: Sequence[Point], thick: float, wood: Color, rng: np.random.Generator) -> list[Piece]:
    """A round of wood along a line: lit above, shaded below, with grain."""
    along = (line[-1] - line[0]) / abs(line[-1] - line[0])
    side = along * 1j * thick
    side = side if side.imag >= 0 else -side
    path, grain = spline(line, closed=False), []
    for _ in range(16):
        p = line[0] + (line[-1] - line[0]) * rng.uniform(0.15, 0.85) + side * rng.uniform(-0.36, 0.36)
        grain.append(spline([p, p + along * rng.uniform(0.03, 0.10)], closed=False))
    lit = spline([p - side * 0.24 for p in line], closed=False)
    shaded = spline([p + side * 0.30 for p in line], closed=False)
    return [
        Piece(path, darker(wood, 0.55), width=thick * 1.08),
        Piece(path, wood, width=thick * 0.96),
        Piece(lit, lighter(wood, 0.4), alpha=0.55, width=thick * 0.22),
        Piece(shaded, darker(wood, 0.6), alpha=0.5, width=thick * 0.32),
        Piece(bundle(grain), darker(wood, 0.5), alpha=0.5, width=thick * 0.06),
    ]


def _rock(at: Point, scale: float, rng: np.random.Generator) -> list[Piece]:
    w, h = scale * rng.uniform(0.42, 0.6), 0.5 * scale

    def outline(points: Sequence[tuple[float, float]]) -> list[Point]:
        return [at + complex(x * w, y * h if y < 1 else 1.05 - at.imag) for x, y in points]

    path = spline(outline(_ROCK), tightness=0.12)
    cracks = [spline(outline([(x, 0.12), (x + 0.1, 0.34), (x - 0.05, 0.62)]), closed=False) for x in (-0.5, 0.1, 0.6)]
    lit = spline(outline([(-0.7, 0.10), (0.0, 0.04), (0.7, 0.10)]), closed=False)
    return [
        Piece(path, (52, 58, 66), width=0.012),
        Piece(path, (158, 160, 158), to=(92, 98, 104), axis=(at, at + 0.5j * scale)),
        Piece(spline(outline(_ROCK_SHADE)), (40, 46, 66), alpha=0.35, blur=0.03, clips=(path,)),
        Piece(bundle(cracks), (62, 66, 72), alpha=0.5, width=0.006, clips=(path,)),
        Piece(lit, (214, 216, 206), alpha=0.6, width=0.03 * scale, blur=0.01, clips=(path,)),
    ]
