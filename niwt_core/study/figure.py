"""An evaluation as figures for print: the balance over gamma, seen against unseen accuracy, and every class."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from niwt_core.evaluation.metrics import CalibrationCurve, Metrics
from niwt_core.figures.canvas import LETTERS, MARKERS, PAGE, dress, new_figure, percent_axis
from niwt_core.figures.palette import LIGHT

SAMPLES = 180  # points of a curve: more cannot be told apart
LEVELS = (20, 40, 60, 80)  # percent of H, as lines behind the curve of seen and unseen


def evaluation_figure(
    curve: CalibrationCurve, metrics: Metrics, baselines: Mapping[str, Metrics], *, width: float = PAGE
) -> Figure:
    """U, S and H over gamma beside U over S, at so many inches; the chosen gamma and the baselines are marked."""
    figure = new_figure(width, 0.42 * width)
    balance, trade = figure.subplots(1, 2)
    draw_balance(balance, curve, metrics.gamma)
    draw_trade(trade, curve, metrics, baselines)
    return figure


def balance_figure(curve: CalibrationCurve, gamma: float, *, width: float, height: float) -> Figure:
    """U, S and H over gamma."""
    figure = new_figure(width, height)
    draw_balance(figure.subplots(), curve, gamma)
    return figure


def classes_figure(
    accuracy: np.ndarray, predictability: np.ndarray, seen: np.ndarray, *, width: float, height: float
) -> Figure:
    """Accuracy (C,) in percent, NaN where nothing was tested, against predictability (C,), each in the mark of its kind (seen (C,) bool).

    The marks of each kind have its name for a gid, and the order of the classes.
    """
    figure = new_figure(width, height)
    axes = figure.subplots()
    dress(axes, x="predictability of its neurons", y="accuracy")
    percent_axis(axes)
    low, high = np.floor(predictability.min() * 20 - 0.2) / 20, np.ceil(predictability.max() * 20 + 0.2) / 20
    axes.set_xlim(low, high)
    for kind, of_kind in (("seen", seen), ("unseen", ~seen)):
        chosen = of_kind & np.isfinite(accuracy)
        marks = axes.scatter(
            predictability[chosen], accuracy[chosen], s=22 if kind == "seen" else 18, marker=MARKERS[kind], color=LIGHT[kind],
            alpha=0.8, linewidths=0.5, edgecolors=LIGHT["paper"], clip_on=False, zorder=3, label=kind,
        )  # fmt: skip
        marks.set_gid(kind)
    return figure


def gamma_range(curve: CalibrationCurve, gamma: float) -> tuple[float, float]:
    """The gammas that are worth looking at: from no calibration to where hardly a seen class is left."""
    high = max(float(np.quantile(curve.gammas, 0.97)), 2 * gamma, 0.1)
    return min(0.0, float(np.quantile(curve.gammas, 0.05))), high


def draw_balance(axes: Axes, curve: CalibrationCurve, gamma: float) -> None:
    """U, S and H over gamma, and a dashed line at the gamma that was chosen."""
    low, high = gamma_range(curve, gamma)
    gammas = np.linspace(low, high, SAMPLES)
    balance = curve.at(gammas)
    dress(axes, x="γ, taken from the score of every seen class", y="class-averaged accuracy")
    percent_axis(axes)
    axes.set_xlim(low, high)
    axes.axvline(gamma, color=LIGHT["soft"], linewidth=1, linestyle=(0, (4, 3)), clip_on=False)
    for name, values, tone, width in (
        ("U", balance.U, "unseen", 1.5),
        ("S", balance.S, "seen", 1.5),
        ("H", balance.H, "ink", 2.25),
    ):
        axes.plot(
            gammas, values, color=LIGHT[tone], linewidth=width, clip_on=False, label=name, solid_joinstyle="round"
        )
        _beside(axes, name, gammas, values, tone)


def draw_trade(axes: Axes, curve: CalibrationCurve, chosen: Metrics, baselines: Mapping[str, Metrics]) -> None:
    """U over S as gamma runs through all values, the point that was chosen, and baselines."""
    dress(axes, x="S: seen classes", y="U: unseen classes")
    percent_axis(axes)
    axes.set_xlim(-3, 103)
    axes.set_xticks(axes.get_yticks(), [label.get_text() for label in axes.get_yticklabels()])
    for H in LEVELS:
        seen = np.linspace(H / 2 + 0.1, 100, 200)
        unseen = H * seen / (2 * seen - H)
        inside = unseen <= 100
        axes.plot(seen[inside], unseen[inside], color=LIGHT["line"], linewidth=0.6, zorder=1)
        axes.annotate(f"H {H}", (100, H * 100 / (200 - H)), (3, 0), textcoords="offset points", fontsize=LETTERS - 2,
                      color=LIGHT["soft"], va="center", annotation_clip=False)  # fmt: skip
    axes.plot(curve.seen, curve.unseen, color=LIGHT["neuron"], linewidth=1.75, clip_on=False, zorder=3)
    axes.scatter([chosen.S], [chosen.U], s=30, color=LIGHT["neuron"], zorder=4, clip_on=False)
    axes.annotate(f"NIWT\nAUSUC {curve.ausuc:.3f}", (chosen.S, chosen.U), (-6, -6), textcoords="offset points", fontsize=LETTERS - 1,
                  color=LIGHT["neuron"], ha="right", va="top")  # fmt: skip
    for name, metrics in baselines.items():
        if name.endswith("(uncalibrated)"):
            continue
        axes.scatter([metrics.S], [metrics.U], s=14, color=LIGHT["soft"], zorder=2, clip_on=False)
        axes.annotate(
            name, (metrics.S, metrics.U), (3, 2), textcoords="offset points", fontsize=LETTERS - 2, color=LIGHT["soft"],
            parse_math=False,
        )  # fmt: skip


def _beside(axes: Axes, name: str, xs: np.ndarray, ys: np.ndarray, tone: str) -> None:
    """A curve's name at its right end, where colour alone would not tell."""
    axes.annotate(name, (xs[-1], float(ys[-1])), (4, 0), textcoords="offset points", fontsize=LETTERS, color=LIGHT[tone],
                  va="center", annotation_clip=False, fontweight="bold" if name == "H" else "normal")  # fmt: skip
