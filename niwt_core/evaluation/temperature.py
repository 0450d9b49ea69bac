"""Percentages that mean something: one temperature for all logits, and how far confidence is from accuracy.

A label-smoothed head is far too modest: on the CUB subset its best class has 37 % on average and is right in 71 % of the pictures. Dividing the
logits by one number changes no ranking. Source: Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017.

Where every held-out picture is right, the likeliest temperature is 0, and any percentage would be 100. n pictures that are all right say no more than
that the next is right n + 1 times in n + 2: then targets are smoothed by as much, the runner-up having the rest. Source: Platt,
"Probabilistic outputs for support vector machines", 1999.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from scipy.optimize import brentq, minimize_scalar
from torch import Tensor

LEAST, MOST = 1e-6, 1e6  # of logits that are all alike, or worse than a guess, the temperature is MOST
LOWEST, HIGHEST = (
    1e-3,
    10.0,
)  # times how far the best logit lies above the mean: where the temperature of the first answer is sought
BINS = 15


def fit_temperature(logits: Sequence[Tensor], labels: Sequence[Tensor]) -> float:
    """The temperature at which held-out ``logits`` (n,C) make their ``labels`` (n,) most likely; each group counts alike; 1 without pictures.

    The loss is convex in 1 / temperature: its slope has one root, which is sought between LEAST and MOST.
    """
    groups = [(_below_best(part), places) for part, places in zip(logits, labels, strict=True) if len(places)]
    if not groups:
        return 1.0
    targets = sum(float(below.gather(1, places[:, None]).mean()) for below, places in groups)
    if targets == 0:
        targets = sum(float(below.topk(2).values[:, 1].mean()) / (len(below) + 2) for below, _ in groups)

    def slope(logarithm: float) -> float:
        return sum(_expected(below, math.exp(-logarithm)) for below, _ in groups) - targets

    least, most = math.log(LEAST), math.log(MOST)
    if slope(most) >= 0:
        return MOST
    if slope(least) <= 0:
        return LEAST
    return math.exp(brentq(slope, least, most, xtol=1e-9))


def _below_best(logits: Tensor) -> Tensor:
    """(n,C) how far each logit lies below the best of its row; never above 0."""
    return logits.double() - logits.double().amax(1, keepdim=True)


def _expected(below: Tensor, inverse: float) -> float:
    """The mean of logits (n,C) under their own softmax at the temperature 1 / ``inverse``."""
    return float((torch.softmax(below * inverse, 1) * below).sum(1).mean())


def fit_first_answer(logits: Tensor, labels: Tensor) -> float:
    """The temperature at which the confidence of the best class of ``logits`` (n,C) makes it most likely that this class is right as
    often as by ``labels`` (n,).

    That is what a percentage beside the first answer means. The likelihood of the labels is another question where classes are many: it is ruled by
    the pictures whose class is far down (ImageNet: 0.69, at which the first answer of 1,000 photographs is right 2.4 points more often than said).
    """
    values = logits.double()
    right = values.argmax(1) == labels
    if right.all():
        return fit_temperature([logits], [labels])
    height = math.log(float((values.amax(1) - values.mean(1)).mean()) or 1.0)

    def loss(logarithm: float) -> float:
        of_best = torch.log_softmax(values / math.exp(logarithm), 1).max(1).values  # (n,) log confidence
        of_others = torch.log(-torch.expm1(of_best.clamp(max=-1e-9)))
        return -float(torch.where(right, of_best, of_others).mean())

    bounds = height + math.log(LOWEST), height + math.log(HIGHEST)
    return math.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-7}).x)


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
