"""Charts that a person explores, by Plotly: hover, zoom, click; in the theme's colours.

Pages import this where they draw, so that Start waits for none of it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from functools import cache, partial, wraps
from typing import Any, Concatenate, ParamSpec

import numpy as np
import pandas  # noqa: F401 - whole, before Plotly looks for it in sys.modules, where another thread may have it half imported
import plotly.graph_objects as go
import streamlit as st

from niwt_core import Study
from pages.components.shared import language
from pages.components.shared.style import TONES, dark

SYMBOLS = {"seen": "circle", "unseen": "diamond", "built": "star", "neuron": "circle", "ink": "circle"}
# Groups of attributes, in the order they come: eight tones that stay apart for every kind of colour blindness (Okabe and Ito, 2008), on both papers.
GROUPS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#a39a00", "#7f7f7f")
TITLE_LINE = 38  # characters
FONT = "Source Sans, Source Sans 3, sans-serif"  # the app's own
Plain = ParamSpec("Plain")
CONFIG = {
    "displaylogo": False,
    "modeBarButtonsToRemove": ["lasso2d", "select2d", "autoScale2d"],
    "toImageButtonOptions": {"format": "svg"},
}


def tone(name: str) -> str:
    """The colour of a kind of class, of neurons, of ink, in the theme at hand."""
    return TONES[name].dark if dark() else TONES[name].light


def figure(*, height: int = 360, x: str = "", y: str = "") -> go.Figure:
    """An empty figure in the house's look; ``x`` and ``y`` name the axes."""
    axes = {"xaxis": {"title": {"text": wrapped(x)}}, "yaxis": {"title": {"text": y}}}
    return go.Figure(layout={"template": _template(dark()), "height": height, **axes})


@cache
def _template(_dark: bool) -> go.layout.Template:
    """The house's look in the theme at hand, made once: Plotly takes ten milliseconds to check a layout of this size."""
    axis = {
        "gridcolor": tone("line"),
        "zeroline": False,
        "linecolor": tone("line"),
        "tickfont": {"color": tone("soft")},
        "title": {"font": {"color": tone("soft")}},
        "automargin": True,
    }
    look = {
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": tone("ink"), "size": 13, "family": FONT},
        "hoverlabel": {
            "bgcolor": tone("card"),
            "bordercolor": tone("line"),
            "font": {"color": tone("ink")},
            "align": "left",
        },
        "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "font": {"color": tone("ink")}},
        "xaxis": axis,
        "yaxis": axis,
    }
    return go.layout.Template(layout=look)


def drawn_once(draw: Callable[Concatenate[Study, Plain], go.Figure]) -> Callable[Concatenate[Study, Plain], go.Figure]:
    """A chart of a study, and of plain values, that is the same for everybody: drawn once for each theme and language. What it returns is not to
    be changed."""
    name = f"{draw.__module__}.{draw.__qualname__}"

    @wraps(draw)
    def kept(study: Study, *args: Plain.args, **kwargs: Plain.kwargs) -> go.Figure:
        given = (study.id, args, tuple(kwargs.items()))
        return _kept(name, given, dark(), language.current(), partial(draw, study, *args, **kwargs))

    return kept


@st.cache_resource(max_entries=48, show_spinner=False)
def _kept(name: str, given: tuple[Any, ...], in_dark: bool, spoken: str, _draw: Callable[[], go.Figure]) -> go.Figure:
    return _draw()


def wrapped(title: str) -> str:
    """An axis title in lines that a telephone can show."""
    return "<br>".join(textwrap.wrap(title, TITLE_LINE))


def points(made: go.Figure, xs: Sequence[float] | np.ndarray, ys: Sequence[float] | np.ndarray, *, name: str, kind: str, tips: Sequence[str],
           ids: Sequence[Any], size: float = 9, color: str = "") -> None:  # fmt: skip
    """Marks with a tip each; ``ids`` come back when one is clicked. A legend's entry, by ``name``, hides and shows them."""
    made.add_scatter(
        x=np.asarray(xs), y=np.asarray(ys), mode="markers", name=name, text=np.array(tips, object), hovertemplate="%{text}<extra></extra>",
        customdata=np.array(ids, object)[:, None],  # arrays of objects pass unread; of lists Plotly looks at each item
        marker={"symbol": SYMBOLS.get(kind, "circle"), "size": size, "color": color or tone(kind), "line": {"width": 1, "color": tone("paper")}},
    )  # fmt: skip


def line(
    made: go.Figure, xs: np.ndarray, ys: np.ndarray, *, name: str, kind: str, width: float = 2, form: str = "%{y:.1f} %"
) -> None:
    """A curve, with what it says at each point."""
    made.add_scatter(
        x=xs,
        y=ys,
        mode="lines",
        name=name,
        line={"color": tone(kind), "width": width},
        hovertemplate=f"{name} {form}<extra></extra>",
    )


def show(made: go.Figure, *, key: str, alt: str, clicks: bool = False) -> Any:
    """Draws a figure as wide as its place; ``alt`` says in words what it shows.

    With ``clicks``, the id of the mark that was clicked since the last run, else None."""
    if not clicks:
        st.plotly_chart(made, key=key, config=CONFIG, theme=None, alt=alt)
        return None
    event_key = f"{key}-clicked"

    def remember() -> (
        None
    ):  # a callback runs once a click; the selection itself stays, and would lead away again when the page is visited next
        marks = st.session_state[key].selection.points
        given = marks[0].get("customdata") if marks else None
        if given is not None:
            st.session_state[event_key] = next(iter(given.values())) if isinstance(given, dict) else given[0]

    st.plotly_chart(made, key=key, config=CONFIG, theme=None, alt=alt, on_select=remember, selection_mode="points")
    return st.session_state.pop(event_key, None)
