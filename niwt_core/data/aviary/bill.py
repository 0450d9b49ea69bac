"""Five bills, each told from the others by its outline alone. Coordinates are head radii, from the head's centre."""

from __future__ import annotations

from collections.abc import Mapping

from niwt_core.data.aviary.curves import Piece, disc
from niwt_core.data.aviary.palette import Color, darker, lighter, luminance
from niwt_core.data.aviary.skeleton import Skeleton
from niwt_core.data.aviary.skia_import import skia

# outline as (verb, points) from the forehead round the tip to the chin; then the line where the mandibles meet
_Curve = tuple[tuple[float, float], ...]
_BILLS: Mapping[str, tuple[tuple[float, float], tuple[_Curve, ...], _Curve]] = {
    "needle": (
        (0.80, -0.22),
        (
            ((1.15, -0.16), (1.9, -0.02), (3.05, 0.05)),
            ((3.10, 0.06), (3.10, 0.09), (3.05, 0.10)),
            ((1.9, 0.14), (1.15, 0.24), (0.82, 0.26)),
        ),
        ((0.80, 0.03), (1.6, 0.05), (2.3, 0.06), (3.0, 0.075)),
    ),
    "hooked": (
        (0.72, -0.42),
        (
            ((1.25, -0.50), (1.95, -0.36), (1.98, 0.30)),
            ((1.99, 0.52), (1.90, 0.66), (1.84, 0.72)),
            ((1.74, 0.52), (1.70, 0.34), (1.56, 0.28)),
            ((1.5, 0.46), (1.1, 0.52), (0.74, 0.46)),
        ),
        ((0.80, 0.12), (1.1, 0.10), (1.35, 0.16), (1.58, 0.27)),
    ),
    "cone": (
        (0.62, -0.56),
        (
            ((0.98, -0.52), (1.40, -0.26), (1.76, 0.12)),
            ((1.80, 0.17), (1.78, 0.21), (1.72, 0.22)),
            ((1.45, 0.46), (1.05, 0.62), (0.66, 0.62)),
        ),
        ((0.80, 0.10), (1.1, 0.04), (1.4, 0.14), (1.74, 0.17)),
    ),
    "curved": (
        (0.78, -0.28),
        (
            ((1.35, -0.34), (2.35, -0.10), (2.72, 1.02)),
            ((2.73, 1.10), (2.68, 1.13), (2.63, 1.07)),
            ((2.20, 0.30), (1.35, 0.22), (0.80, 0.26)),
        ),
        ((0.80, 0.02), (1.4, -0.02), (2.3, 0.20), (2.66, 1.04)),
    ),
    "spoon": (
        (0.78, -0.26),
        (
            ((1.1, -0.18), (1.55, -0.12), (1.80, -0.16)),
            ((2.10, -0.44), (2.95, -0.40), (2.98, 0.08)),
            ((2.96, 0.56), (2.10, 0.60), (1.80, 0.28)),
            ((1.50, 0.24), (1.1, 0.30), (0.80, 0.30)),
        ),
        ((0.80, 0.03), (1.5, 0.05), (2.2, 0.06), (2.9, 0.09)),
    ),
}


def paint_bill(bones: Skeleton, attributes: Mapping[str, str], colors: Mapping[str, Color]) -> list[Piece]:
    """The bill with its gape line, a shine along the ridge and a nostril."""
    color = colors["bill color"]
    start, curves, gape = _BILLS[attributes["bill shape"]]
    path = skia.Path()
    path.moveTo(*_xy(bones, start))
    for curve in curves:
        path.cubicTo(*(c for point in curve for c in _xy(bones, point)))
    path.close()
    line = skia.Path()
    line.moveTo(*_xy(bones, gape[0]))
    line.cubicTo(*(c for point in gape[1:] for c in _xy(bones, point)))
    r = bones.radius
    dark = luminance(color) < 60
    axis = (bones.face(1.2, -0.35), bones.face(1.1, 0.45))
    ridge = skia.Path(line)
    lift = bones.face(1.25, -0.12) - bones.face(1.25, 0.05)
    ridge.offset(lift.real, lift.imag)
    return [
        Piece(path, darker(color, 0.6), "bill", width=0.024),
        Piece(path, lighter(color, 0.20), "bill", to=darker(color, 0.16), axis=axis),
        Piece(ridge, (255, 252, 240), alpha=0.35 if dark else 0.5, width=0.05 * r, blur=0.02 * r, clips=(path,)),
        Piece(line, lighter(color, 0.3) if dark else darker(color, 0.6), alpha=0.8, width=0.045 * r, clips=(path,)),
        Piece(disc(bones.face(1.15, -0.10), 0.045 * r), darker(color, 0.75), alpha=0.8),
    ]


def _xy(bones: Skeleton, point: tuple[float, float]) -> tuple[float, float]:
    at = bones.face(*point)
    return at.real, at.imag
