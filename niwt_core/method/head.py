"""The linear head: multinomial logistic regression on cached features of the frozen (or fine-tuned) network.

Features are centred and scaled to a mean length of one before fitting, and the head is given back in their original coordinates.
Centring matters to the transfer, not only to the fit: a class that is built gets the mean seen bias *about the feature mean*,
else its score would carry whatever its row happens to say about the average picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Conditioning:
    """mean (D,) of the training features and their root mean square length about it."""

    mean: Tensor
    scale: float

    @classmethod
    def of(cls, features: Tensor) -> Conditioning:
        """From training features (n,D)."""
        mean = features.mean(0)
        return cls(mean, float((features - mean).square().sum(1).mean().sqrt().clamp_min(1e-12)))

    def __call__(self, features: Tensor) -> Tensor:
        """(n,D) -> (n,D), centred and scaled."""
        return (features - self.mean) / self.scale


@dataclass(frozen=True)
class Head:
    """Scores ``o = rows (phi - mean) + biases``: rows (C,D), biases (C,) about the feature mean (D,); ``scale`` is the root mean square length
    of the centred features it was fitted on (1 if that is not known)."""

    rows: Tensor
    biases: Tensor
    mean: Tensor
    scale: float = 1.0

    def logits(self, features: Tensor) -> Tensor:
        """(n,D) -> (n,C)."""
        return (features - self.mean) @ self.rows.T + self.biases

    def offsets(self) -> Tensor:
        """(C,) biases of the same head written ``o = rows phi + offsets``."""
        return self.biases - self.rows @ self.mean


def fit_head(
    features: Tensor,
    labels: Tensor,
    *,
    classes: int,
    decay: float,
    smoothing: float = 0.1,
    start: Head | None = None,
    iterations: int = 200,
) -> Head:
    """Multinomial logistic regression by L-BFGS: mean cross-entropy + decay/2 |W|^2 on conditioned features, biases free.

    Args:
        features: (n,D) float32.
        labels: (n,) int64 in 0..classes-1.
        decay: L2 strength in units of conditioned features.
        smoothing: label smoothing (Szegedy et al., 2016); rows of similar length transfer better.
        start: a head over the same classes to start from (a warm start changes the time, not the optimum).

    Returns:
        the head in the coordinates of ``features``.
    """
    condition = Conditioning.of(features)
    x = condition(features)
    weight = torch.zeros(classes, x.shape[1]) if start is None else start.rows * condition.scale
    bias = torch.zeros(classes) if start is None else start.biases.clone()
    weight, bias = weight.to(x).requires_grad_(), bias.to(x).requires_grad_()
    optimiser = torch.optim.LBFGS(
        [weight, bias],
        max_iter=iterations,
        history_size=10,
        line_search_fn="strong_wolfe",
        tolerance_grad=1e-6,
        tolerance_change=1e-10,
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = (
            F.cross_entropy(x @ weight.T + bias, labels, label_smoothing=smoothing) + decay / 2 * weight.square().sum()
        )
        loss.backward()
        return loss

    optimiser.step(closure)
    bias = bias.detach() - bias.detach().mean()  # a softmax head is free up to a constant: pin it
    return Head(weight.detach() / condition.scale, bias, condition.mean, condition.scale)
