"""Domain to importance and back: ridge maps whose strength is chosen by closed-form leave-one-class-out.

The paper (eq. 2) trains ``a = map(K)`` with ``mean over images (1 - cos(a, alpha_y(x)))``. A class's images enter that loss only
through ``m_c``, the mean of its unit importances, so C targets replace thousands of images (DESIGN 2). Here the map is ridge
regression on those targets. Every leave-one-out prediction follows from one eigendecomposition of the C x C Gram matrix.
"""

from __future__ import annotations

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
    ``held_out`` (C,N) are those predictions.
    """

    weight: Tensor
    x_mean: Tensor
    y_mean: Tensor
    ridge: float
    predictability: Tensor
    held_out: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """(...,K) -> (...,N)."""
        return (x - self.x_mean) @ self.weight + self.y_mean

    @property
    def offset(self) -> Tensor:
        """(N,): what the map gives for a zero input, so that ``y = x weight + offset``."""
        return self.y_mean - self.x_mean @ self.weight


def fit_map(x: Tensor, y: Tensor, *, ridges: tuple[float, ...] = RIDGES, centred_cosine: bool = True) -> LinearMap:
    """Ridge regression of ``y`` (C,N) on ``x`` (C,K), strength by leave-one-class-out cosine.

    The intercept is not penalised; both sides are centred, and the 1/C of the hat matrix pays for it, so that the closed form
    is exactly what refitting without the class gives (tested).

    Args:
        centred_cosine: judge by the cosine of what differs between classes (both sides less the mean of ``y``). The plain cosine
            is high for any map as soon as classes share a large mean.

    Raises:
        NiwtError: fewer than three classes, or values that are not finite.
    """
    classes = len(x)
    if classes < 3 or len(y) != classes:
        raise NiwtError(f"{classes} classes cannot carry a map", where="domain to importance", fix="give three or more")
    if not (torch.isfinite(x).all() and torch.isfinite(y).all()):
        raise NiwtError("values that are not finite", where="domain to importance", fix="check the attribute table")
    dtype, x, y = x.dtype, x.double(), y.double()
    x_mean, y_mean = x.mean(0), y.mean(0)
    xc, yc = x - x_mean, y - y_mean
    values, vectors = torch.linalg.eigh(xc @ xc.T)  # (C,), (C, C)
    values = values.clamp_min(0)
    unit_ridge = values.mean().clamp_min(1e-12)
    rotated = vectors.T @ yc  # (C, N)

    best: tuple[float, float, Tensor] | None = None
    for ridge in ridges:
        shrink = values / (values + ridge * unit_ridge)  # (C,)
        leverage = (vectors.square() * shrink).sum(1) + 1 / classes  # (C,) diagonal of the hat matrix
        residual = (yc - vectors @ (shrink.unsqueeze(1) * rotated)) / (1 - leverage).clamp_min(1e-9).unsqueeze(1)
        held_out = y - residual  # (C, N)
        score = float(_cosine(held_out, y, y_mean if centred_cosine else None).mean())
        if best is None or score > best[0]:
            best = (score, ridge, held_out)
    assert best is not None
    _, ridge, held_out = best
    weight = xc.T @ vectors @ (rotated / (values + ridge * unit_ridge).unsqueeze(1))  # (K, N)
    return LinearMap(
        weight.to(dtype),
        x_mean.to(dtype),
        y_mean.to(dtype),
        ridge,
        _cosine(held_out, y, None).to(dtype),
        held_out.to(dtype),
    )


def _cosine(a: Tensor, b: Tensor, mean: Tensor | None) -> Tensor:
    if mean is not None:
        a, b = a - mean, b - mean
    return (unit(a) * unit(b)).sum(-1)
