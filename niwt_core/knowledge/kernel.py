"""A Gaussian kernel between class texts, written out as features, so that everything after it stays linear.

``exp((cos(x, y) - 1) / width)`` over the seen classes' vectors as anchors: the features of x are its kernel values with the anchors, whitened
so that their inner products are the kernel itself. A ridge on them is kernel ridge regression: two texts that differ a lot say nothing of
each other, while a linear map takes every shade of the encoder's space for a trait. Chosen on folds of seen classes of the CUB subset (54
folds, frozen network, class names and phrases): H 49.9 against 48.1 for the linear map; TF-IDF gains half a point, ready-made embeddings lose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

REACH = 0.5  # width in mean distances between anchors; H 49.9, 49.7 and 49.2 on the same folds for 0.5, 1 and 2
SMALLEST = 1e-9  # eigenvalues below this share of the largest are noise


@dataclass(frozen=True, eq=False)
class Kernel:
    """anchors (A,K) float64 of length one; basis (A,r) float64; width in units of 1 - cosine."""

    anchors: np.ndarray
    basis: np.ndarray
    width: float

    @classmethod
    def fit(cls, values: np.ndarray) -> Kernel:
        """From the vectors (A,K) of the seen classes; none may be zero."""
        anchors = _unit(values)
        distance = 1 - np.einsum("ak,bk->ab", anchors, anchors)
        pairs = max(len(anchors) * (len(anchors) - 1), 1)
        width = max(REACH * float(distance.sum()) / pairs, 1e-3)  # the diagonal is zero
        sizes, vectors = np.linalg.eigh(np.exp(-distance / width))
        kept = sizes > SMALLEST * sizes.max()
        return cls(anchors, vectors[:, kept] / np.sqrt(sizes[kept]), width)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """(...,K) raw vectors -> (...,r) features. Sums run without BLAS: the same bits whatever the number of threads."""
        cosine = np.einsum("...k,ak->...a", _unit(values), self.anchors)
        return np.asarray(np.einsum("...a,ar->...r", np.exp((cosine - 1) / self.width), self.basis))

    def tensors(self, name: str) -> dict[str, Tensor]:
        """What a study keeps of it."""
        parts = {"anchors": self.anchors, "basis": self.basis, "width": np.float64(self.width)}
        return {f"{name}.{part}": torch.from_numpy(np.array(value, np.float64)) for part, value in parts.items()}

    @classmethod
    def from_tensors(cls, name: str, tensors: Mapping[str, Tensor]) -> Kernel | None:
        """What `tensors` wrote, or None where nothing of that name is."""
        if f"{name}.anchors" not in tensors:
            return None
        anchors, basis, width = (tensors[f"{name}.{part}"].numpy() for part in ("anchors", "basis", "width"))
        return cls(anchors, basis, float(width))


def _unit(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, np.float64)
    return values / np.maximum(np.sqrt((values * values).sum(-1, keepdims=True)), 1e-12)
