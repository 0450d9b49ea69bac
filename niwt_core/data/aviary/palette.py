"""Colours: the named ones that attributes speak of, and how to make lighter, darker and mixed ones of them."""

from collections.abc import Mapping
from types import MappingProxyType

Color = tuple[float, float, float]
"""Red, green, blue; 0 to 255."""

PALETTE: Mapping[str, Color] = MappingProxyType(
    {
        "red": (212, 36, 36),
        "orange": (243, 132, 20),
        "yellow": (250, 206, 38),
        "green": (52, 146, 60),
        "blue": (36, 100, 208),
        "brown": (132, 80, 42),
        "grey": (126, 134, 144),
        "black": (40, 38, 46),
        "white": (247, 244, 237),
    }
)

INK: Color = (30, 24, 30)
CREAM: Color = (240, 226, 200)
SNOW: Color = (255, 255, 255)


def mix(one: Color, other: Color, fraction: float) -> Color:
    """`one` with `share` (0 to 1) of `other` in it."""
    return (
        one[0] + (other[0] - one[0]) * fraction,
        one[1] + (other[1] - one[1]) * fraction,
        one[2] + (other[2] - one[2]) * fraction,
    )


def lighter(color: Color, fraction: float = 0.25) -> Color:
    """`color` with `share` of a warm white in it."""
    return mix(color, (255, 250, 238), fraction)


def darker(color: Color, fraction: float = 0.25) -> Color:
    """`color` with `share` of a cool dark in it; light colours turn to bluish shadow, not to dirt."""
    return mix(color, (24, 20, 44), fraction)


def luminance(color: Color) -> float:
    """Perceived brightness, 0 to 255 (Rec. 601)."""
    return 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]


def contrasting(color: Color) -> Color:
    """A marking colour that stands out on `color`: near black on light, near white on dark."""
    return (44, 32, 34) if luminance(color) > 120 else (250, 247, 238)
