"""Figures as people read them: a real minus, and no line break before a percent sign."""

from __future__ import annotations

from math import isfinite


def number(value: float, *, sign: bool = False) -> str:
    """A figure with a real minus: "−0.32", with ``sign`` also "+0.32"."""
    text = f"{value:{'+' if sign else ''}.{2 if abs(value) >= 0.095 or value == 0 else 3}f}"
    return text.replace("-", "−")


def percent(probability: float) -> str:
    """ "31.4 %", not to be broken."""
    return f"{100 * probability:.1f}\N{NO-BREAK SPACE}%"


def percentage(value: float, digits: int = 1) -> str:
    """84.3 as "84.3 %", not to be broken; "none" for a share of nothing."""
    return f"{value:.{digits}f}\N{NO-BREAK SPACE}%" if isfinite(value) else "none"
