"""Bilinear compatibility ``x^T V s`` trained by ranking losses: the loop that ALE, DeViSE and SJE share (Xian et al., 2018, section 3.1).

Plain minibatch gradient descent from zero, one rate, stopped early; the rate and the number of epochs are what the folds choose. A gradient is
always ``sum x g s^T`` over seen descriptions, so V stays in their span: training runs in an orthonormal basis of it, exactly the same descent
at a fifth of the cost on CUB. The margin is one; another would only rescale V together with the rate.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np

from niwt_core.evaluation.baselines.linear import Compatibility
from niwt_core.evaluation.baselines.protocol import TrainingData

BATCH = 32  # pictures
EPOCHS = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True, eq=False)
class Bilinear(Compatibility):
    """Training data ready for descent: descriptions (C,r) in a basis (K,r) of their span; ``paths`` keeps, for each rate that was asked for, V (D,r)
    after each number of epochs in ``EPOCHS``."""

    training_data: TrainingData
    descriptions: np.ndarray
    basis: np.ndarray
    paths: dict[float, dict[int, np.ndarray]] = field(default_factory=dict)

    every_fold: ClassVar = False

    @classmethod
    def fit(cls, training_data: TrainingData) -> Self:
        """Finds the span; training waits for a rate."""
        _, values, right = np.linalg.svd(training_data.knowledge, full_matrices=False)
        rank = int((values > values[:1] * 1e-6).sum())
        basis = right[:rank].T  # (K, r)
        return cls(training_data, (training_data.knowledge @ basis).astype(np.float32), basis)

    @staticmethod
    def rates(*rates: float) -> tuple[tuple[float, ...], ...]:
        """The grid of these rates."""
        return tuple((rate, float(epochs)) for rate in rates for epochs in EPOCHS)

    @staticmethod
    @abstractmethod
    def slope(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """The gradient (B,C) of each picture's loss by its scores (B,C), true classes ``labels`` (B,); margin one."""

    def rows(self, knowledge: np.ndarray, hyperparameters: tuple[float, ...]) -> np.ndarray:
        """Head rows (C,D) for descriptions (C,K); ``strength`` is (rate, epochs)."""
        rate, epochs = hyperparameters
        if rate not in self.paths:
            self.paths[rate] = self._descend(rate)
        return knowledge @ self.basis @ self.paths[rate][int(epochs)].T

    def _descend(self, rate: float) -> dict[int, np.ndarray]:
        """V (D,r) at each checkpoint."""
        x, labels, s = self.training_data.features, self.training_data.labels, self.descriptions
        random = np.random.default_rng(self.training_data.seed)
        V, kept = np.zeros((x.shape[1], s.shape[1]), np.float32), {}
        for epoch in range(1, EPOCHS[-1] + 1):
            order = random.permutation(len(x))
            for start in range(0, len(x), BATCH):
                batch = order[start : start + BATCH]
                some = x[batch]  # (B, D)
                slope = self.slope(some @ V @ s.T, labels[batch])
                V -= rate / len(batch) * (some.T @ (slope.astype(np.float32) @ s))
            if epoch in EPOCHS:
                kept[epoch] = V.copy()
        return kept


def violations(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(B,C) by how much each class comes within the margin of a picture's own, ``1 + f_y - f_own``; the own class is minus infinity."""
    places = np.arange(len(labels))
    gaps = 1 + scores - scores[places, labels][:, None]
    gaps[places, labels] = -np.inf
    return gaps


def against_own(pulls: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(B,C) ``pulls`` on wrong classes, balanced by the own class's, so that each row sums to zero."""
    pulls[np.arange(len(labels)), labels] = -pulls.sum(1)
    return pulls
