"""Body, neck and skull as one silhouette, and the coloured regions on it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from niwt_core.data.aviary.curves import Piece, bundle, spline, trace, tube
from niwt_core.data.aviary.palette import CREAM, Color, darker, lighter, mix
from niwt_core.data.aviary.plumage import back_scales, breast_pattern, vent
from niwt_core.data.aviary.skeleton import Skeleton
from niwt_core.data.aviary.skia_import import skia

# along the body in units, across it in half depths
_EGG = trace(".5,-.06 .4,-.62 .16,-.95 -.16,-.92 -.42,-.52 -.57,-.14 -.53,.26 -.36,.72 -.08,1 .22,.98 .43,.58")
_SADDLE = trace(".42,-1.3 .36,-.54 .22,-.38 -.1,-.30 -.40,-.06 -.66,.06 -.75,-.9 -.1,-1.6")
# in head radii
_SKULL = trace(".98,.02 .78,-.62 .15,-.99 -.6,-.82 -1,-.1 -.7,.72 .1,.98 .75,.62")
_HOOD = trace("-.30,-.5 -.30,.05 -.42,.6 -.62,1.15 -1.3,1.2 -1.4,-.2 -1,-.7")
_CHEEK = trace("1.1,-.5 .3,-.5 -.22,-.42 -.24,.1 -.14,.42 .2,.62 .75,.58 1.1,.3")


def silhouette(bones: Skeleton) -> skia.Path:
    """The outline of body, neck and head, without bill, crest, wings, tail and legs."""
    egg = spline([bones.body(x, y * bones.depth) for x, y in _EGG])
    neck = tube(bones.neck, bones.girth, steps=9)
    skull = spline([bones.face(x, y) for x, y in _SKULL])
    return _union(_union(egg, neck), skull)


def paint_torso(
    bones: Skeleton,
    attributes: Mapping[str, str],
    colors: Mapping[str, Color],
    outline: skia.Path,
    *,
    rng: np.random.Generator,
) -> list[Piece]:
    """Underparts with their pattern, then back, nape and face, one over the other within `outline`."""
    breast, back, d = colors["breast color"], colors["back color"], bones.depth
    top, middle, bottom = bones.body(0.2, -d), bones.body(0, -0.1 * d), bones.body(-0.05, d)
    saddle = spline([bones.body(x, y * d) for x, y in _SADDLE])
    return [
        Piece(outline, darker(breast, 0.7), "breast", width=0.018),
        Piece(outline, lighter(breast, 0.12), "breast", to=darker(breast, 0.10), axis=(top, bottom)),
        *breast_pattern(bones, attributes["breast pattern"], breast, outline),
        vent(bones, breast, outline),
        Piece(
            saddle, lighter(back, 0.16), "back", to=darker(back, 0.12), axis=(top, middle), blur=0.012, clips=(outline,)
        ),
        back_scales(bones, back, outline, rng),
        _nape(bones, colors["nape color"], outline),
        _face(bones, breast, outline),
    ]


def _nape(bones: Skeleton, nape: Color, outline: skia.Path) -> Piece:
    """Back of the head and of the neck. Looking back, a short neck shows none of its back."""
    area = spline([bones.face(x, y) for x, y in _HOOD])
    long = bones.build == "long-necked"
    if long or not bones.looks_back:
        left, right = (-0.12, 1.3) if bones.looks_back else (1.3, -0.12)
        start = 0.22 if long else 0.45
        area = _union(area, tube(bones.neck, bones.girth, start=start, end=0.98, left=left, right=right))
    axis = (bones.face(-0.8, -0.6), bones.neck(0.3))
    return Piece(area, lighter(nape, 0.14), "nape", to=darker(nape, 0.08), axis=axis, blur=0.010, clips=(outline,))


def _face(bones: Skeleton, breast: Color, outline: skia.Path) -> Piece:
    pale = mix(lighter(breast, 0.4), CREAM, 0.8)
    path = spline([bones.face(x, y) for x, y in _CHEEK])
    axis = (bones.face(0, -0.4), bones.face(0, 0.9))
    return Piece(path, pale, "face", to=darker(pale, 0.08), axis=axis, blur=0.010, clips=(outline,))


def _union(one: skia.Path, other: skia.Path) -> skia.Path:
    """Both as one outline. Skia gives up on rare curves that almost touch; then both are kept whole, which shows at most a fine seam."""
    try:
        return skia.Op(one, other, skia.PathOp.kUnion_PathOp)
    except RuntimeError:
        return bundle([one, other])
