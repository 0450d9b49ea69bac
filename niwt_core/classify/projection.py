"""The classes as a map: a plane through head rows on which any further row has its place, at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from torch import Tensor
from torch.nn.functional import normalize

MANY = 50  # classes, and features: fewer are decomposed whole


@dataclass(frozen=True, eq=False)
class ClassMap:
    """The plane of the first two principal components of unit rows (C,D) about their mean; ``places`` (C,2) of those rows; ``explained``: the
    fraction of their variance that the plane shows."""

    mean: np.ndarray
    axes: np.ndarray
    places: np.ndarray
    explained: float

    def place(self, rows: Tensor) -> np.ndarray:
        """(n,2) places of rows (n,D), as those of the map: a product, so that a class moves as it is described."""
        return np.asarray((normalize(rows.double(), dim=1).numpy() - self.mean) @ self.axes.T)


def map_of_classes(rows: Tensor) -> ClassMap:
    """The map of head rows (C,D), C >= 2: the same picture every time. Lengths do not count: those of described classes are set, not learnt."""
    unit = normalize(rows.double(), dim=1).numpy()
    # of 1,095 classes the whole decomposition takes 0.63 s of computing, the two that are wanted 0.03, to the same digits
    fitted = PCA(2, svd_solver="arpack" if min(unit.shape) >= MANY else "full", random_state=0).fit(unit)
    return ClassMap(
        fitted.mean_, fitted.components_, fitted.transform(unit), float(fitted.explained_variance_ratio_.sum())
    )
