"""ALE (Akata et al., TPAMI 2016): bilinear compatibility by a weighted approximate ranking loss.

For a picture of class y with r violators, ``sum_y' (L_r / r) max(0, 1 + f_y' - f_y)``, ``L_r = sum_{i<=r} 1/i``: mistakes at the top of the
ranking count most. The paper samples violators to estimate r; a few hundred classes can all be looked at, so r is exact here.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from niwt_core.evaluation.baselines.bilinear import Bilinear, against_own, violations


class Ale(Bilinear):
    """Weighted approximate ranking."""

    name: ClassVar = "ALE"
    grid: ClassVar[tuple[tuple[float, ...], ...]] = Bilinear.rates(
        1.0, 3.0
    )  # lower ones are slower, higher ones worse on the folds of CUB

    @staticmethod
    def slope(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
        violators = violations(scores, labels) > 0
        harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, scores.shape[1] + 1))])
        rank = violators.sum(1)
        return against_own(violators * (harmonic[rank] / np.maximum(rank, 1))[:, None], labels)
