"""ESZSL (Romera-Paredes and Torr, ICML 2015): a bilinear map between features and descriptions, in closed form.

``V = (X X^T + g I)^-1 X Y S^T (S S^T + l I)^-1``; a class's row is ``V s``. Here rows are pictures, so X is (n,D).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, product
from typing import Any, ClassVar

import numpy as np

from niwt_core.evaluation.baselines.linear import Compatibility, spanned
from niwt_core.evaluation.baselines.protocol import TrainingData

HYPERPARAMETERS = tuple(10.0 ** (exponent / 2) for exponent in range(-3, 6))


@dataclass(frozen=True, eq=False)
class Eszsl(Compatibility):
    """Both eigendecompositions, made once for a set of pictures; every pair of strengths then costs two products."""

    training_data: TrainingData
    feature_values: np.ndarray  # (D,)
    feature_vectors: np.ndarray  # (D, D)
    knowledge_values: np.ndarray  # (R,), R the rank: the rest of the K take no part
    knowledge_vectors: np.ndarray  # (K, R)
    rotated: np.ndarray  # (D, R)

    name: ClassVar = "ESZSL"
    # strengths of the features' side and of the knowledge's
    grid: ClassVar[tuple[tuple[float, ...], ...]] = tuple(product(HYPERPARAMETERS[:-1], HYPERPARAMETERS))

    @classmethod
    def fit(cls, training_data: TrainingData) -> Eszsl:
        """Targets are +1 for a picture's class and -1 for the others."""
        features, knowledge = training_data.features.astype(np.float64), training_data.knowledge
        per_class = np.zeros((len(knowledge), features.shape[1]))
        np.add.at(per_class, training_data.labels, features)  # (C, D): sums of each class
        cross = (2 * per_class - features.sum(0)).T @ knowledge  # X^T Y S with Y = 2 onehot - 1, (D, K)
        feature_values, feature_vectors = np.linalg.eigh(features.T @ features)
        knowledge_values, knowledge_vectors = spanned(knowledge.T @ knowledge)
        rotated = feature_vectors.T @ cross @ knowledge_vectors
        return cls(training_data, feature_values, feature_vectors, knowledge_values, knowledge_vectors, rotated)

    def rows(self, knowledge: np.ndarray, hyperparameters: tuple[float, ...]) -> np.ndarray:
        """Head rows (C,D) for descriptions (C,K); ``strength`` is (g, l), each relative to the mean eigenvalue of its side."""
        return self._codes(knowledge, hyperparameters[1]) @ self._directions(hyperparameters[0]).T

    def scores(self, features: np.ndarray, new: np.ndarray, grid_points: Iterable[Any]) -> Iterator[np.ndarray]:
        """(n,C+U) for pictures (n,D); those of one g share its product with the features."""
        knowledge = np.concatenate([self.training_data.knowledge, new])
        for g, group in groupby(grid_points, key=lambda hyperparameters: hyperparameters[0]):
            met = features @ self._directions(g).astype(features.dtype)  # (n, R)
            for _, knowledge_ridge in group:
                yield met @ self._codes(knowledge, knowledge_ridge).T.astype(features.dtype)

    def _directions(self, hyperparameters: float) -> np.ndarray:
        """(D,R)."""
        values = self.feature_values.clip(0)
        return self.feature_vectors @ (self.rotated / (values + hyperparameters * values.mean())[:, None])

    def _codes(self, knowledge: np.ndarray, hyperparameters: float) -> np.ndarray:
        """(C,R) for descriptions (C,K)."""
        mean = self.knowledge_values.sum() / len(self.knowledge_vectors)
        return knowledge @ self.knowledge_vectors / (self.knowledge_values + hyperparameters * mean)
