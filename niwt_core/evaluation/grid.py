"""The values that are tried for each choice, and how a grid grows where the best value is its last."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

AXES = ("decay", "mu", "ridge", "norm", "share", "shrinkage")
_FLOOR = {"mu": 0.0, "shrinkage": 0.0}  # ends that are no end of the grid but of the matter
_CEILING = {"share": 0.25, "shrinkage": 1.0}
_NARROWEST, _WIDEST = 1e-7, 1e4


@dataclass(frozen=True)
class Grid:
    """Values of each axis, ascending.

    decay: of the head; mu: of the transfer; ridge: of the map, relative to the mean eigenvalue of its Gram matrix; norm: length of described rows in
    mean seen lengths; share: of the seen pictures that a held-out class may take; shrinkage: of its bias towards the classes' mean.
    """

    decay: tuple[float, ...] = (3e-5, 1e-4, 3e-4)
    mu: tuple[float, ...] = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0)
    ridge: tuple[float, ...] = (0.1, 0.2, 0.35, 0.6, 1.0)
    norm: tuple[float, ...] = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    share: tuple[float, ...] = (0.002, 0.004, 0.006, 0.009, 0.013, 0.018, 0.025, 0.035)
    shrinkage: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)

    def ends(self, point: Sequence[float]) -> tuple[str, ...]:
        """Names of the axes of which ``point`` (in the order of AXES) has an end value, where the axis could go on."""
        return tuple(axis for axis, value in zip(AXES, point, strict=True) if self._next(axis, value) is not None)

    def grown(self, point: Sequence[float]) -> Grid:
        """The grid with one more value beyond each end that ``point`` lies at, as far away as the neighbour on the other side."""
        longer = {}
        for axis, value in zip(AXES, point, strict=True):
            beyond = self._next(axis, value)
            if beyond is not None:
                longer[axis] = tuple(sorted((*getattr(self, axis), beyond)))
        return replace(self, **longer)

    def _next(self, axis: str, value: float) -> float | None:
        """The value beyond ``value`` where that is an end of ``axis``; None elsewhere, and on an axis of one value, which is not chosen."""
        values = getattr(self, axis)
        if len(values) < 2 or value not in (values[0], values[-1]):
            return None
        if value == values[0]:
            if value == _FLOOR.get(axis) or value <= _NARROWEST:
                return None
            return value * value / values[1] if values[1] < 4 * value else value / 3
        if value >= _CEILING.get(axis, _WIDEST):
            return None
        beyond = value * value / values[-2] if values[-2] > value / 4 else value * 3
        return min(float(f"{beyond:.3g}"), _CEILING.get(axis, math.inf))


GRID = Grid()
