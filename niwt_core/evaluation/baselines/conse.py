"""ConSE (Norouzi et al., ICLR 2014): a picture's description is the probability-weighted mean of its T likeliest seen classes' descriptions.

Every class, seen or new, scores by the cosine of its description with that mean (Xian et al., 2018, for the generalised setting). The
probabilities are those of the seen head, sharpened or softened by a temperature.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import numpy as np
from scipy.special import softmax

from niwt_core.evaluation.baselines.linear import logits, unit_rows
from niwt_core.evaluation.baselines.protocol import TrainingData

MOST = 10_000.0  # as many classes as there are


@dataclass(frozen=True, eq=False)
class Conse:
    """Nothing to fit beyond the head."""

    training_data: TrainingData

    name: ClassVar = "ConSE"
    # T and the temperature
    grid: ClassVar[tuple[tuple[float, ...], ...]] = tuple(
        product((1.0, 3.0, 10.0, 20.0, MOST), (0.5, 1.0, 1.5, 2.0, 4.0))
    )
    every_fold: ClassVar = True
    unit_descriptions: ClassVar = (
        False  # a class of no character should not pull a mean: H on CUB's folds is 1.5 higher so
    )

    @classmethod
    def fit(cls, training_data: TrainingData) -> Conse:
        return cls(training_data)

    def scores(self, features: np.ndarray, new: np.ndarray, grid_points: Iterable[Any]) -> Iterator[np.ndarray]:
        """Cosines (n,C+U) in description space for pictures (n,D); a strength is (T, temperature)."""
        training_data = self.training_data
        parsed = logits(features, training_data.rows, training_data.biases)  # (n, C)
        ranked, knowledge = np.sort(parsed, axis=1), training_data.knowledge.astype(features.dtype)
        aims = unit_rows(np.concatenate([knowledge, new.astype(features.dtype)]))  # (C+U, K)
        products, gram = knowledge @ aims.T, knowledge @ knowledge.T  # a mean's cosines need no mean of length K
        for top, temperature in grid_points:
            least = ranked[:, -min(int(top), ranked.shape[1]), None]
            fractions = softmax(np.where(parsed >= least, parsed, -np.inf) / temperature, axis=1)  # (n, C)
            length = np.sqrt(((fractions @ gram) * fractions).sum(1, keepdims=True).clip(1e-24))
            yield fractions @ products / length
