"""A bird as a list of brush strokes, back to front."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from niwt_core.data.aviary.attributes import ATTRIBUTE_GROUPS
from niwt_core.data.aviary.bill import paint_bill
from niwt_core.data.aviary.curves import Piece
from niwt_core.data.aviary.head import paint_crest, paint_crown, paint_eye
from niwt_core.data.aviary.legs import Stance, paint_legs, paint_thighs, stance
from niwt_core.data.aviary.palette import PALETTE, Color
from niwt_core.data.aviary.plumage import paint_light
from niwt_core.data.aviary.skeleton import Skeleton, make_skeleton
from niwt_core.data.aviary.tail import paint_tail
from niwt_core.data.aviary.torso import paint_torso, silhouette
from niwt_core.data.aviary.wing import paint_folded_wing, paint_spread_wing


@dataclass(frozen=True)
class Bird:
    """Brush strokes in body units, facing right, and where the feet are."""

    bones: Skeleton
    pieces: tuple[Piece, ...]
    stance: Stance


def make_bird(
    attributes: Mapping[str, str], pose: str, *, light: complex, rng: np.random.Generator, nuisance: float
) -> Bird:
    """A bird of these attributes, lit from the direction `light`."""
    bones = make_skeleton(attributes, pose, rng=rng, nuisance=nuisance)
    colors = _colors(attributes, rng=rng, nuisance=nuisance)
    where, outline = stance(bones), silhouette(bones)
    flying = pose == "flying"
    pieces: list[Piece] = []
    if flying:
        pieces += paint_spread_wing(bones, attributes, colors, outline, far=True)
    pieces += paint_tail(bones, attributes, colors)
    if not flying or bones.leg:
        pieces += paint_legs(bones, colors, where)
    pieces += paint_crest(bones, attributes, colors)
    pieces += paint_torso(bones, attributes, colors, outline, rng=rng)
    pieces += paint_crown(bones, colors, outline)
    pieces += paint_thighs(bones, colors, where)
    pieces += paint_light(bones, colors["breast color"], outline, light)
    wing = (
        paint_spread_wing(bones, attributes, colors, outline, far=False)
        if flying
        else paint_folded_wing(bones, attributes, colors, outline)
    )
    head = paint_bill(bones, attributes, colors) + paint_eye(bones, attributes, colors)
    return Bird(bones=bones, pieces=tuple(pieces + wing + head), stance=where)


def _colors(attributes: Mapping[str, str], *, rng: np.random.Generator, nuisance: float) -> dict[str, Color]:
    """Group -> paint; no two birds of a kind have quite the same shade."""
    shades = rng.uniform(-1, 1, size=(len(ATTRIBUTE_GROUPS), 3)) * 7 * nuisance
    colors = {}
    for (group, _), shade in zip(ATTRIBUTE_GROUPS.items(), shades, strict=True):
        if attributes[group] in PALETTE:
            r, g, b = PALETTE[attributes[group]]
            colors[group] = (_byte(r + shade[0]), _byte(g + shade[1]), _byte(b + shade[2]))
    return colors


def _byte(value: float) -> float:
    return min(255.0, max(0.0, float(value)))
