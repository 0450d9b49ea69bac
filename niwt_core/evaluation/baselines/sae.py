"""SAE (Kodirov, Xiang and Gong, CVPR 2017): a linear autoencoder whose code is the description, in closed form.

``min_W |X - W^T S|^2 + l |W X - S|^2`` leads to the Sylvester equation ``S S^T W + l W X X^T = (1 + l) S X^T``. Both sides are symmetric,
so in their eigenbases it is one division a coefficient. A class's row is its unit description decoded, ``W^T s``, and meets features of
length one: the method compares by cosine (in feature space).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from niwt_core.evaluation.baselines.linear import Compatibility, spanned, unit_rows
from niwt_core.evaluation.baselines.protocol import TrainingData


@dataclass(frozen=True, eq=False)
class Sae(Compatibility):
    """Both eigendecompositions, made once for a set of pictures."""

    training_data: TrainingData
    feature_values: np.ndarray  # (D,)
    feature_vectors: np.ndarray  # (D, D)
    knowledge_values: np.ndarray  # (R,), R the rank: the rest of the K take no part
    knowledge_vectors: np.ndarray  # (K, R)
    rotated: np.ndarray  # (R, D)

    name: ClassVar = "SAE"
    grid: ClassVar[tuple[tuple[float, ...], ...]] = tuple(
        (float(hyperparameters),) for hyperparameters in 10.0 ** np.arange(-3.0, 2.5, 0.5)
    )
    unit_descriptions: ClassVar = False  # rows get length one anyway: H on CUB's folds is 0.4 higher so

    @classmethod
    def fit(cls, training_data: TrainingData) -> Sae:
        """Features are brought to length one first."""
        features, knowledge = unit_rows(training_data.features.astype(np.float64)), training_data.knowledge
        per_class = np.zeros((len(knowledge), features.shape[1]))
        np.add.at(per_class, training_data.labels, features)  # (C, D)
        count = np.bincount(training_data.labels, minlength=len(knowledge))
        feature_values, feature_vectors = np.linalg.eigh(features.T @ features)
        knowledge_values, knowledge_vectors = spanned((knowledge.T * count) @ knowledge)  # S S^T over pictures
        rotated = knowledge_vectors.T @ (knowledge.T @ per_class) @ feature_vectors
        return cls(training_data, feature_values, feature_vectors, knowledge_values, knowledge_vectors, rotated)

    def projection(self, hyperparameters: float) -> np.ndarray:
        """W (K,D); ``strength`` is l relative to the ratio of the two mean eigenvalues."""
        feature_values, knowledge_values = self.feature_values.clip(0), self.knowledge_values
        ratio = hyperparameters * (knowledge_values.sum() / len(self.knowledge_vectors)) / feature_values.mean()
        sums = knowledge_values[:, None] + ratio * feature_values[None, :]
        return self.knowledge_vectors @ ((1 + ratio) * self.rotated / np.maximum(sums, 1e-12)) @ self.feature_vectors.T

    def rows(self, knowledge: np.ndarray, hyperparameters: tuple[float, ...]) -> np.ndarray:
        """Unit head rows (C,D): decoded descriptions."""
        return unit_rows(knowledge @ self.projection(hyperparameters[0]))

    def scores(self, features: np.ndarray, new: np.ndarray, grid_points: Iterable[Any]) -> Iterator[np.ndarray]:
        """Cosines (n,C+U) of pictures (n,D) with decoded descriptions."""
        return super().scores(unit_rows(features), new, grid_points)
