"""ESZSL (Romera-Paredes and Torr, ICML 2015): a bilinear map between features and descriptions, in closed form.

``V = (X X^T + g I)^-1 X Y S^T (S S^T + l I)^-1``; a class's row is ``V s``. Here rows are pictures, so X is (n,D).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class Eszsl:
    """Both eigendecompositions, made once for a set of pictures; every pair of strengths then costs two products."""

    feature_values: np.ndarray  # (D,)
    feature_vectors: np.ndarray  # (D, D)
    knowledge_values: np.ndarray  # (K,)
    knowledge_vectors: np.ndarray  # (K, K)
    rotated: np.ndarray  # (D, K)

    name: ClassVar = "ESZSL"
    # strengths of the features' side and of the knowledge's
    grid: ClassVar = tuple(product(10.0 ** np.arange(-2.0, 2.1, 0.5), 10.0 ** np.arange(-2.0, 2.6, 0.5)))
    unit_features: ClassVar = False

    @classmethod
    def fit(cls, features: np.ndarray, labels: np.ndarray, knowledge: np.ndarray) -> Eszsl:
        """features (n,D), labels (n,) into ``knowledge`` (C,K). Targets are +1 for the class and -1 for the others."""
        classes = len(knowledge)
        per_class = np.zeros((classes, features.shape[1]))
        np.add.at(per_class, labels, features)  # (C, D): sums of each class
        cross = (2 * per_class - features.sum(0)).T @ knowledge  # X^T Y S with Y = 2 onehot - 1, (D, K)
        feature_values, feature_vectors = np.linalg.eigh(features.T @ features)
        knowledge_values, knowledge_vectors = np.linalg.eigh(knowledge.T @ knowledge)
        rotated = feature_vectors.T @ cross @ knowledge_vectors
        return cls(feature_values, feature_vectors, knowledge_values, knowledge_vectors, rotated)

    def rows(self, knowledge: np.ndarray, strength: tuple[float, ...]) -> np.ndarray:
        """Head rows (C,D) for descriptions (C,K); ``strength`` is (g, l), each relative to the mean eigenvalue of its side."""
        feature_values, knowledge_values = self.feature_values.clip(0), self.knowledge_values.clip(0)
        feature_ridge, knowledge_ridge = strength[0] * feature_values.mean(), strength[1] * knowledge_values.mean()
        scaled = self.rotated / np.outer(feature_values + feature_ridge, knowledge_values + knowledge_ridge)
        return knowledge @ self.knowledge_vectors @ scaled.T @ self.feature_vectors.T
