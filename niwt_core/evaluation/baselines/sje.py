"""SJE (Akata et al., CVPR 2015): bilinear compatibility by the structured hinge, ``max_y' max(0, 1 + f_y' - f_y)``: the worst class alone counts."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from niwt_core.evaluation.baselines.bilinear import Bilinear, against_own, violations


class Sje(Bilinear):
    """Max-margin over the worst class."""

    name: ClassVar = "SJE"
    grid: ClassVar[tuple[tuple[float, ...], ...]] = Bilinear.rates(
        1.0, 3.0
    )  # lower ones are slower, higher ones worse on the folds of CUB

    @staticmethod
    def slope(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
        gaps = violations(scores, labels)
        places, worst = np.arange(len(labels)), gaps.argmax(1)
        pulls = np.zeros_like(gaps)
        pulls[places, worst] = gaps[places, worst] > 0
        return against_own(pulls, labels)
