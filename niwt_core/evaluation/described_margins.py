"""What described classes take and miss on labelled photographs, each one alone among a classifier's own, and how that is calibrated.

Two calibrations: one ``gamma`` added to every described class (Chao et al., 2016), or a bias of its own at which it takes a given share of the
photographs of other classes. A quantile so far out rests on few photographs, so biases are drawn towards their mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from niwt_core.errors import NiwtError
from niwt_core.evaluation.metrics import class_averaged

Calibration = Literal["gamma", "stolen share"]
SHRINKAGE = 0.2
FOLDS = 10  # of classes: the photographs that set a bias are never those that it is judged on
DRAWS = 200  # of classes for the accuracy among left-out classes alone


@dataclass(frozen=True)
class OperatingPoint:
    """How often a left-out class is recognised, and what it costs, at one setting.

    setting: gamma in logits, or the share 0..1. top1, top5: its photographs that put it first, or among the first five, of all classes, percent,
    class-averaged. stolen: photographs of other classes that it takes, percent, mean over classes.
    """

    calibration: Calibration
    setting: float
    top1: float
    top5: float
    stolen: float


@dataclass(frozen=True, eq=False)
class Photographs:
    """Features (n,D) of photographs of the classifier's own classes; labels (n,) are indices of its rows (C,D) and biases (C,)."""

    features: np.ndarray
    labels: np.ndarray
    rows: np.ndarray
    biases: np.ndarray

    def __post_init__(self) -> None:
        classes = len(self.rows)
        if len(self.features) != len(self.labels) or not len(self.labels):
            raise NiwtError(
                f"{len(self.labels)} labels for {len(self.features)} photographs",
                where="leave one class out",
                fix="give labelled photographs",
            )
        if self.labels.min() < 0 or self.labels.max() >= classes:
            raise NiwtError(
                f"labels outside 0..{classes - 1}", where="leave one class out", fix="match them to the head"
            )


@dataclass(frozen=True, eq=False)
class Margins:
    """Scores of described classes less what they must beat, before calibration.

    described (n,): a photograph's own class, described, less the best other class; fifth (n,): less the fifth best. other (n,C): each photograph for
    each described class, less the best class but that one; NaN for its own. alone (n,C): scores as they are.
    """

    described: np.ndarray
    fifth: np.ndarray
    other: np.ndarray
    alone: np.ndarray
    labels: np.ndarray


def margins(predicted: np.ndarray, photographs: Photographs, *, norm: float = 1.0) -> Margins:
    """Margins of unit rows (C,D) at ``norm`` mean lengths of trained rows and the mean trained bias."""
    p = photographs
    length = norm * float(np.linalg.norm(p.rows, axis=1).mean())
    alone = length * (p.features @ predicted.T) + p.biases.mean()  # (n, C)
    logits = p.features @ p.rows.T + p.biases  # (n, C)
    every = np.arange(len(p.labels))
    of_its_class = alone[every, p.labels]
    first = logits.argmax(1)
    best = np.repeat(logits.max(1, keepdims=True), logits.shape[1], 1)
    best[every, first] = np.partition(logits, -2, axis=1)[:, -2]  # what is best without the best
    other = alone - best
    other[every, p.labels] = np.nan
    logits[every, p.labels] = -np.inf
    ranked = np.sort(
        np.partition(logits, -min(5, logits.shape[1] - 1), axis=1)[:, -min(5, logits.shape[1] - 1) :], axis=1
    )
    return Margins(of_its_class - ranked[:, -1], of_its_class - ranked[:, 0], other, alone, p.labels)


def at_gamma(m: Margins, gamma: float) -> OperatingPoint:
    """One ``gamma`` in logits for every described class."""
    taken = np.nanmean(np.where(np.isnan(m.other), np.nan, m.other > -gamma), axis=0).mean()
    return OperatingPoint(
        "gamma",
        gamma,
        class_averaged(m.described > -gamma, m.labels),
        class_averaged(m.fifth > -gamma, m.labels),
        100 * float(taken),
    )


def gamma_of_share(m: Margins, share: float) -> float:
    """The gamma at which described classes take ``share`` of other photographs, all classes and photographs together."""
    return -float(np.nanquantile(m.other, 1 - share))


def share_biases(other: np.ndarray, share: float, shrinkage: float = SHRINKAGE) -> np.ndarray:
    """(C,) bias at which each class takes ``share`` of the photographs in its column of ``other`` (n,C, NaN: not asked), drawn to the mean."""
    biases = -np.nanquantile(other, 1 - share, axis=0)
    return (1 - shrinkage) * biases + shrinkage * biases.mean()


def at_share(m: Margins, share: float, *, shrinkage: float = SHRINKAGE, folds: int = FOLDS) -> OperatingPoint:
    """A bias of its own for each class, from photographs of other folds of classes than those that it is judged on."""
    classes = m.other.shape[1]
    fold = np.random.default_rng(0).permutation(classes) % min(folds, classes)
    first, five = np.zeros(len(m.labels), bool), np.zeros(len(m.labels), bool)
    taken = np.full(m.other.shape, np.nan)
    for f in range(fold.max() + 1):
        judged = fold[m.labels] == f  # (n,)
        if not judged.any():
            continue
        bias = share_biases(m.other[~judged], share, shrinkage)  # (C,)
        first[judged] = m.described[judged] > -bias[m.labels[judged]]
        five[judged] = m.fifth[judged] > -bias[m.labels[judged]]
        taken[judged] = np.where(np.isnan(m.other[judged]), np.nan, m.other[judged] > -bias)
    stolen = 100 * float(np.nanmean(taken, axis=0).mean())
    return OperatingPoint(
        "stolen share", share, class_averaged(first, m.labels), class_averaged(five, m.labels), stolen
    )


def among_left_out(m: Margins, ways: int, *, draws: int = DRAWS, seed: int = 0) -> float:
    """Percent of photographs recognised among ``ways`` left-out classes alone, without biases; mean of ``draws``."""
    pictured = np.unique(m.labels)
    random, right = np.random.default_rng(seed), []
    for _ in range(draws):
        drawn = np.sort(random.choice(pictured, min(ways, len(pictured)), replace=False))
        index = np.flatnonzero(np.isin(m.labels, drawn))
        right.append(class_averaged(drawn[m.alone[np.ix_(index, drawn)].argmax(1)] == m.labels[index], m.labels[index]))
    return float(np.mean(right))
