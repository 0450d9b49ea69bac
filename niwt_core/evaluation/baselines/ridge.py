"""Plain ridge regression from descriptions to head rows: the transfer's nearest kin at the last layer, without importances or lengths set.

``min_B |W - mean - S B|^2 + r |B|^2`` over the seen pairs of description and row; a new class gets the mean seen bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from niwt_core.evaluation.baselines.linear import Injection
from niwt_core.evaluation.baselines.protocol import Lesson


@dataclass(frozen=True, eq=False)
class Ridge(Injection):
    """The eigendecomposition of the Gram matrix of C descriptions, made once."""

    lesson: Lesson
    values: np.ndarray  # (C,)
    vectors: np.ndarray  # (C, C)

    name: ClassVar = "Ridge"
    grid: ClassVar[tuple[tuple[float, ...], ...]] = tuple(
        (float(strength),) for strength in 10.0 ** np.arange(-4.0, 3.5, 0.5)
    )

    @classmethod
    def fit(cls, lesson: Lesson) -> Ridge:
        return cls(lesson, *np.linalg.eigh(lesson.knowledge @ lesson.knowledge.T))

    def inject(self, new: np.ndarray, strength: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
        """``strength`` is relative to the mean eigenvalue of the Gram matrix."""
        lesson, values = self.lesson, self.values.clip(0)
        mean = lesson.rows.mean(0)
        shrunk = self.vectors.T @ (lesson.rows - mean) / (values + strength[0] * values.mean())[:, None]
        rows = (
            mean + new @ lesson.knowledge.T @ self.vectors @ shrunk
        )  # knowledge is about its mean: no other intercept
        return rows, np.full(len(new), lesson.biases.mean())
