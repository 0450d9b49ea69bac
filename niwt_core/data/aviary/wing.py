"""Wings: rows of feathers laid over a surface, folded along the body or spread in flight."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from niwt_core.data.aviary.curves import Piece, Point, bezier, bundle, disc, feather, spline, turn
from niwt_core.data.aviary.palette import Color, contrasting, darker, lighter, luminance
from niwt_core.data.aviary.skeleton import Skeleton
from niwt_core.data.aviary.skia_import import skia

Surface = Callable[[float, float], Point]
"""Maps u (0 at the feathers' roots, 1 at the longest tips) and v (across the feathers, 0 to 1) to a point."""

# rows from the longest feathers to the shortest: root u, tip u, number of feathers, darkening
_FOLDED = ((0.22, 1.0, 6, 0.26), (0.10, 0.66, 6, 0.08), (0.03, 0.44, 6, 0.0), (-0.02, 0.26, 5, -0.10))
_SPREAD = ((0.12, 1.0, 11, 0.20), (0.03, 0.62, 9, 0.06), (-0.02, 0.36, 8, -0.06))


def paint_folded_wing(
    bones: Skeleton, attributes: Mapping[str, str], colors: Mapping[str, Color], outline: skia.Path
) -> list[Piece]:
    """The near wing, closed over the flank; it throws a shadow on the body within `outline`."""
    d = bones.depth

    def surface(u: float, v: float) -> Point:
        girth = 0.51 * d * (math.sin(math.pi * min(1.0, (0.10 + 0.90 * max(u, 0.0)) ** 0.62)) ** 0.75 if u < 1 else 0)
        x = 0.29 - 1.04 * u * (1 - 0.30 * v * v)
        return bones.body(x, 0.03 + 0.12 * d * math.sin(math.pi * min(u, 1.0)) - 0.06 * u + (2 * v - 1) * girth)

    return _shadow(surface, outline) + _rows(surface, _FOLDED, attributes["wing pattern"], colors["wing color"])


def paint_spread_wing(
    bones: Skeleton, attributes: Mapping[str, str], colors: Mapping[str, Color], outline: skia.Path, *, far: bool
) -> list[Piece]:
    """A wing in flight; the far one is seen behind the body, further ahead and darker."""
    shoulder = 0.12 - 0.30j * bones.depth
    lead = bezier(shoulder + 0.04, shoulder + 0.16 - 0.30j, shoulder + 0.10 - 0.66j, shoulder - 0.22 - 0.72j)
    trail = bezier(shoulder - 0.36 + 0.06j, shoulder - 0.56 - 0.25j, shoulder - 0.98 - 0.58j, shoulder - 0.84 - 1.20j)

    def surface(u: float, v: float) -> Point:
        flat = lead(v) + (trail(v) - lead(v)) * u
        if far:
            flat = shoulder + (flat - shoulder) * turn(-30) + 0.06
        return (flat if bones.wings > 0 else complex(flat.real, -0.86 * flat.imag)) * bones.spine

    color = darker(colors["wing color"], 0.16) if far else colors["wing color"]
    shadow = [] if far else _shadow(surface, outline)
    return shadow + _rows(surface, _SPREAD, attributes["wing pattern"], color)


def _rows(
    surface: Surface, rows: tuple[tuple[float, float, int, float], ...], pattern: str, base: Color
) -> list[Piece]:
    mark = contrasting(base)
    bed = _bed(surface)
    pieces = [Piece(bed, darker(base, 0.5), "wing", width=0.02), Piece(bed, darker(base, 0.12), "wing")]
    for row, (root, tip, count, dark) in enumerate(rows):
        tone = darker(base, dark * (0.45 if luminance(base) > 200 else 1.0)) if dark >= 0 else lighter(base, -dark)
        edge = darker(tone, 0.45) if luminance(tone) > 60 else lighter(tone, 0.22)
        middle, half = (root + tip) / 2, 0.5 / count
        for k in reversed(range(count)):
            v = (k + 0.5) / count
            start, end = surface(root, v), surface(tip, v)
            across = abs(surface(middle, v + half) - surface(middle, v - half))
            path = feather(start, end, max(0.030, across * 0.78), blunt=0.55)
            pieces.append(Piece(path, edge, "wing", width=0.016, alpha=0.8))
            pieces.append(Piece(path, lighter(tone, 0.07), "wing", to=darker(tone, 0.10), axis=(start, end)))
            if row < 2:
                pieces.append(Piece(spline([start, end], closed=False), edge, alpha=0.35, width=0.008))
            if pattern == "barred" and row > 0:
                pieces.append(Piece(disc(end, 0.057), mark, alpha=0.95, clips=(path,)))
        if pattern == "spotted":
            us = (tip - 0.32,) if row == 0 and len(rows) > 3 else (tip - 0.10,)
            spots = [disc(surface(u, (k + 0.5) / count), 0.032) for u in us for k in range(1 - row % 2, count, 2)]
            pieces.append(Piece(bundle(spots), mark, alpha=0.95))
    return pieces


def _bed(surface: Surface) -> skia.Path:
    """The surface's outline up to where the long feathers part."""
    return spline([surface(u, 0.0) for u in (0.0, 0.25, 0.5, 0.7)] + [surface(u, 1.0) for u in (0.7, 0.5, 0.25, 0.0)])


def _shadow(surface: Surface, outline: skia.Path) -> list[Piece]:
    path = _bed(surface)
    path.offset(0.0, 0.035)
    return [Piece(path, (110, 96, 128), alpha=0.5, blur=0.03, clips=(outline,), multiply=True)]
