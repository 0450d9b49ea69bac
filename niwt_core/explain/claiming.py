"""From the scores of attributes in pictures to what is claimed of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor

from niwt_core.neurons.naming import auroc_of

LIKELY = 0.2  # a value of which so much is probable may be what the picture shows


def strongest_others(scores: Tensor, exclusive: Sequence[np.ndarray]) -> Tensor:
    """(...,K): of each attribute the highest score among the others of its exclusive group, 0 where it is in none."""
    others = torch.zeros_like(scores)
    for at in exclusive:
        for k in at:
            others[..., k] = scores[..., [j for j in at if j != k]].amax(-1)
    return others


def probabilities(scores: Tensor, scaling: Tensor, exclusive: Sequence[np.ndarray]) -> Tensor:
    """(...,K) how likely each attribute is there: the logistic function of ``scaling`` (3,K) times its score, the strongest other value's, and 1."""
    by_score, by_other, offset = scaling
    return torch.sigmoid(by_score * scores + by_other * strongest_others(scores, exclusive) + offset)


def another_likely(scores: np.ndarray, exclusive: Sequence[np.ndarray]) -> np.ndarray:
    """(...,K) bool: of each attribute, whether another value of its exclusive group is `LIKELY`; yes where it is in none."""
    grouped = np.zeros(scores.shape[-1], bool)
    for at in exclusive:
        grouped[at] = True
    return (strongest_others(torch.from_numpy(scores), exclusive).numpy() >= LIKELY) | ~grouped


def claims_of(
    scores: np.ndarray,
    above: np.ndarray | float,
    below: float,
    exclusive: Sequence[np.ndarray],
    *,
    others_absent: bool = True,
    hidden_below: float | None = None,
) -> np.ndarray:
    """(...,K) int8; ``above`` for all or of each (K,).

    Of an exclusive group only the strongest value can be seen; where one is seen, the others are not (``others_absent``), or are judged by their own
    scores, in which the strongest value is reckoned already. Where no other value is `LIKELY`, ``hidden_below`` judges.
    """
    limit = below if hidden_below is None else np.where(another_likely(scores, exclusive), below, hidden_below)
    claims = (scores >= above).astype(np.int8) - (scores < limit).astype(np.int8)
    for at in exclusive:
        best = scores[..., at].argmax(-1)[..., None]
        seen = np.take_along_axis(claims[..., at], best, -1) > 0  # (..., 1)
        others = np.where(seen, np.int8(-1), claims[..., at]) if others_absent else np.minimum(claims[..., at], 0)
        np.put_along_axis(others, best, np.take_along_axis(claims[..., at], best, -1), -1)
        claims[..., at] = others
    return claims


def class_aurocs(scores: np.ndarray, there: np.ndarray) -> np.ndarray:
    both = there.any(0) & ~there.all(0)
    return np.where(both, auroc_of(rankdata(scores, axis=0), there), np.nan)


def fraction(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")


def claim_figures(claims: np.ndarray, there: np.ndarray) -> dict[str, float]:
    """How right ``claims`` (n,K), 1 seen and -1 not seen, are of what is ``there`` (n,K) bool, and how much they decide; fractions."""
    seen, absent = claims > 0, claims < 0
    return {
        "seen_right": fraction(there[seen]),
        "not_seen_right": fraction(~there[absent]),
        "recall": fraction(seen[there]),
        "missed": fraction(absent[there]),
        "decided": fraction(seen | absent),
    }
