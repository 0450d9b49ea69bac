"""What the numbers of a table mean: shares of one, percentages, ratings, measures; and how columns on several scales become one.

A description is compared by its profile over all columns, so a column in centimetres beside columns of 0 and 1 would be nearly all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from niwt_core.knowledge.attribute_names import readable

PERCENT = 100.0
HIGHEST_RATING = 10.0  # a table whose top is above this and at most 100 is taken for percentages
FLAGS = 0.1  # share of columns up to 1 from which a table that also goes higher has several scales (CUB's percentages: none of 312)
SPREAD = 10.0  # times the median column's top: what is above is on another scale
DOMINATING = 0.5  # share of all descriptions from which a column is named


@dataclass(frozen=True, eq=False)
class CommonScale:
    """values (C, K) float32 that all mean the same; ``scale``: what "entirely so" is there; ``notices``: what was assumed, in sentences."""

    values: np.ndarray
    scale: float
    notices: tuple[str, ...]


def infer_scale(values: np.ndarray) -> float:
    """What "entirely so" is in a table of one scale: 1 up to 1, 100 for percentages, else the table's own top (ratings, z-scores)."""
    top, low = float(np.max(values, initial=0.0)), float(np.min(values, initial=0.0))
    if top <= 1:
        return 1.0
    return PERCENT if HIGHEST_RATING < top <= PERCENT and low >= 0 else top


def common_scale(names: Sequence[str], values: np.ndarray) -> CommonScale:
    """Brings a table (C, K) that says nothing of its units onto one scale.

    A table of one scale stays as it is. Columns on several scales are each divided by their own largest amount, so that 1 is the class that has
    most of it.
    """
    values = np.asarray(values, np.float64)
    tops = np.abs(values).max(axis=0, initial=0.0)  # (K,)
    if not _several_scales(values, tops):
        scale = infer_scale(values)
        notices = [_assumed(scale, values)] if scale != 1 else []
        return CommonScale(values.astype(np.float32), scale, (*notices, *_dominating(names, values)))
    largest = int(tops.argmax())
    share = _shares(values)[largest]
    usual = float(np.median(np.delete(tops, largest)))
    what = (
        f"columns are on several scales ({readable(names[largest])} goes up to {tops[largest]:g}, most others up to {usual:g}; it would be "
        f"{100 * share:.0f} % of every description): each was divided by its own top, so amounts go from 0 to 1"
    )
    values = values / np.where(tops > 0, tops, 1.0)
    return CommonScale(values.astype(np.float32), 1.0, (what, *_dominating(names, values)))


def _several_scales(values: np.ndarray, tops: np.ndarray) -> bool:
    """Columns up to 1 beside others that go higher, or a column far above most."""
    used = tops > 0
    if used.sum() < 2 or tops.max(initial=0.0) <= 1:
        return False
    if tops.max() <= PERCENT and values.min() >= 0:  # one scale of percentages has rare columns too
        return bool(((tops <= 1) & used).sum() >= max(1, FLAGS * used.sum()))
    return bool(tops.max() > SPREAD * np.median(tops[used]) or tops[used].max() > SPREAD * tops[used].min())


def _shares(values: np.ndarray) -> np.ndarray:
    """(K,) of the average description, as its encoding weighs it: amounts, or their squares where there are negative ones."""
    weight = values if values.min(initial=0.0) >= 0 else values**2
    total = weight.sum(axis=1, keepdims=True)
    return np.asarray((weight / np.where(total > 0, total, 1.0)).mean(axis=0))


def _dominating(names: Sequence[str], values: np.ndarray) -> list[str]:
    shares = _shares(values) if values.size else np.zeros(0)
    if len(shares) < 4 or shares.max() < DOMINATING:
        return []
    k = int(shares.argmax())
    return [f"column {readable(names[k])} is {100 * shares[k]:.0f} % of the average description: check its unit"]


def _assumed(scale: float, values: np.ndarray) -> str:
    low, top = float(values.min()), float(values.max())
    if scale == PERCENT:
        return f"values go up to {top:g}: taken for percentages, 100 is entirely so"
    return (
        f"values go from {low:g} to {top:g}: {scale:g} was taken for entirely so, and `true` for the top of each column"
    )
