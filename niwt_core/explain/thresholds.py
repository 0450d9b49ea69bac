"""When a detector may say "seen" or "not seen": the widest claims that are right often enough on classes that were left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import beta

from niwt_core.explain.claiming import another_likely

SEEN_RIGHT = 5 / 6  # of what is called seen on a left-out class; unseen classes do better: Aviary 0.98, CUB subset 0.91
NOT_SEEN_RIGHT = 0.97
MISSED = 0.05  # of what is there may be called not seen: most absences are safe to guess, but a promised word must not be denied by a guess
# Of what is called seen on a left-out class by the detectors alone, where the ranking has to agree besides: nobody looked at photographs for it (the
# CUB subset then has 99 % right of 30 % of what is there); a photograph of the class always shows it; mostly. What is seldom shown is never seen.
ALONE = {"": 3 / 4, "always": 2 / 5, "mostly": 5 / 6}
FEWEST_CLAIMS = 20  # a threshold that fewer left-out claims have passed is not trusted
SURE = 0.95  # that denials are right as often as asked
MOST_WRONG = 200  # wrong denials of either kind that are considered


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
    scores: np.ndarray,
    there: np.ndarray,
    asked: Sequence[np.ndarray],
    *,
    right: float,
    exclusive: Sequence[np.ndarray] = (),
    not_seen_right: float | None = None,
) -> tuple[float, float, float]:
    """(seen above, not seen below, not seen below where no other value of the group is likely): claims that are right as often as asked whichever of
    the questions ``asked``, each (n,K) bool, are put.

    scores and there (n,K). A word that a class promises is nearly always there in its pictures, so that of those words almost every "not seen" is
    wrong unless it asks for far more evidence than of any other word; what is claimed of a picture must not depend on who asks, so the strictest
    threshold holds for all. Infinite where no claim is right that often, and where under `FEWEST_CLAIMS` are.

    Denials of such a word have two kinds. Either another value of its group is likely: then the detector has often taken one for the other. Or none
    is: then the part is hidden. Each has its threshold; together they are the widest at which, of each question's denials, the `SURE` lower limit of
    what is right (Clopper and Pearson, 1934) reaches ``not_seen_right`` (None: ``right``).
    Scores are probabilities: none above 1 - ``not_seen_right`` is denied, and none below a half is seen.
    """
    above = max(0.5, *(_lowest(scores[at], there[at], right) for at in asked))
    not_seen_right = right if not_seen_right is None else not_seen_right
    highest = min(above, 1 - not_seen_right)
    another, low = another_likely(scores, exclusive), scores < highest
    kinds = (another & low, ~another & low)
    tried = [_wrong_scores(scores[there & kind], highest) for kind in kinds]
    most, allowed = _counts(scores, kinds, tried), True
    for at in asked:
        denied = _counts(scores, [kind & at for kind in kinds], tried)
        wrong = _counts(scores, [kind & at & there for kind in kinds], tried)
        sure = beta.ppf(1 - SURE, denied - wrong, wrong + 1)
        allowed = allowed & ((denied == 0) | (sure >= not_seen_right))
    first, second = np.unravel_index(np.where(allowed, most, -1).argmax(), most.shape)
    if not most[first, second]:
        return above, -np.inf, -np.inf
    return above, _between(tried[0], int(first)), _between(tried[1], int(second))


def _between(tried: np.ndarray, at: int) -> float:
    """Halfway, as odds go, from the last wrong denial that is allowed to the first that is not: the widest of all would be the luckiest."""
    last = tried[at - 1] if at else -np.inf
    return float(np.sqrt(last * tried[at]) if last > 0 else tried[at])


def _wrong_scores(scores: np.ndarray, highest: float) -> np.ndarray:
    """The lowest `MOST_WRONG` scores of what is there, each a threshold that just does not deny it; with ``highest``, which denies all."""
    return np.append(-np.inf, np.append(np.sort(scores), highest)[:MOST_WRONG])


def _counts(scores: np.ndarray, kinds: Sequence[np.ndarray], tried: Sequence[np.ndarray]) -> np.ndarray:
    """(t,u) how many questions of either kind, (n,K) bool each, have a score below each pair of thresholds."""
    first, second = (np.searchsorted(np.sort(scores[kind]), at) for kind, at in zip(kinds, tried, strict=True))
    return np.add.outer(first, second)


def _lowest(scores: np.ndarray, there: np.ndarray, right: float) -> float:
    """The lowest score such that of all at or above it the fraction ``right`` is there."""
    order = np.argsort(-scores, kind="stable")
    precision = np.cumsum(there[order]) / np.arange(1, len(scores) + 1)
    good = np.flatnonzero(precision >= right)
    return float(scores[order][good[-1]]) if len(good) and good[-1] + 1 >= FEWEST_CLAIMS else np.inf
