"""Leaves, blades of grass and reeds: behind the bird, or close to the eye and out of focus."""

import numpy as np

from niwt_core.data.aviary.curves import Piece, Point, disc, feather, spline, turn
from niwt_core.data.aviary.palette import Color, darker, lighter, mix

_LEAF: Color = (84, 144, 66)
_BLADES: dict[str, Color] = {"reeds": (168, 160, 84), "meadow": (96, 150, 56), "water": (70, 116, 70)}


def leaf(root: Point, degrees: float, length: float, color: Color, *, part: str = "", blur: float = 0.0) -> list[Piece]:
    """A leaf that grows from `root` in a direction."""
    tip = root + length * turn(degrees)
    path = feather(root, tip, length * 0.24, blunt=0.0, bend=0.08)
    vein = spline([root, root + (tip - root) * 0.9], closed=False)
    return [
        Piece(path, lighter(color, 0.12), part, to=darker(color, 0.28), axis=(tip, root), blur=blur),
        Piece(vein, lighter(color, 0.35), alpha=0.6, width=length * 0.03),
    ]


def leafage(rng: np.random.Generator) -> Color:
    """A green that no two leaves share."""
    return mix(_LEAF, (172, 188, 74), rng.random())


def blade(root: Point, height: float, color: Color, rng: np.random.Generator, *, part: str = "") -> Piece:
    """A blade of grass."""
    tip = root + complex(rng.uniform(-0.35, 0.35), -rng.uniform(0.7, 1.6)) * height
    path = feather(root, tip, 0.007, blunt=0.0, bend=rng.uniform(-0.1, 0.1))
    return Piece(path, darker(color, 0.15), part, to=lighter(color, 0.2), axis=(root, tip))


def cattails(count: int, rng: np.random.Generator) -> list[Piece]:
    """Reed stems with a long leaf each, most of them bearing a brown head."""
    pieces = []
    for _ in range(count):
        x, lean, top = rng.uniform(0.02, 0.98), rng.uniform(-0.06, 0.06), rng.uniform(0.02, 0.35)
        tip = complex(x + lean, top)
        stem = spline([complex(x, 1.05), complex(x + lean * 0.3, 0.6), tip], closed=False)
        sheath = feather(complex(x - 0.02, 1.05), complex(x - lean * 2.0, top + 0.15), 0.012, blunt=0.0, bend=0.06)
        pieces.append(Piece(stem, (128, 136, 70), width=0.012))
        pieces.append(Piece(sheath, (150, 158, 84), to=(192, 186, 110), axis=(1j, 0j)))
        if rng.random() < 0.7:
            head = spline([tip + 0.02j, tip + 0.12j - lean * 0.2], closed=False)
            pieces.append(Piece(head, (98, 62, 38), width=0.030))
    return pieces


def veil(habitat: str, amount: float, rng: np.random.Generator) -> list[Piece]:
    """Up to five things in front, marked "cover": snowflakes, stalks or leaves; `amount` is 0 to 1."""
    pieces: list[Piece] = []
    for _ in range(round(amount * rng.uniform(0, 5))):
        side = float(rng.choice([-1.0, 1.0]))
        if habitat == "snow":
            flakes = [disc(complex(*rng.random(2)), rng.uniform(0.008, 0.02)) for _ in range(4)]
            pieces += [Piece(flake, (255, 255, 255), "cover", alpha=0.92, blur=0.004) for flake in flakes]
        elif habitat in _BLADES:
            x, tone = 0.5 + side * rng.uniform(0.30, 0.50), _BLADES[habitat]
            tip = complex(x - side * rng.uniform(0.0, 0.22), rng.uniform(0.0, 0.5))
            path = feather(complex(x, 1.08), tip, rng.uniform(0.010, 0.020), blunt=0.0, bend=side * 0.06)
            paint = {"to": lighter(tone, 0.2), "axis": (1.08j, 0.2j), "blur": 0.004}
            pieces.append(Piece(path, darker(tone, 0.1), "cover", **paint))  # type: ignore[arg-type]
        else:
            tone = (44, 34, 52) if habitat == "dusk" else leafage(rng)
            root = complex(0.5 + side * rng.uniform(0.26, 0.52), rng.uniform(0.0, 1.0))
            pieces += leaf(root, rng.uniform(0, 360), rng.uniform(0.12, 0.20), tone, part="cover", blur=0.005)
    return pieces
