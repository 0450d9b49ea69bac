"""Points are complex numbers (x right, y down), so that turning a shape is a multiplication; curves are Skia paths."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from niwt_core.data.aviary.palette import Color
from niwt_core.data.aviary.skia_import import skia

Point = complex


@dataclass(frozen=True, slots=True)
class Piece:
    """One brush stroke: a path, how it is painted, and the part of the bird that its pixels belong to.

    `part` is a name of PARTS, "" for paint that stays on whatever lies below it (markings, light), or "cover" for
    something in front of the bird. `to` and `axis` make a linear gradient; `width` strokes the path instead of filling
    it; `blur` (standard deviation, same unit as the path) softens the paint, never the mask; `clips` bound both. With
    `multiply` the paint darkens like a glaze, keeping the hue below it.
    """

    path: skia.Path
    color: Color
    part: str = ""
    alpha: float = 1.0
    to: Color | None = None
    axis: tuple[Point, Point] | None = None
    width: float = 0.0
    blur: float = 0.0
    clips: tuple[skia.Path, ...] = ()
    multiply: bool = False


def trace(text: str) -> tuple[tuple[float, float], ...]:
    """Points written as "x,y x,y ...", so that an outline fits on a line."""
    return tuple((float(x), float(y)) for x, y in (pair.split(",") for pair in text.split()))


def turn(degrees: float) -> complex:
    """The factor that turns a point anticlockwise as seen (y points down)."""
    return cmath.rect(1.0, -math.radians(degrees))


def spline(points: Sequence[Point], *, closed: bool = True, tightness: float = 1 / 6) -> skia.Path:
    """A smooth curve through the points (Catmull-Rom, as cubic Bezier pieces)."""
    n = len(points)
    path = skia.Path()
    path.moveTo(points[0].real, points[0].imag)
    for i in range(n if closed else n - 1):
        before = points[i - 1] if closed or i > 0 else points[0]
        start, end = points[i], points[(i + 1) % n]
        after = points[(i + 2) % n] if closed or i + 2 < n else points[-1]
        a = start + (end - before) * tightness
        b = end - (after - start) * tightness
        path.cubicTo(a.real, a.imag, b.real, b.imag, end.real, end.imag)
    if closed:
        path.close()
    return path


def polyline(points: Sequence[Point], *, closed: bool = False) -> skia.Path:
    """Straight lines through the points."""
    path = skia.Path()
    path.moveTo(points[0].real, points[0].imag)
    for point in points[1:]:
        path.lineTo(point.real, point.imag)
    if closed:
        path.close()
    return path


def disc(centre: Point, radius: float) -> skia.Path:
    """A circle."""
    path = skia.Path()
    path.addCircle(centre.real, centre.imag, radius)
    return path


def feather(base: Point, tip: Point, width: float, *, blunt: float = 0.3, bend: float = 0.0) -> skia.Path:
    """A vane from `base` to `tip`, `width` wide to either side; `blunt` is 0 for pointed to 1 for square."""
    axis = tip - base
    side = axis * 1j / (abs(axis) or 1.0)
    bow = side * bend * abs(axis)
    w = side * width
    path = skia.Path()
    path.moveTo(base.real, base.imag)
    end = tip - axis * (0.10 * (1 - blunt))
    for sign in (1, -1):
        points = (
            base + axis * 0.25 + bow + sign * w * 0.8,
            base + axis * 0.7 + bow + sign * w * 1.1,
            end + sign * w * (0.45 + 0.5 * blunt),
        )
        round_off = tip + sign * w * (0.25 + 0.5 * blunt)
        if sign == 1:
            path.cubicTo(*_flat(points))
            path.quadTo(round_off.real, round_off.imag, tip.real, tip.imag)
        else:
            path.quadTo(round_off.real, round_off.imag, points[2].real, points[2].imag)
            path.cubicTo(*_flat((points[1], points[0], base)))
    path.close()
    return path


def bezier(start: Point, first: Point, second: Point, end: Point) -> Callable[[float], Point]:
    """The cubic Bezier curve from `start` to `end`."""

    def at(t: float) -> Point:
        s = 1.0 - t
        return s * s * s * start + 3 * s * s * t * first + 3 * s * t * t * second + t * t * t * end

    return at


def tube(
    centre: Callable[[float], Point],
    radius: Callable[[float], float],
    *,
    start: float = 0.0,
    end: float = 1.0,
    left: float = 1.0,
    right: float = 1.0,
    steps: int = 7,
) -> skia.Path:
    """The band along a curve, `left` and `right` radii wide to its sides; negative values cross over."""
    ports, starboards = [], []
    for k in range(steps):
        t = start + (end - start) * k / (steps - 1)
        direction = centre(min(t + 0.02, 1.0)) - centre(max(t - 0.02, 0.0))
        side = direction * -1j / (abs(direction) or 1.0) * radius(t)
        ports.append(centre(t) + side * left)
        starboards.append(centre(t) - side * right)
    return spline(ports + starboards[::-1], tightness=1 / 7)


def bundle(paths: Sequence[skia.Path]) -> skia.Path:
    """Several paths as one, for painting many small marks at the price of one."""
    path = skia.Path()
    for one in paths:
        path.addPath(one)
    return path


def _flat(points: Sequence[Point]) -> tuple[float, ...]:
    return tuple(c for p in points for c in (p.real, p.imag))
