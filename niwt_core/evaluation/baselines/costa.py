"""COSTA (Mensink, Gavves and Snoek, CVPR 2014): a new class's classifier is a weighted sum of the seen ones', weighted by likeness.

The paper weights by normalised co-occurrence of labels; where classes never occur together, the likeness of two descriptions stands for it:
``softmax(cos(s, s_c) / t)`` over the T likest seen classes. Rows and biases are summed alike, and lengths are left as they come.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np
from scipy.special import softmax

from niwt_core.evaluation.baselines.linear import Injection, unit_rows
from niwt_core.evaluation.baselines.protocol import TrainingData

MOST = 10_000.0  # as many classes as there are


@dataclass(frozen=True, eq=False)
class Costa(Injection):
    """Nothing to fit beyond the head."""

    training_data: TrainingData

    name: ClassVar = "COSTA"
    # T and t
    grid: ClassVar[tuple[tuple[float, ...], ...]] = tuple(
        product((1.0, 2.0, 3.0, 5.0, 10.0, 20.0, MOST), (0.03, 0.1, 0.2, 0.3, 1.0))
    )

    @classmethod
    def fit(cls, training_data: TrainingData) -> Costa:
        return cls(training_data)

    def inject(self, new: np.ndarray, hyperparameters: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
        likeness = unit_rows(new) @ unit_rows(self.training_data.knowledge).T  # (U, C)
        top = min(int(hyperparameters[0]), likeness.shape[1])
        least = np.sort(likeness, axis=1)[:, -top, None]
        fractions = softmax(np.where(likeness >= least, likeness, -np.inf) / hyperparameters[1], axis=1)
        return fractions @ self.training_data.rows, fractions @ self.training_data.biases
