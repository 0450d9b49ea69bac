"""Matplotlib figures in one look, made with its object-oriented interface: no pyplot, no state that another figure would share."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from typing import Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from niwt_core.figures.palette import LIGHT

Format = Literal["svg", "png", "pdf"]
COLUMN, PAGE = 3.4, 7.0  # inches: one column of a two-column paper, and both
LETTERS = 8  # points
DOTS = 200  # an inch, of PNG files
MARKERS = {"seen": "o", "unseen": "D", "built": "*"}
_NOTHING_OF_THE_DAY: Mapping[str, Mapping[str, None]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Producer": None, "Creator": None},
    "png": {"Software": None},
}
_one_at_a_time = threading.Lock()  # the settings of saving are Matplotlib's own, for all threads


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches, on white."""
    return Figure(figsize=(width, height), layout="constrained", facecolor="white")


def dress(axes: Axes, *, x: str = "", y: str = "") -> None:
    """The house's look: two axes lines, faint level lines behind the data, small letters."""
    axes.set_facecolor("none")
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=LIGHT["line"], linewidth=0.6, clip_on=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(LIGHT["soft"])
    axes.tick_params(colors=LIGHT["soft"], labelsize=LETTERS)
    axes.set_xlabel(x, fontsize=LETTERS, color=LIGHT["soft"])
    axes.set_ylabel(y, fontsize=LETTERS, color=LIGHT["soft"])


def percent_axis(axes: Axes) -> None:
    """0 to 100 % upwards, with room for marks at both ends."""
    axes.set_ylim(-3, 103)
    axes.set_yticks([0, 25, 50, 75, 100], [f"{tick}\N{NO-BREAK SPACE}%" for tick in (0, 25, 50, 75, 100)])


def figure_bytes(figure: Figure, form: Format, *, paper: bool = True) -> bytes:
    """The figure as a file, the same bytes for the same figure; without ``paper`` what is behind it shines through."""
    buffer = io.BytesIO()
    # Letters stay letters, and names inside a file are the same each time.
    settings = matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "niwt", "pdf.fonttype": 42})
    with _one_at_a_time, settings:
        figure.savefig(buffer, format=form, dpi=DOTS, transparent=not paper, metadata=dict(_NOTHING_OF_THE_DAY[form]))
    return buffer.getvalue()
