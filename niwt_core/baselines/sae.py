"""SAE (Kodirov, Xiang and Gong, CVPR 2017): a linear autoencoder whose code is the description, in closed form.

``min_W |X - W^T S|^2 + l |W X - S|^2`` leads to the Sylvester equation ``S S^T W + l W X X^T = (1 + l) S X^T``. Both sides are symmetric,
so in their eigenbases it is one division a coefficient. A class's row is its unit description decoded: ``W^T s`` (feature space).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np


@dataclass(frozen=True)
class Sae:
    """Both eigendecompositions, made once for a set of pictures."""

    feature_values: np.ndarray  # (D,)
    feature_vectors: np.ndarray  # (D, D)
    knowledge_values: np.ndarray  # (K,)
    knowledge_vectors: np.ndarray  # (K, K)
    rotated: np.ndarray  # (K, D)

    name: ClassVar = "SAE"
    grid: ClassVar = tuple((float(strength),) for strength in 10.0 ** np.arange(-4.0, 4.5, 0.5))
    unit_features: ClassVar = True

    @classmethod
    def fit(cls, features: np.ndarray, labels: np.ndarray, knowledge: np.ndarray) -> Sae:
        """features (n,D), labels (n,) into ``knowledge`` (C,K)."""
        per_class = np.zeros((len(knowledge), features.shape[1]))
        np.add.at(per_class, labels, features)  # (C, D)
        count = np.bincount(labels, minlength=len(knowledge))
        feature_values, feature_vectors = np.linalg.eigh(features.T @ features)
        knowledge_values, knowledge_vectors = np.linalg.eigh((knowledge.T * count) @ knowledge)  # S S^T over pictures
        rotated = knowledge_vectors.T @ (knowledge.T @ per_class) @ feature_vectors
        return cls(feature_values, feature_vectors, knowledge_values, knowledge_vectors, rotated)

    def projection(self, strength: float) -> np.ndarray:
        """W (K,D); ``strength`` is l relative to the ratio of the two mean eigenvalues."""
        feature_values, knowledge_values = self.feature_values.clip(0), self.knowledge_values.clip(0)
        ratio = strength * knowledge_values.mean() / feature_values.mean()
        sums = knowledge_values[:, None] + ratio * feature_values[None, :]
        return self.knowledge_vectors @ ((1 + ratio) * self.rotated / np.maximum(sums, 1e-12)) @ self.feature_vectors.T

    def rows(self, knowledge: np.ndarray, strength: tuple[float, ...]) -> np.ndarray:
        """Unit head rows (C,D): decoded descriptions, to be compared with unit features by their product (cosine)."""
        decoded = knowledge @ self.projection(strength[0])
        return decoded / np.linalg.norm(decoded, axis=1, keepdims=True).clip(1e-12)
