"""Plain ridge regression from descriptions to head rows: the transfer's nearest kin at the last layer, without importances or lengths set.

``min_B |W - mean - S B|^2 + r |B|^2`` over the seen pairs of description and row; a new class gets the mean seen bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from niwt_core.evaluation.baselines.linear import Injection
from niwt_core.evaluation.baselines.protocol import TrainingData


@dataclass(frozen=True, eq=False)
class Ridge(Injection):
    """The eigendecomposition of the Gram matrix of C descriptions, made once."""

    training_data: TrainingData
    values: np.ndarray  # (C,)
    vectors: np.ndarray  # (C, C)

    name: ClassVar = "Ridge"
    grid: ClassVar[tuple[tuple[float, ...], ...]] = tuple(
        (float(hyperparameters),) for hyperparameters in 10.0 ** np.arange(-4.0, 3.5, 0.5)
    )

    @classmethod
    def fit(cls, training_data: TrainingData) -> Ridge:
        return cls(training_data, *np.linalg.eigh(training_data.knowledge @ training_data.knowledge.T))

    def inject(self, new: np.ndarray, hyperparameters: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
        """``strength`` is relative to the mean eigenvalue of the Gram matrix."""
        training_data, values = self.training_data, self.values.clip(0)
        mean = training_data.rows.mean(0)
        shrunk = self.vectors.T @ (training_data.rows - mean) / (values + hyperparameters[0] * values.mean())[:, None]
        rows = (
            mean + new @ training_data.knowledge.T @ self.vectors @ shrunk
        )  # knowledge is about its mean: no other intercept
        return rows, np.full(len(new), training_data.biases.mean())
