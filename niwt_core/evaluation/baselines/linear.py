"""The two ways in which a baseline's scores are products of a picture's features with head rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import numpy as np

from niwt_core.evaluation.baselines.protocol import TrainingData


class Linear(ABC):
    """What both ways share; a baseline overrides what does not hold for it."""

    training_data: TrainingData
    every_fold: ClassVar[bool] = True
    # Else an odd class is loud: on CUB's folds H falls by 2 (ridge) to 6 points (ALE).
    unit_descriptions: ClassVar[bool] = True


class Compatibility(Linear):
    """A class scores by what its description says, seen or not: the rows of all classes come from ``rows``."""

    @abstractmethod
    def rows(self, knowledge: np.ndarray, hyperparameters: Any) -> np.ndarray:
        """Head rows (C,D) for descriptions (C,K)."""

    def scores(self, features: np.ndarray, new: np.ndarray, grid_points: Iterable[Any]) -> Iterator[np.ndarray]:
        """(n,C+U) for pictures (n,D), the training classes and ``new`` (U,K) ones, at each grid point."""
        knowledge = np.concatenate([self.training_data.knowledge, new])
        for hyperparameters in grid_points:
            yield features @ self.rows(knowledge, hyperparameters).T.astype(features.dtype)


class Injection(Linear):
    """Seen classes keep the head that was trained on them; ``inject`` gives rows to new ones."""

    @abstractmethod
    def inject(self, new: np.ndarray, hyperparameters: Any) -> tuple[np.ndarray, np.ndarray]:
        """Rows (U,D) and biases (U,) for descriptions (U,K)."""

    def scores(self, features: np.ndarray, new: np.ndarray, grid_points: Iterable[Any]) -> Iterator[np.ndarray]:
        """(n,C+U) for pictures (n,D), the training classes and ``new`` (U,K) ones, at each grid point."""
        seen = logits(features, self.training_data.rows, self.training_data.biases)
        for hyperparameters in grid_points:
            yield np.concatenate([seen, logits(features, *self.inject(new, hyperparameters))], axis=1)


def logits(features: np.ndarray, rows: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """(n,C) of pictures (n,D) under rows (C,D) and biases (C,), as precise as the features."""
    return features @ rows.T.astype(features.dtype) + biases.astype(features.dtype)


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Each row (...,D) to length one; a zero row stays zero."""
    return rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)


def spanned(gram: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues (R,) and vectors (K,R) of a Gram matrix (K,K) that are not nothing."""
    values, vectors = np.linalg.eigh(gram)
    real = values > values[-1:] * 1e-12
    return values[real], vectors[:, real]
