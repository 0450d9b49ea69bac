"""Charts as markup: positions in percent, text in HTML, curves as masks. They take the theme's colours by CSS and need no library in the browser.

Every mark carries its figures as a tip that shows on hover, focus and touch; every chart says in words what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np

from pages.components.shared.style import SIGNS, text


@dataclass(frozen=True)
class Axis:
    """A linear axis from ``low`` to ``high`` with labelled ticks."""

    low: float
    high: float
    ticks: Sequence[float]
    label: str = ""
    form: str = "{:g}"

    def at(self, value: float) -> float:
        """Percent along the axis."""
        return 100 * (value - self.low) / max(self.high - self.low, 1e-12)


PERCENT = Axis(0, 100, (0, 25, 50, 75, 100), form="{:g} %")


@dataclass(frozen=True)
class Dot:
    """A mark of a class kind ("seen", ...), or of "neuron", at (x, y), with a tip; ``big`` for the one that matters."""

    x: float
    y: float
    kind: str
    tip: str
    big: bool = False


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """About ``count`` round numbers from low to high."""
    span = max(high - low, 1e-9)
    step = 10 ** np.floor(np.log10(span / count))
    step *= next(factor for factor in (1, 2, 2.5, 5, 10) if span / (step * factor) <= count)
    return [float(round(tick, 10)) + 0.0 for tick in np.arange(np.ceil(low / step) * step, high + step * 1e-6, step)]


def plot(
    x: Axis, y: Axis, *, lines: str = "", dots: Sequence[Dot] = (), notes: str = "", height: float = 20, describe: str
) -> str:
    """A frame with axes around ``lines``, dots and ``notes``; ``height`` in rem, ``describe`` for those who do not see it."""
    grid = "".join(f'<i class="cyn-grid" style="bottom:{y.at(tick):.2f}%"></i>' for tick in y.ticks)
    across = "".join(f'<span style="left:{x.at(tick):.2f}%">{text(x.form.format(tick))}</span>' for tick in x.ticks)
    up = "".join(f'<span style="bottom:{y.at(tick):.2f}%">{text(y.form.format(tick))}</span>' for tick in y.ticks)
    marks = "".join(_dot(x, y, dot) for dot in dots)
    return (
        f'<figure class="cyn-plot" role="group" aria-label="{text(describe)}" style="--height:{height}rem">'
        f'<div class="cyn-ylabel">{text(y.label)}</div><div class="cyn-up" aria-hidden="true">{up}</div>'
        f'<div class="cyn-field">{grid}{lines}{marks}{notes}</div>'
        f'<div class="cyn-across" aria-hidden="true">{across}</div><div class="cyn-xlabel">{text(x.label)}</div></figure>'
    )


def _dot(x: Axis, y: Axis, dot: Dot) -> str:
    side = " cyn-tip-left" if x.at(dot.x) > 60 else ""
    return (
        f'<span class="cyn-dot cyn-{dot.kind}{" cyn-big" if dot.big else ""}{side}" tabindex="0" role="img" aria-label="{text(dot.tip)}" '
        f'data-tip="{text(dot.tip)}" style="left:{x.at(dot.x):.2f}%;bottom:{y.at(dot.y):.2f}%">{SIGNS.get(dot.kind, "●")}</span>'
    )


def line(
    x: Axis,
    y: Axis,
    xs: Sequence[float] | np.ndarray,
    ys: Sequence[float] | np.ndarray,
    tone: str,
    *,
    width: float = 2,
) -> str:
    """A polyline for ``plot``. ``st.html`` lets no SVG through, so it is the mask of a coloured box, whose colour follows the theme."""
    points = " ".join(f"{x.at(a):.2f},{100 - y.at(b):.2f}" for a, b in zip(xs, ys, strict=True))
    stroke = (
        f"fill='none' stroke='black' stroke-width='{width}' stroke-linejoin='round' vector-effect='non-scaling-stroke'"
    )
    box = "xmlns='http://www.w3.org/2000/svg' viewBox='0 0 100 100' preserveAspectRatio='none'"
    shape = f"<svg {box}><polyline points='{points}' {stroke}/></svg>"
    return f'<i class="cyn-line" style="background:var(--cyn-{tone});--shape:url(&quot;data:image/svg+xml,{quote(shape)}&quot;)"></i>'


def upright(x: Axis, at: float) -> str:
    """A dashed vertical line for ``plot``."""
    return f'<i class="cyn-upright" style="left:{x.at(at):.2f}%"></i>'


def note(x: Axis, y: Axis, at: tuple[float, float], words: str, tone: str, *, place: str = "right") -> str:
    """A direct label beside a point of ``plot``; ``place`` is "right", "left" or "above"."""
    where = f"left:{x.at(at[0]):.2f}%;bottom:{y.at(at[1]):.2f}%;color:var(--cyn-{tone})"
    return f'<span class="cyn-note cyn-note-{place}" style="{where}">{text(words)}</span>'


def two_sided(
    with_it: np.ndarray, without: np.ndarray, *, names: tuple[str, str], bins: int = 28, describe: str
) -> str:
    """Two histograms back to back, each as shares of its own group: ``with_it`` upwards in plum, ``without`` downwards in grey."""
    both = np.concatenate([with_it, without])
    low, high = float(both.min(initial=0.0)), float(np.quantile(both, 0.995)) if len(both) else 1.0
    edges = np.linspace(low, max(high, low + 1e-6), bins + 1)
    fractions = [
        np.histogram(np.clip(group, edges[0], edges[-1]), edges)[0] / max(len(group), 1) for group in (with_it, without)
    ]
    top = max(float(np.max(fractions)), 1e-9)
    sides = []
    for fraction, name, group, side in zip(fractions, names, (with_it, without), ("up", "down"), strict=True):
        bars = "".join(
            f'<i style="height:{100 * value / top:.1f}%" data-tip="{100 * value:.0f} % of {len(group)} from {a:.3g} to {b:.3g}"></i>'
            for value, a, b in zip(fraction, edges[:-1], edges[1:], strict=True)
        )
        median = float(np.median(group)) if len(group) else 0.0
        mark = (
            f'<b style="left:{100 * (min(median, edges[-1]) - low) / (edges[-1] - low):.1f}%"></b>'
            if len(group)
            else ""
        )
        caption = f"<figcaption>{text(name)} <span>{len(group)} pictures, median {median:.2f}</span></figcaption>"
        body = f'<div class="cyn-bars cyn-{side}">{bars}{mark}</div>'
        sides.append(caption + body if side == "up" else body + caption)
    ticks = "".join(
        f'<span style="left:{100 * (tick - low) / (edges[-1] - low):.1f}%">{tick:g}</span>'
        for tick in nice_ticks(low, float(edges[-1]), 5)
    )
    return f'<figure class="cyn-hist" role="img" aria-label="{text(describe)}">{sides[0]}{sides[1]}<div class="cyn-across">{ticks}</div></figure>'


def strip(
    values: Sequence[float] | np.ndarray, kinds: Sequence[str], tips: Sequence[str], *, height: float = 7, describe: str
) -> str:
    """One thin bar a class, up for positive and down for negative, in the order given; ``height`` in rem."""
    top = max(float(np.abs(values).max(initial=0.0)), 1e-12)
    bars = "".join(
        f'<i class="cyn-{kind}{" cyn-tip-left" if 2 * i > len(kinds) else ""}" data-tip="{text(tip)}" style="--size:{50 * abs(value) / top:.1f}%" '
        f'data-side="{"up" if value >= 0 else "down"}"></i>'
        for i, (value, kind, tip) in enumerate(zip(values, kinds, tips, strict=True))
    )
    return f'<figure class="cyn-strip" role="img" aria-label="{text(describe)}" style="--height:{height}rem">{bars}</figure>'


def meter(fraction: float, tone: str) -> str:
    """A small horizontal bar, ``share`` of 0..1."""
    return f'<span class="cyn-meter"><i style="width:{100 * min(max(fraction, 0), 1):.1f}%;background:var(--cyn-{tone})"></i></span>'


def stacked(parts: Sequence[tuple[str, int, str]], *, describe: str) -> str:
    """One bar of (name, count, CSS class) parts, with its legend."""
    bar = "".join(f'<i class="{css}" style="flex-grow:{count}"></i>' for _, count, css in parts if count)
    legend = "".join(f'<span><i class="{css}"></i>{text(name)} <b>{count:,}</b></span>' for name, count, css in parts)
    return f'<figure class="cyn-stack" role="img" aria-label="{text(describe)}"><div>{bar}</div><figcaption>{legend}</figcaption></figure>'
