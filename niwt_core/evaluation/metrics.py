"""Generalised zero-shot metrics and calibrated stacking.

Class-averaged top-1 throughout (Xian et al., 2018): U = unseen-class pictures among all classes, S = seen-class test pictures
among all classes, H = 2US/(U+S), ZSL = unseen-class pictures among unseen classes only. Calibrated stacking (Chao et al., 2016)
subtracts ``gamma`` from every seen logit. Each picture changes its answer at exactly one gamma, its margin
``max seen - max unseen``, so the whole curve and its area (AUSUC) follow from sorting margins: nothing is sampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

GAMMA_STEPS = np.linspace(-1, 4, 501)  # in standard deviations of the seen logits on a fold's own pictures


@dataclass(frozen=True)
class Metrics:
    """U, S, H and zsl in percent at ``gamma``."""

    U: float
    S: float
    H: float
    zsl: float
    gamma: float


class Balance(NamedTuple):
    """U, S and H in percent; arrays of one shape, of none for one number."""

    U: np.ndarray
    S: np.ndarray
    H: np.ndarray


@dataclass(frozen=True)
class CalibrationCurve:
    """U and S in percent after each step of gamma, which ascends; between two gammas nothing changes.

    ``gammas`` (M,) with ``unseen`` and ``seen`` (M,): the values that hold from gamma[i] up to gamma[i+1].
    """

    gammas: np.ndarray
    unseen: np.ndarray
    seen: np.ndarray

    @property
    def harmonic(self) -> np.ndarray:
        """H (M,) in percent."""
        return harmonic_mean(self.unseen, self.seen)

    @property
    def ausuc(self) -> float:
        """Area under the seen-unseen curve, 0..1: U over S as gamma runs through all values, by trapezoids."""
        seen, unseen = self.seen[::-1] / 100, self.unseen[::-1] / 100  # S ascends
        return float(np.trapezoid(unseen, seen))

    def at(self, gamma: np.ndarray | float) -> Balance:
        """U, S and H at ``gamma``, one or (m,) many."""
        place = (np.searchsorted(self.gammas, gamma, side="right") - 1).clip(0)
        unseen, seen = self.unseen[place], self.seen[place]
        return Balance(unseen, seen, harmonic_mean(unseen, seen))

    def best_gamma(self) -> float:
        """The gamma of the highest H: the middle of the widest stretch, so that it stands farthest from any change."""
        harmonic = self.harmonic
        top = np.flatnonzero(harmonic >= harmonic.max() - 1e-9)
        ends = np.append(self.gammas, self.gammas[-1])
        widest = top[np.argmax(ends[top + 1] - ends[top])]
        return float((ends[widest] + ends[widest + 1]) / 2)


def harmonic_mean(unseen: np.ndarray | float, seen: np.ndarray | float) -> np.ndarray:
    """2US/(U+S), zero where both are."""
    unseen, seen = np.asarray(unseen, float), np.asarray(seen, float)
    return 2 * unseen * seen / np.maximum(unseen + seen, 1e-12)


def calibrated(logits: Tensor, seen: np.ndarray | Tensor, gamma: float) -> Tensor:
    """Logits (...,C) with ``gamma`` taken from those of the ``seen`` (C,) bool classes: calibrated stacking (Chao et al., 2016)."""
    return logits - gamma * torch.as_tensor(seen, dtype=logits.dtype, device=logits.device)


def class_weights(labels: np.ndarray) -> np.ndarray:
    """(n,) the weight of each picture, so that a weighted mean of hits is the class-averaged accuracy."""
    _, inverse, count = np.unique(labels, return_inverse=True, return_counts=True)
    return 1.0 / (count[inverse] * len(count))


def average(curves: Sequence[CalibrationCurve]) -> tuple[float, float, float, float]:
    """(gamma, U, S, H) at the gamma of the highest mean H over the folds' exact curves; mean U, S, H there."""
    at = [curve.at(GAMMA_STEPS) for curve in curves]
    unseen, seen, harmonic = (np.mean([getattr(one, key) for one in at], 0) for key in ("U", "S", "H"))
    top = np.flatnonzero(harmonic >= harmonic.max() - 1e-9)
    best = int(top[len(top) // 2])
    return float(GAMMA_STEPS[best]), float(unseen[best]), float(seen[best]), float(harmonic[best])


def class_averaged(hits: np.ndarray, labels: np.ndarray) -> float:
    """Class-averaged accuracy in percent of boolean ``hits`` (n,); NaN without pictures."""
    return float(100 * (class_weights(labels) * hits).sum()) if len(hits) else float("nan")


@dataclass(frozen=True)
class Scored:
    """What calibration needs of each picture: its margin (best seen less best unseen logit), and whether the best class on its own
    side is the right one. All (n,)."""

    labels: np.ndarray
    of_unseen: np.ndarray
    margin: np.ndarray
    right_among_own: np.ndarray


def score(logits: Tensor | np.ndarray, labels: np.ndarray, seen: np.ndarray) -> Scored:
    """Reduces logits (n,C) with true ``labels`` (n,) and the mask ``seen`` (C,) to what calibration needs; without an unseen class every margin is
    infinite."""
    values = np.asarray(logits, dtype=np.float64)
    if seen.all():
        return Scored(labels, np.zeros(len(labels), bool), np.full(len(labels), np.inf), values.argmax(1) == labels)
    seen_columns, unseen_columns = np.flatnonzero(seen), np.flatnonzero(~seen)
    among_seen, among_unseen = values[:, seen_columns], values[:, unseen_columns]
    of_unseen = ~seen[labels]
    best_own = np.where(of_unseen, unseen_columns[among_unseen.argmax(1)], seen_columns[among_seen.argmax(1)])
    return Scored(labels, of_unseen, among_seen.max(1) - among_unseen.max(1), best_own == labels)


def calibration_curve(scored: Scored) -> CalibrationCurve:
    """The exact U and S over every gamma; one point where there is no unseen class."""
    if np.isinf(scored.margin).any():
        right = class_averaged(scored.right_among_own, scored.labels)
        return CalibrationCurve(np.zeros(1), np.zeros(1), np.array([right]))
    weight = np.empty(len(scored.labels))
    for side in (scored.of_unseen, ~scored.of_unseen):
        weight[side] = class_weights(scored.labels[side])
    return curve_of_gains(scored.margin, 100 * weight * scored.right_among_own, scored.of_unseen)


def curve_of_gains(margin: np.ndarray, gain: np.ndarray, of_unseen: np.ndarray) -> CalibrationCurve:
    """The same from margins (n,), and what each picture adds in percent to its own figure (U where ``of_unseen``, else S) while its own side wins."""
    order = np.argsort(margin, kind="stable")
    unseen_gain = np.where(of_unseen, gain, 0)[order]  # right once gamma passes the margin
    seen_loss = np.where(of_unseen, 0, gain)[order]  # right until then
    margins = margin[order]
    start = margins[0] - 1.0 if len(margins) else 0.0
    unseen = np.concatenate([[0.0], np.cumsum(unseen_gain)])
    seen = seen_loss.sum() - np.concatenate([[0.0], np.cumsum(seen_loss)])
    gammas = np.concatenate([[start], margins])
    real = np.append(np.diff(gammas) > 0, True)  # pictures of one margin change their answers together
    return CalibrationCurve(gammas[real], unseen[real], np.maximum(seen[real], 0))


def metrics(scored: Scored, gamma: float) -> Metrics:
    """U, S, H and ZSL at one ``gamma``: a seen class wins where its margin exceeds gamma."""
    unseen, right, labels = scored.of_unseen, scored.right_among_own, scored.labels
    says_unseen = scored.margin <= gamma
    u = class_averaged((right & says_unseen)[unseen], labels[unseen])
    s = class_averaged((right & ~says_unseen)[~unseen], labels[~unseen])
    return Metrics(u, s, float(harmonic_mean(u, s)), class_averaged(right[unseen], labels[unseen]), gamma)


def confusion(predicted: np.ndarray, labels: np.ndarray, *, classes: int) -> np.ndarray:
    """(C,C) counts, truth in rows."""
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (labels, predicted), 1)
    return counts
