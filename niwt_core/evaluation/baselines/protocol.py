"""What a baseline of the transfer may learn from, and what it offers: fit once, then scores for any of the strengths it can be given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np


@dataclass(frozen=True, eq=False)
class TrainingData:
    """All that a baseline may see: pictures of C seen classes, their descriptions, and the head that was trained on them.

    features (n,D) float32 about the mean of these pictures and of mean length one; labels (n,) in 0..C-1; knowledge (C,K) encoded, about the
    mean of these classes, each of length one where the baseline asks for it; rows (C,D) and biases (C,) of the head, in the coordinates of
    ``features``; best_seen (n,) the head's largest logit of each of these pictures, as if it had not been fitted on it, where that is known.
    """

    features: np.ndarray
    labels: np.ndarray
    knowledge: np.ndarray
    rows: np.ndarray
    biases: np.ndarray
    seed: int = 0
    best_seen: np.ndarray | None = None


class Baseline(Protocol):
    """``scores`` gives, for pictures (n,D) and descriptions ``new`` (U,K) of classes nobody photographed, one (n,C+U) for each grid point: the
    classes of the training data, then the new ones. ``grid`` lists the hyper-parameters to try, those with common work together;
    ``every_fold`` is false where a fit is so long that the folds of the first partition must do; ``unit_descriptions`` asks for
    descriptions of length one, about their mean.
    """

    name: ClassVar[str]
    grid: ClassVar[tuple[tuple[float, ...], ...]]
    every_fold: ClassVar[bool]
    unit_descriptions: ClassVar[bool]

    @classmethod
    def fit(cls, training_data: TrainingData) -> Baseline: ...

    def scores(self, features: np.ndarray, new: np.ndarray, grid_points: Iterable[Any]) -> Iterator[np.ndarray]: ...
