"""Domain to importance and back: ridge maps whose strength is chosen by closed-form leave-one-class-out.

The paper (eq. 2) trains ``a = map(K)`` with ``mean over images (1 - cos(a, alpha_y(x)))``. A class's images enter that loss only
through ``m_c``, the mean of its unit importances, so C targets replace thousands of images. Here the map is ridge
regression on those targets. Every leave-one-out prediction follows from one eigendecomposition of the C x C Gram matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from niwt_core.errors import NiwtError
from niwt_core.method.importance import unit

RIDGES = tuple(
    10.0 ** (exponent / 2) for exponent in range(-10, 7)
)  # in units of the mean eigenvalue of the Gram matrix


@dataclass(frozen=True)
class LinearMap:
    """``y = (x - x_mean) weight + y_mean``, with the evidence for its ridge.

    weight (K,N); x_mean (K,); y_mean (N,); ridge is relative to the mean eigenvalue of the Gram matrix; ``predictability``
    (C,) is the leave-one-out cosine of each training class (its row predicted by a map that never saw it), in -1..1;
    ``held_out`` (C,N) are those predictions, None where they were not kept.
    """

    weight: Tensor
    x_mean: Tensor
    y_mean: Tensor
    ridge: float
    predictability: Tensor
    held_out: Tensor | None = None

    def __call__(self, x: Tensor) -> Tensor:
        """(...,K) -> (...,N)."""
        return (x - self.x_mean) @ self.weight + self.y_mean

    @property
    def offset(self) -> Tensor:
        """(N,): what the map gives for a zero input, so that ``y = x weight + offset``."""
        return self.y_mean - self.x_mean @ self.weight


class RidgePath:
    """Ridge regressions of ``y`` (C,N) on ``x`` (C,K) at any strength, from one eigendecomposition of the C x C Gram matrix.

    The intercept is not penalised; both sides are centred, and the 1/C of the hat matrix pays for it, so that the closed form
    of leaving a class out is exactly what refitting without it gives (tested).

    Raises:
        NiwtError: fewer than three classes, or values that are not finite.
    """

    def __init__(self, x: Tensor, y: Tensor) -> None:
        classes = len(x)
        if classes < 3 or len(y) != classes:
            raise NiwtError(
                f"{classes} classes cannot carry a map", where="domain to importance", fix="give three or more"
            )
        if not (torch.isfinite(x).all() and torch.isfinite(y).all()):
            raise NiwtError("values that are not finite", where="domain to importance", fix="check the attribute table")
        self._dtype = x.dtype
        self._y = y.double()
        self._x_mean, self._y_mean = x.double().mean(0), self._y.mean(0)
        self._xc, self._yc = x.double() - self._x_mean, self._y - self._y_mean
        values, self._vectors = torch.linalg.eigh(self._xc @ self._xc.T)  # (C,), (C, C)
        self._values = values.clamp_min(0)
        self._unit = self._values.mean().clamp_min(1e-12)
        self._rotated = self._vectors.T @ self._yc  # (C, N)

    def held_out(self, ridge: float) -> Tensor:
        """(C,N) float64: each class as predicted without it."""
        shrink = self._values / (self._values + ridge * self._unit)  # (C,)
        leverage = (self._vectors.square() * shrink).sum(1) + 1 / len(self._y)  # (C,) diagonal of the hat matrix
        residual = self._yc - self._vectors @ (shrink.unsqueeze(1) * self._rotated)
        return self._y - residual / (1 - leverage).clamp_min(1e-9).unsqueeze(1)

    def cosine(self, ridge: float, *, centred: bool = True) -> float:
        """The mean leave-one-out cosine; ``centred``: of what differs between classes (both sides less the mean of ``y``). The plain cosine
        is high for any map as soon as classes share a large mean."""
        return float(_cosine(self.held_out(ridge), self._y, self._y_mean if centred else None).mean())

    def predict(self, x: Tensor, ridges: Sequence[float]) -> list[Tensor]:
        """(U,N) predictions for new rows ``x`` (U,K), one for each strength."""
        cross = (x.double() - self._x_mean) @ self._xc.T @ self._vectors  # (U, C)
        scaled = [cross / (self._values + ridge * self._unit) for ridge in ridges]
        return [(self._y_mean + part @ self._rotated).to(self._dtype) for part in scaled]

    def at(self, ridge: float) -> LinearMap:
        """The map of one strength, with its evidence."""
        held_out = self.held_out(ridge)
        scaled = self._rotated / (self._values + ridge * self._unit).unsqueeze(1)
        return LinearMap(
            (self._xc.T @ self._vectors @ scaled).to(self._dtype),
            self._x_mean.to(self._dtype),
            self._y_mean.to(self._dtype),
            ridge,
            _cosine(held_out, self._y, None).to(self._dtype),
            held_out.to(self._dtype),
        )


def fit_map(x: Tensor, y: Tensor, *, ridges: Sequence[float] = RIDGES, centred_cosine: bool = True) -> LinearMap:
    """The ridge regression of ``y`` (C,N) on ``x`` (C,K) whose strength has the best leave-one-class-out cosine, as `RidgePath.cosine` has it.

    Raises NiwtError: fewer than three classes, or values that are not finite.
    """
    path = RidgePath(x, y)
    return path.at(max(ridges, key=lambda ridge: path.cosine(ridge, centred=centred_cosine)))


def _cosine(a: Tensor, b: Tensor, mean: Tensor | None) -> Tensor:
    if mean is not None:
        a, b = a - mean, b - mean
    return (unit(a) * unit(b)).sum(-1)
