"""Charts of the report as markup: curves are SVG that stretches, everything with letters is HTML, so that a phone can read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

PERCENT_TICKS = (0.0, 25.0, 50.0, 75.0, 100.0)


@dataclass(frozen=True)
class Axis:
    """A linear axis from ``low`` to ``high`` with ticks at round numbers; ``form`` writes them."""

    low: float
    high: float
    label: str
    ticks: tuple[float, ...]
    form: str = "{:g}"

    @classmethod
    def over(cls, low: float, high: float, label: str) -> Axis:
        """With about five ticks at round numbers."""
        return cls(low, high, label, round_ticks(low, high))

    @classmethod
    def percent(cls, label: str) -> Axis:
        """0 to 100 percent, with room for marks at both ends."""
        return cls(-3, 103, label, PERCENT_TICKS, "{:g}\N{NO-BREAK SPACE}%")

    def at(self, value: float) -> float:
        """Percent along the axis."""
        return 100 * (value - self.low) / max(self.high - self.low, 1e-12)


@dataclass(frozen=True, eq=False)
class Curve:
    """A line through (x, y), both (m,), in the colour of ``tone``: "seen", "unseen" or "ink"."""

    x: np.ndarray
    y: np.ndarray
    tone: str
    width: float = 2


@dataclass(frozen=True)
class Dot:
    """A mark of a class kind at (x, y); ``tip`` says what it is."""

    x: float
    y: float
    kind: str
    tip: str


def round_ticks(low: float, high: float, count: int = 5) -> tuple[float, ...]:
    """At most ``count`` + 1 round numbers from low to high, one step apart."""
    span = max(high - low, 1e-9)
    step = 10 ** np.floor(np.log10(span / count))
    step *= next(factor for factor in (1, 2, 2.5, 5, 10) if span / (step * factor) <= count)
    return tuple(
        float(round(tick, 10)) + 0.0 for tick in np.arange(np.ceil(low / step) * step, high + step * 1e-6, step)
    )


def plot(
    x: Axis,
    y: Axis,
    *,
    curves: Sequence[Curve] = (),
    dots: Sequence[Dot] = (),
    upright: float | None = None,
    describe: str,
) -> str:
    """A frame with axes around curves and dots, a dashed line at ``upright``; ``describe`` is for those who do not see it."""
    lines = "".join(
        f'<polyline class="st-{curve.tone}" style="stroke-width:{curve.width}px" points="{_points(x, y, curve)}"/>'
        for curve in curves
    )
    drawing = f'<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">{lines}</svg>' if lines else ""
    grid = "".join(f'<i class="st-grid" style="bottom:{y.at(tick):.2f}%"></i>' for tick in y.ticks)
    mark = "" if upright is None else f'<i class="st-upright" style="left:{x.at(upright):.2f}%"></i>'
    marks = "".join(
        f'<i class="st-dot st-{dot.kind}" style="left:{x.at(dot.x):.2f}%;bottom:{y.at(dot.y):.2f}%" title="{escape(dot.tip)}"></i>'
        for dot in dots
    )
    across = "".join(f'<span style="left:{x.at(tick):.2f}%">{_number(x, tick)}</span>' for tick in x.ticks)
    up = "".join(f'<span style="bottom:{y.at(tick):.2f}%">{_number(y, tick)}</span>' for tick in y.ticks)
    return (
        f'<div class="st-plot" role="img" aria-label="{escape(describe)}"><p class="st-ylabel">{escape(y.label)}</p>'
        f'<div class="st-up">{up}</div><div class="st-field">{grid}{mark}{drawing}{marks}</div>'
        f'<div class="st-across">{across}</div><p class="st-xlabel">{escape(x.label)}</p></div>'
    )


def _number(axis: Axis, tick: float) -> str:
    return axis.form.format(tick).replace("-", "−")


def _points(x: Axis, y: Axis, curve: Curve) -> str:
    return " ".join(f"{x.at(float(a)):.2f},{100 - y.at(float(b)):.2f}" for a, b in zip(curve.x, curve.y, strict=True))
