"""What lies on the colours of the body: patterns, scales, the strokes of single feathers, light and shade."""

from __future__ import annotations

import math

import numpy as np

from niwt_core.data.aviary.curves import Piece, bundle, disc, feather, polyline, spline, tube
from niwt_core.data.aviary.palette import Color, contrasting, darker, lighter, luminance
from niwt_core.data.aviary.skeleton import Skeleton
from niwt_core.data.aviary.skia_import import skia


def breast_pattern(bones: Skeleton, pattern: str, color: Color, outline: skia.Path) -> list[Piece]:
    """Spots or stripes over all underparts, large enough to be counted at 128 px; nothing if "solid"."""
    d, marks = bones.depth, []
    if pattern == "spotted":
        for k in range(96):
            row, column = divmod(k, 12)
            at = bones.body(0.60 - 0.118 * column - 0.059 * (row % 2), -0.34 + 0.112 * row)
            marks.append(feather(at - bones.spine * 0.036, at + bones.spine * 0.040, 0.036))
        return [Piece(bundle(marks), contrasting(color), alpha=0.92, clips=(outline,))]
    if pattern == "striped":
        for k in range(10):
            x = 0.60 - 0.122 * k
            bend = [bones.body(x - 0.02, -1.4 * d), bones.body(x + 0.035, 0.1 * d), bones.body(x - 0.04, 1.2 * d)]
            marks.append(spline(bend, closed=False))
        return [Piece(bundle(marks), contrasting(color), alpha=0.92, width=0.046, clips=(outline,))]
    return []


def vent(bones: Skeleton, breast: Color, outline: skia.Path) -> Piece:
    """The paler down under the tail."""
    path = disc(bones.body(-0.56, 0.24 * bones.depth), 0.12)
    return Piece(path, lighter(breast, 0.7), alpha=0.8, blur=0.05, clips=(outline,))


def back_scales(bones: Skeleton, back: Color, outline: skia.Path, rng: np.random.Generator) -> Piece:
    """The edges of the back's feathers."""
    d, marks = bones.depth, []
    for row in range(4):
        for k in range(10):
            x = 0.40 - 0.095 * k - 0.05 * (row % 2) + rng.uniform(-0.008, 0.008)
            at = bones.body(x, -d * (0.98 - 0.17 * row))
            marks.append(spline([at - bones.spine * z for z in (0.012 + 0.03j, 0.052, 0.012 - 0.03j)], closed=False))
    area = tube(lambda t: bones.body(0.46 - 1.0 * t, -0.72 * d), lambda _: 0.34 * d)
    tone = darker(back, 0.5) if luminance(back) > 60 else lighter(back, 0.3)
    return Piece(bundle(marks), tone, alpha=0.5, width=0.012, clips=(area, outline))


def paint_light(bones: Skeleton, breast: Color, outline: skia.Path, light: complex) -> list[Piece]:
    """Soft strokes of feathers, a lit side and a shaded side; `light` is the direction that it comes from."""
    shade, shine = (134, 118, 148), (255, 248, 226)
    depth = 0.34 if luminance(breast) > 220 else 0.62  # a white breast must not pass for a grey one
    under = skia.Path(outline)
    under.offset(0.10 * light.real, 0.10 * light.imag)
    brow = disc(bones.face(0.05, -0.1) + light * 0.09, bones.radius * 0.42)
    return [
        Piece(_strokes(bones, 0), shade, alpha=0.50, width=0.010, clips=(outline,), multiply=True),
        Piece(_strokes(bones, 1), shine, alpha=0.17, width=0.010, clips=(outline,)),
        Piece(under, shade, alpha=depth, width=0.14, blur=0.055, clips=(outline,), multiply=True),
        Piece(disc(light * 0.22, 0.19), shine, alpha=0.20, blur=0.13, clips=(outline,)),
        Piece(brow, shine, alpha=0.22, blur=0.05, clips=(outline,)),
    ]


def _strokes(bones: Skeleton, kind: int) -> skia.Path:
    """Short strokes that follow the lie of the body's feathers; kinds 0 and 1 lie between each other."""
    d, marks = bones.depth, []
    for row in range(9):
        for k in range(11):
            x = 0.36 - 0.085 * k - 0.04 * (row % 2) - 0.02 * kind
            y = d * (-0.86 + 0.22 * row + 0.06 * math.sin(7.0 * k + 3 * row + kind))
            marks.append(polyline([bones.body(x, y), bones.body(x - 0.06, y * 0.96 + 0.004)]))
    return bundle(marks)
