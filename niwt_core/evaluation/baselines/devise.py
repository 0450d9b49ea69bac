"""DeViSE (Frome et al., NeurIPS 2013): bilinear compatibility by a hinge on every pair, ``sum_y' max(0, 1 + f_y' - f_y)``.

The mean over wrong classes is taken here, which changes the rate and nothing else.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from niwt_core.evaluation.baselines.bilinear import Bilinear, against_own, violations


class Devise(Bilinear):
    """All-pairs hinge ranking."""

    name: ClassVar = "DeViSE"
    grid: ClassVar[tuple[tuple[float, ...], ...]] = Bilinear.rates(
        20.0, 50.0
    )  # lower ones are slower, higher ones worse on the folds of CUB

    @staticmethod
    def slope(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
        others = max(1, scores.shape[1] - 1)
        return against_own((violations(scores, labels) > 0) / others, labels)
