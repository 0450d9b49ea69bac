"""More of what a neuron answers to than its few strongest pictures: the next strongest, any at random, and those at the edge of its name.

The strongest pictures flatter a name. Random ones show what the neuron does on an ordinary day, and those whose activation lies nearest to the
threshold that tells its word best show where the name begins to fail.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

EACH = 12  # pictures of a kind


@dataclass(frozen=True, eq=False)
class MoreExamples:
    """Places in a gallery: ``strongest`` (after the first few), ``random``, and ``edge``, nearest to ``threshold`` (none and NaN without a word)."""

    strongest: np.ndarray
    random: np.ndarray
    edge: np.ndarray
    threshold: float


def more_examples(
    activations: np.ndarray, has: np.ndarray | None, *, skip: int = 0, each: int = EACH, seed: int = 0
) -> MoreExamples:
    """Chooses among M pictures by a neuron's mean ``activations`` (M,); ``has`` (M,) bool says which show its word, None where it has none.

    ``skip``: so many of the strongest are shown already. The same ``seed`` gives the same random ones.
    """
    order = np.argsort(-activations, kind="stable")
    threshold = float("nan") if has is None else best_threshold(activations, has)
    edge = np.zeros(0, np.int64)
    if np.isfinite(threshold):
        near = np.argsort(np.abs(activations - threshold), kind="stable")[:each]
        edge = near[np.argsort(-activations[near], kind="stable")]
    random = np.random.default_rng(seed).permutation(len(activations))[:each]
    return MoreExamples(order[skip : skip + each], random, edge, threshold)


def best_threshold(activations: np.ndarray, has: np.ndarray) -> float:
    """The activation from which on the word is told best: hits less false alarms are most (Youden's J); NaN where all or none have it."""
    if has.all() or not has.any():
        return float("nan")
    order = np.argsort(-activations, kind="stable")
    there = has[order]
    gained = np.cumsum(there) / there.sum() - np.cumsum(~there) / (~there).sum()
    last = np.append(np.diff(activations[order]) != 0, True)  # a threshold cannot part equals
    return float(activations[order][int(np.argmax(np.where(last, gained, -np.inf)))])
