"""One-line meters as markup: they take the theme's colours by CSS and need no library in the browser."""

from __future__ import annotations

from collections.abc import Sequence

from pages.components.shared import glossary
from pages.components.shared.style import text


def meter(fraction: float, tone: str) -> str:
    """A small horizontal bar, ``fraction`` of 0..1."""
    return f'<span class="cyn-meter"><i style="width:{100 * min(max(fraction, 0), 1):.1f}%;background:var(--cyn-{tone})"></i></span>'


def stacked(parts: Sequence[tuple[str, int, str]], *, describe: str) -> str:
    """One bar of (name, count, CSS class) parts, with its legend."""
    bar = "".join(f'<i class="{css}" style="flex-grow:{count}"></i>' for _, count, css in parts if count)
    legend = "".join(
        f'<span><i class="{css}"></i>{glossary.label(name)} <b>{count:,}</b></span>' for name, count, css in parts
    )
    return f'<figure class="cyn-stack" role="img" aria-label="{text(describe)}"><div>{bar}</div><figcaption>{legend}</figcaption></figure>'
