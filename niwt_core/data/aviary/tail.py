"""Four tails, made of single feathers."""

from collections.abc import Mapping

from niwt_core.data.aviary.curves import Piece, feather, spline, turn
from niwt_core.data.aviary.palette import Color, darker, lighter, luminance
from niwt_core.data.aviary.skeleton import Skeleton

# shape -> feathers to either side of the middle one, degrees between outermost and middle, length of the middle and of
# the outermost feather, half width, bluntness, bend
_TAILS = {
    "square": (2, 7.0, 0.52, 0.52, 0.062, 1.0, 0.0),
    "fan": (4, 46.0, 0.62, 0.56, 0.092, 0.85, 0.0),
    "forked": (3, 17.0, 0.34, 0.92, 0.052, 0.25, 0.05),
    "pointed": (2, 7.5, 1.05, 0.52, 0.056, 0.0, 0.0),
}


def paint_tail(bones: Skeleton, attributes: Mapping[str, str], colors: Mapping[str, Color]) -> list[Piece]:
    """Tail feathers, outermost first, so that the middle ones lie on top (forked: the other way round)."""
    color = colors["tail color"]
    count, spread, middle, outermost, width, blunt, bend = _TAILS[attributes["tail shape"]]
    base = bones.body(-0.42, -0.03)
    back = -bones.spine * turn(bones.tail)
    order = sorted(range(-count, count + 1), key=lambda k: -abs(k))
    if attributes["tail shape"] == "forked":
        order = order[::-1]
    pieces = []
    for k in order:
        fraction = abs(k) / count
        tip = base + back * turn(-spread * k / count) * (middle + (outermost - middle) * fraction**1.4)
        root = base + back * 1j * 0.018 * k
        path = feather(root, tip, width, blunt=blunt, bend=bend * (1 if k < 0 else -1) * fraction)
        pieces.append(Piece(path, darker(color, 0.55), "tail", width=0.02))
        pieces.append(Piece(path, darker(color, 0.16), "tail", to=lighter(color, 0.10), axis=(root, tip)))
        quill = darker(color, 0.35) if luminance(color) > 60 else lighter(color, 0.25)
        pieces.append(Piece(spline([root, tip + (root - tip) * 0.06], closed=False), quill, alpha=0.55, width=0.011))
    return pieces
