"""Crown, crest and eye."""

from __future__ import annotations

from collections.abc import Mapping

from niwt_core.data.aviary.curves import Piece, disc, feather, spline, trace, turn
from niwt_core.data.aviary.palette import INK, Color, darker, lighter, luminance
from niwt_core.data.aviary.skeleton import Skeleton
from niwt_core.data.aviary.skia_import import skia

_CAP = trace("1.15,-.22 .72,-.30 .30,-.44 -.25,-.40 -.72,-.30 -1.3,-.36 -1.2,-1.3 .9,-1.4")
# feathers from the hindmost on: root, tip (in head radii), half width
_CRESTS = {
    "none": (),
    "pointed": (
        (-0.55 - 0.55j, -1.55 - 1.05j, 0.20),
        (-0.35 - 0.60j, -1.55 - 1.45j, 0.22),
        (0.00 - 0.65j, -1.30 - 1.85j, 0.26),
    ),
    "fan": tuple((-0.30 + 0.12 * k - 0.66j, -0.22 - 0.55j + 1.42 * turn(152 - 24 * k), 0.25) for k in range(5)),
}


def paint_crest(bones: Skeleton, attributes: Mapping[str, str], colors: Mapping[str, Color]) -> list[Piece]:
    """Feathers that rise from the crown: none, one swept-back peak, or an open fan with marked tips."""
    crown, crest = colors["crown color"], attributes["crest"]
    light = luminance(crown) > 60
    pieces = []
    for root, tip, width in _CRESTS[crest]:
        base, end = bones.face(root.real, root.imag), bones.face(tip.real, tip.imag)
        path = feather(base, end, width * bones.radius, blunt=0.75 if crest == "fan" else 0.0)
        pieces.append(Piece(path, darker(crown, 0.55), "crown", width=0.018))
        pieces.append(Piece(path, lighter(crown, 0.10), "crown", to=darker(crown, 0.12), axis=(end, base)))
        if crest == "fan":
            tone = darker(crown, 0.6) if light else lighter(crown, 0.35)
            pieces.append(Piece(disc(end, 0.20 * bones.radius), tone, alpha=0.9, clips=(path,)))
        quill = darker(crown, 0.4) if light else lighter(crown, 0.3)
        pieces.append(Piece(spline([base, end], closed=False), quill, alpha=0.5, width=0.010))
    return pieces


def paint_crown(bones: Skeleton, colors: Mapping[str, Color], outline: skia.Path) -> list[Piece]:
    """The cap, from the bill over the eye to the back of the head."""
    crown = colors["crown color"]
    path = spline([bones.face(x, y) for x, y in _CAP])
    axis = (bones.face(0.1, -1.0), bones.face(-0.1, -0.3))
    return [Piece(path, lighter(crown, 0.16), "crown", to=darker(crown, 0.06), axis=axis, blur=0.008, clips=(outline,))]


def paint_eye(bones: Skeleton, attributes: Mapping[str, str], colors: Mapping[str, Color]) -> list[Piece]:
    """A dark eye with a catchlight and, unless there is none, its ring."""
    at, r = bones.face(0.36, -0.03), bones.radius
    pieces = []
    if attributes["eye ring"] != "none":
        ring, axis = colors["eye ring"], (at - 0.3j * r, at + 0.3j * r)
        pieces.append(Piece(disc(at, 0.37 * r), INK, "eye", alpha=0.85))
        pieces.append(Piece(disc(at, 0.335 * r), lighter(ring, 0.1), "eye", to=darker(ring, 0.06), axis=axis))
    glow = (at + 0.14j * r, at - 0.06j * r)
    pieces.append(Piece(disc(at, 0.195 * r), (22, 16, 20), "eye"))
    pieces.append(Piece(disc(at + 0.03j * r, 0.145 * r), (84, 48, 26), to=(20, 14, 16), axis=glow))
    pieces.append(Piece(disc(at + r * (0.055 - 0.075j), 0.062 * r), (255, 255, 255)))
    return pieces
