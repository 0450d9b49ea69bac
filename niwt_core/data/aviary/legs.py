"""Legs and toes: standing, gripping a perch, or trailing in flight."""

from collections.abc import Mapping
from dataclasses import dataclass

from niwt_core.data.aviary.curves import Piece, Point, disc, spline, turn
from niwt_core.data.aviary.palette import Color, darker, lighter, luminance
from niwt_core.data.aviary.skeleton import Skeleton


@dataclass(frozen=True)
class Stance:
    """Where the two feet are, far foot first; empty in flight."""

    feet: tuple[Point, ...]


def stance(bones: Skeleton) -> Stance:
    """Feet under the body's weight, on one level."""
    if bones.pose == "flying":
        return Stance(())
    hips = _hips(bones)
    level = max(hip.imag for hip in hips) + bones.leg + 0.06
    middle = (hips[0].real + hips[1].real) / 2
    apart = 0.15 if bones.pose == "standing" else 0.11
    return Stance((complex(middle + apart, level - 0.015), complex(middle - apart, level + 0.015)))


def paint_legs(bones: Skeleton, colors: Mapping[str, Color], where: Stance) -> list[Piece]:
    """Both legs, the far one darker. Drawn-up legs leave nothing to paint."""
    if bones.leg == 0.0:
        return []
    pieces: list[Piece] = []
    for number, hip in enumerate(_hips(bones)):
        color = darker(colors["leg color"], 0.22 if number == 0 else 0.0)
        if bones.pose == "flying":
            foot = hip - bones.spine * turn(-6 + 6 * number) * (0.62 + 0.06 * number)
            joint = hip + (foot - hip) * 0.5 + 0.02j
            toes = [foot - bones.spine * turn(a) * 0.16 for a in (-14, 2, 18)]
        else:
            foot = where.feet[number]
            joint = hip + (foot - hip) * 0.45 - (0.10 * bones.leg + 0.01)
            toes = _toes(foot, grip=bones.pose != "standing")
        bones_of_leg = [spline([hip, joint, foot], closed=False, tightness=0.08)]
        bones_of_leg += [spline([foot, (foot + toe) / 2 - 0.012j, toe], closed=False) for toe in toes]
        edge = darker(color, 0.6) if luminance(color) > 60 else darker(color, 0.8)
        for path in bones_of_leg:
            pieces.append(Piece(path, edge, "legs", width=0.078))
        for path in bones_of_leg:
            pieces.append(Piece(path, color, "legs", width=0.056))
        pieces.append(Piece(bones_of_leg[0], lighter(color, 0.5), alpha=0.5, width=0.014))
        pieces.append(Piece(disc(joint, 0.034), color, "legs"))
    return pieces


def paint_thighs(bones: Skeleton, colors: Mapping[str, Color], where: Stance) -> list[Piece]:
    """The feathered upper legs, which hide where the legs leave the body."""
    if bones.pose == "flying":
        return []
    pieces = []
    for number, hip in enumerate(_hips(bones)):
        color = darker(colors["breast color"], 0.12 if number else 0.24)
        down = where.feet[number] - hip
        down /= abs(down)
        side = down * 1j * 0.085
        tuft = spline(
            [
                hip - down * 0.20 - side,
                hip - down * 0.20 + side,
                hip + down * 0.04 + side * 0.6,
                hip + down * 0.11,
                hip + down * 0.04 - side * 0.6,
            ]
        )
        pieces.append(Piece(tuft, color, "breast"))
    return pieces


def _hips(bones: Skeleton) -> tuple[Point, Point]:
    y = 0.80 * bones.depth
    shift = -0.05 if bones.pose != "standing" else 0.0
    return bones.body(0.06 + shift, y), bones.body(-0.10 + shift, y)


def _toes(foot: Point, *, grip: bool) -> list[Point]:
    if grip:
        return [foot + complex(x, 0.10 - abs(x) * 0.2) for x in (-0.075, 0.015, 0.10)]
    return [foot + offset for offset in (0.17 + 0.03j, 0.12 + 0.065j, 0.16 - 0.015j, -0.09 + 0.03j)]
