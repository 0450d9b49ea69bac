"""What a closed-form zero-shot baseline offers: fit once, then head rows for any strength of its regularisers."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

import numpy as np


class Baseline(Protocol):
    """``rows(knowledge (C,K), strength)`` gives (C,D) head rows without biases; ``grid`` lists the strengths to try; ``unit_features`` asks
    for features of length one, because the method compares by cosine."""

    name: ClassVar[str]
    grid: ClassVar[tuple[tuple[float, ...], ...]]
    unit_features: ClassVar[bool]

    @classmethod
    def fit(cls, features: np.ndarray, labels: np.ndarray, knowledge: np.ndarray) -> Baseline: ...

    def rows(self, knowledge: np.ndarray, strength: Any) -> np.ndarray: ...
