"""Where a bird's joints are, for each body shape and pose. Unit: a body is one unit long; the bird faces right."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from niwt_core.data.aviary.curves import Point, bezier, turn

POSES: tuple[str, ...] = ("perched", "standing", "flying", "preening")

# degrees: how far the body's front is raised, where the neck points, where the bill points (negative is down)
_ANGLES = {"perched": (36, 62, 2), "standing": (17, 64, 0), "flying": (6, 24, -2), "preening": (28, 100, -24)}
# units: half the body's depth, radius of the head, length of the neck
_BUILDS = {"round": (0.375, 0.265, 0.27), "slender": (0.245, 0.215, 0.27), "long-necked": (0.285, 0.195, 0.74)}


@dataclass(frozen=True)
class Skeleton:
    """Frames of reference of one bird in one pose."""

    pose: str
    build: str
    spine: complex  # turns body coordinates (x to the chest, y down) into the world's
    depth: float  # half the body's thickness
    head: Point  # centre of the head
    radius: float  # of the head
    gaze: complex  # turns head coordinates into the world's
    looks_back: bool  # the head looks back over the shoulder
    leg: float  # length of a leg below the body, 0 when drawn up
    wings: float  # flying: +1 wings up, -1 wings down; else 0
    tail: float  # degrees that the tail drops below the body's axis

    def body(self, x: float, y: float) -> Point:
        """A point given along the body's axis (rump -0.5 to chest 0.5) and across it (down), in units."""
        return complex(x, y) * self.spine

    def face(self, x: float, y: float) -> Point:
        """A point of the head, in head radii, x towards the bill and y down."""
        return self.head + complex(-x if self.looks_back else x, y) * self.gaze * self.radius

    def neck(self, t: float) -> Point:
        """The neck's centre line, from within the body (0) to the centre of the head (1)."""
        base = self.body(0.06, 0.02)
        reach = abs(self.head - base)
        back = -1 if self.looks_back else 1
        ahead = base + self.spine * reach * (0.62 if self.build == "long-necked" else 0.4)
        under = self.head + complex(-0.34 * back if self.build == "long-necked" else -0.06 * back, 0.46) * reach * (
            0.9 if self.pose != "flying" else 0.25
        )
        return bezier(base, ahead, under, self.head)(t)

    def girth(self, t: float) -> float:
        """Half the neck's thickness at t."""
        waist = 0.62 if self.build == "long-necked" else 0.95
        ease = min(1.0, 1.25 * t)
        return (
            self.depth * 0.74 * (1 - ease) ** 2
            + 2 * ease * (1 - ease) * self.radius * waist
            + ease**2 * self.radius * (0.74 if self.build == "long-necked" else 0.9)
        )


def make_skeleton(attributes: Mapping[str, str], pose: str, *, rng: np.random.Generator, nuisance: float) -> Skeleton:
    """A skeleton for `pose`, its joints bent by chance as far as `nuisance` (0 to 1) allows."""
    build = attributes["body shape"]
    depth, radius, neck = _BUILDS[build]
    lift, throw, look = _ANGLES[pose]
    sway = rng.uniform(-1, 1, size=4) * nuisance
    up = bool(rng.random() < 0.6)
    if build == "long-necked":
        throw = {"flying": 8, "preening": 112}.get(pose, 72)
    spine = turn(lift + 6 * sway[0])
    gaze = turn((look + 9 * sway[1]) * (-1 if pose == "preening" else 1))
    reach = neck * ({"long-necked": 0.82}.get(build, 1.0) if pose == "preening" else 1.0)
    head = complex(0.31, -depth * 0.42) * spine + reach * turn(throw + 7 * sway[2])
    leg = {"short": 0.2, "long": 0.68 if pose in ("standing", "flying") else 0.58}[attributes["leg length"]]
    return Skeleton(
        pose=pose,
        build=build,
        spine=spine,
        depth=depth,
        head=head,
        radius=radius,
        gaze=gaze,
        looks_back=pose == "preening",
        leg=leg if pose != "flying" or leg > 0.4 else 0.0,
        wings=(1.0 if up else -1.0) if pose == "flying" else 0.0,
        tail=6 + 6 * sway[3] - (4 if pose == "flying" else 0),
    )
