"""Percentages that mean something: one temperature for all logits, and how far confidence is from accuracy.

A label-smoothed head is far too modest: on the CUB subset its best class has 37 % on average and is right in 71 % of the pictures. Dividing the
logits by one number changes no ranking. Source: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from torch import Tensor
from torch.nn.functional import cross_entropy

LEAST, MOST = 0.1, 10.0  # where every held-out picture is right, likelihood alone would ask for 0
BINS = 15


def fit_temperature(logits: Sequence[Tensor], labels: Sequence[Tensor]) -> float:
    """The temperature, LEAST to MOST, at which held-out ``logits`` (n,C) make their ``labels`` (n,) most likely; each group counts alike."""
    groups = [(part.double(), places) for part, places in zip(logits, labels, strict=True) if len(places)]

    def loss(logarithm: float) -> float:
        return sum(float(cross_entropy(part / math.exp(logarithm), places)) for part, places in groups)

    optimum = minimize_scalar(loss, bounds=(math.log(LEAST), math.log(MOST)), method="bounded")
    return math.exp(optimum.x)


def fit_first_answer(logits: Tensor, labels: Tensor) -> float:
    """The temperature, LEAST to MOST, at which the confidence of the best class of ``logits`` (n,C) makes it most likely that this class is right as
    often as by ``labels`` (n,).

    That is what a percentage beside the first answer means. The likelihood of the labels is another question where classes are many: it is ruled by
    the pictures whose class is far down (ImageNet: 0.69, at which the first answer of 1,000 photographs is right 2.4 points more often than said).
    """
    values = logits.double()
    right = values.argmax(1) == labels

    def loss(logarithm: float) -> float:
        of_best = torch.log_softmax(values / math.exp(logarithm), 1).max(1).values  # (n,) log confidence
        of_others = torch.log(-torch.expm1(of_best.clamp(max=-1e-9)))
        return -float(torch.where(right, of_best, of_others).mean())

    optimum = minimize_scalar(loss, bounds=(math.log(LEAST), math.log(MOST)), method="bounded")
    return math.exp(optimum.x)


def expected_calibration_error(logits: Tensor, labels: np.ndarray, *, temperature: float = 1.0) -> float:
    """Percentage points between the confidence of the best class and its accuracy, the mean over BINS equal bins of confidence by their pictures.

    logits (n,C), labels (n,); NaN without pictures.
    """
    confidence, accuracy, count = reliability(logits, labels, temperature=temperature)
    return float((np.abs(accuracy - confidence) * count).sum() / count.sum()) if len(count) else float("nan")


def reliability(
    logits: Tensor, labels: np.ndarray, *, temperature: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(mean confidence, accuracy, pictures) of each of BINS equal bins of confidence that has any; both in percent."""
    confidence, best = torch.softmax(logits.double() / temperature, 1).max(1)
    right = best.numpy() == labels
    place = np.minimum((confidence.numpy() * BINS).astype(int), BINS - 1)
    count = np.bincount(place, minlength=BINS)
    filled = count > 0
    sums = (np.bincount(place, values, BINS)[filled] for values in (confidence.numpy(), right))
    sure, correct = (100 * total / count[filled] for total in sums)
    return sure, correct, count[filled]
