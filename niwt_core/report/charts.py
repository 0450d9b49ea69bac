"""Charts of a report: Matplotlib figures as SVG in the page, once for a wide page and once for a phone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from niwt_core.figures.inline import inline_svg

WIDE, SLIM = (
    (7.6, 3.2),
    (3.4, 3.0),
)  # inches: letters of 8 points are 10 to 13 pixels high, on a page of 60 rem and on a phone


@dataclass(frozen=True)
class Chart:
    """The same drawing as markup for both widths of a page."""

    wide: str
    slim: str


def chart(
    draw: Callable[[float, float], Figure], *, describe: str, tips: Mapping[str, Sequence[str]] | None = None
) -> Chart:
    """Both drawings of ``draw`` (width, height in inches); ``describe`` and ``tips`` as in `inline_svg`."""
    return Chart(*(inline_svg(draw(*size), describe=describe, tips=tips) for size in (WIDE, SLIM)))
