"""When a detector may say "seen" or "not seen": the widest claims that are right often enough on classes that were left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SEEN_RIGHT = 5 / 6  # of what is called seen on a left-out class; unseen classes do better: Aviary 0.98, CUB subset 0.91
NOT_SEEN_RIGHT = 0.97
MISSED = 0.05  # of what is there may be called not seen: most absences are safe to guess, but a promised word must not be denied by a guess
# Of what is called seen on a left-out class by the detectors alone, where the ranking has to agree besides: nobody looked at photographs for it (the
# CUB subset then has 99 % right of 30 % of what is there); a photograph of the class always shows it; mostly. What is seldom shown is never seen.
ALONE = {"": 3 / 4, "always": 2 / 5, "mostly": 5 / 6}
FEWEST_CLAIMS = 20  # a threshold that fewer left-out claims have passed is not trusted


def thresholds(
    scores: np.ndarray,
    there: np.ndarray,
    *,
    seen_right: float = SEEN_RIGHT,
    not_seen_right: float = NOT_SEEN_RIGHT,
    missed: float = MISSED,
) -> tuple[float, float]:
    """(seen above, not seen below): the widest claims on left-out ``scores`` (m,) that are right as often as asked; infinite where none are.

    Of what is there at most the fraction ``missed`` lies below the second.
    """
    above, below = _lowest(scores, there, seen_right), -_lowest(-scores, ~there, not_seen_right)
    if there.any():
        below = min(below, float(np.quantile(scores[there], missed)))
    if below > above:  # both are right there: nothing is left that cannot be told
        above = below = (above + below) / 2
    return above, below


def with_consent(scores: np.ndarray, there: np.ndarray, shown: Sequence[str]) -> np.ndarray:
    """(K,) float32: of each column the threshold of "seen" where the ranking has to agree.

    From left-out ``scores`` and what is ``there``, both (n,K). Columns with the same entry of ``shown`` (K) have one threshold, at which the
    detectors alone are as right as `ALONE` says; infinite for "seldom".
    """
    above = np.full(scores.shape[1], np.inf, np.float32)
    for entry in set(shown) & set(ALONE):
        columns = np.array([item == entry for item in shown])
        above[columns] = _lowest(scores[:, columns].ravel(), there[:, columns].ravel(), ALONE[entry])
    return above


def strictest(
    scores: np.ndarray, there: np.ndarray, asked: Sequence[np.ndarray], *, right: float
) -> tuple[float, float]:
    """(seen above, not seen below): claims that are right as often as asked whichever of the questions ``asked``, each (n,K) bool, are put.

    scores and there (n,K). A word that a class promises is nearly always there in its pictures, so that of those words almost every "not seen" is
    wrong unless it asks for far more evidence than of any other word; what is claimed of a picture must not depend on who asks, so the strictest
    threshold holds for all. Infinite where no claim is right that often, and where under `FEWEST_CLAIMS` are.
    """
    above = max(_lowest(scores[at], there[at], right) for at in asked)
    below = min(-_lowest(-scores[at], ~there[at], right) for at in asked)
    if below > above:
        above = below = (above + below) / 2
    return above, below


def _lowest(scores: np.ndarray, there: np.ndarray, right: float) -> float:
    """The lowest score such that of all at or above it the fraction ``right`` is there."""
    order = np.argsort(-scores, kind="stable")
    precision = np.cumsum(there[order]) / np.arange(1, len(scores) + 1)
    good = np.flatnonzero(precision >= right)
    return float(scores[order][good[-1]]) if len(good) and good[-1] + 1 >= FEWEST_CLAIMS else np.inf
