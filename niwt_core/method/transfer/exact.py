"""The exact transfer: classifier weights that make the network use a given set of neurons, in closed form.

The paper (eq. 4) minimises ``mean_x [1 - cos(G(x) w, a)] + lambda/2 |w - w_bar|^2`` by Adam. With the operator ``G`` in place of
``G(x)`` and the least-squares form of the same wish, ``min_w |G w - s a|^2 + mu |w - w_bar|^2``, the minimiser is

    w = w_bar + G^T (G G^T + mu I)^-1 (s a - G w_bar)

which is affine in ``a``, hence in the encoded description: ``w = P k + q`` up to its norm. The cosine is blind to scale and the
regulariser alone would shrink ``|w|`` until the class can never win, so the norm is set to the mean norm of the seen rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from niwt_core.method.importance import unit
from niwt_core.method.mapping import LinearMap


@dataclass(frozen=True)
class AffineForm:
    """``w = norm * (P k + q) / |P k + q|`` for an encoded description k (K,): one attribute is one column of P.

    P (D,K), q (D,). The squared norm is a quadratic form in k: ``k^T gram k + 2 cross k + constant``, so that a browser can
    follow a slider with K-sized vectors only.
    """

    P: Tensor
    q: Tensor
    norm: float

    def direction(self, k: Tensor) -> Tensor:
        """(...,K) -> (...,D), not yet scaled."""
        return k @ self.P.T + self.q

    def weights(self, k: Tensor) -> Tensor:
        """(...,K) -> (...,D) head rows."""
        return self.norm * unit(self.direction(k))

    def solve(self, k: np.ndarray) -> Tensor:
        """The head row (D,) float32 of one encoded description k (K,), the same bits wherever it is called.

        Sums run in float64 and in a fixed order (no BLAS, whose order depends on the number of threads).
        """
        P, q = self._double
        direction = np.einsum("dk,k->d", P, np.asarray(k, np.float64)) + q
        length = float(np.sqrt(np.einsum("d,d->", direction, direction)))
        return torch.from_numpy((direction * (self.norm / max(length, 1e-12))).astype(np.float32))

    def solve_all(self, k: np.ndarray) -> Tensor:
        """The head rows (U,D) of encoded descriptions (U,K), each as `solve` gives it."""
        rows = [self.solve(one) for one in k]
        return torch.stack(rows) if rows else torch.zeros(0, len(self.q))

    @cached_property
    def _double(self) -> tuple[np.ndarray, np.ndarray]:
        return self.P.double().numpy(), self.q.double().numpy()

    def quadratic(self) -> tuple[Tensor, Tensor, Tensor]:
        """``(gram (K,K), cross (K,), constant ())`` of ``|P k + q|^2``."""
        return self.P.T @ self.P, self.P.T @ self.q, self.q @ self.q


@dataclass(frozen=True)
class ExactTransfer:
    """Solves for head rows from importances; made once for a seen head and an operator.

    solver (D,N) is ``G^T (G G^T + mu I)^-1``; origin (D,) is ``w_bar - solver G w_bar``; ``scale`` is s, the mean length of the seen
    importances; ``norm`` and ``bias`` are the means over the seen rows.
    """

    solver: Tensor
    origin: Tensor
    scale: float
    norm: float
    bias: float
    mu: float

    def direction(self, importances: Tensor) -> Tensor:
        """(...,N) -> (...,D), not yet scaled."""
        return self.origin + self.scale * (importances @ self.solver.T)

    def weights(self, importances: Tensor) -> Tensor:
        """(...,N) predicted importances -> (...,D) head rows of the mean seen norm."""
        return self.norm * unit(self.direction(importances))

    def affine(self, mapping: LinearMap) -> AffineForm:
        """``w = P k + q``: this transfer after ``mapping``, as one affine map of the encoded description."""
        P = self.scale * self.solver @ mapping.weight.T  # (D, K)
        q = self.origin + self.scale * self.solver @ mapping.offset  # (D,)
        return AffineForm(P, q, self.norm)


def fit_transfer(
    rows: Tensor, biases: Tensor, operator: Tensor | None, *, mu: float, norm_factor: float = 1.0
) -> ExactTransfer:
    """The exact transfer for seen head ``rows`` (C,D) and ``biases`` (C,).

    Args:
        operator: ``G`` (N,D), or None for the identity (the tail is global average pooling).
        mu: trust in ``w_bar``, relative to the mean eigenvalue of ``G G^T`` so that one grid serves all layers.
        norm_factor: length of new rows, in mean lengths of the seen ones. What is predicted is less certain than what was learned, and
            a shorter row says so: on held-out classes of CUB 0.6 to 0.85 is best.
    """
    mean_row = rows.mean(0)  # (D,) w_bar
    length, bias = float(rows.norm(dim=1).mean()), float(biases.mean())
    norm = norm_factor * length
    if operator is None:
        scale = length
        solver = torch.eye(rows.shape[1], dtype=rows.dtype) / (1 + mu)
        return ExactTransfer(solver, mean_row - solver @ mean_row, scale, norm, bias, mu)
    gram = operator @ operator.T  # (N, N)
    ridge = mu * gram.diagonal().mean()
    eye = torch.eye(len(gram), dtype=gram.dtype)
    solver = torch.linalg.solve(gram + ridge * eye, operator).T  # (D, N)
    scale = float((rows @ operator.T).norm(dim=1).mean())
    origin = mean_row - solver @ (operator @ mean_row)
    return ExactTransfer(solver, origin, scale, norm, bias, mu)


def objective(
    weights: Tensor, target: Tensor, operator: Tensor, mean_row: Tensor, *, mu: float, scale: float
) -> Tensor:
    """What the exact transfer minimises: ``|G w - s a|^2 + mu tr(G G^T)/N |w - w_bar|^2`` for w (D,), a (N,); a scalar."""
    ridge = mu * operator.square().sum() / len(operator)
    return (operator @ weights - scale * target).square().sum() + ridge * (weights - mean_row).square().sum()
