"""Attribute detectors where pictures have a truth of their own, as every drawing of the Aviary has.

A class's table cannot say that the legs of this bird are behind a leaf, and a few dozen classes cannot tell their attributes apart (leave one out,
and some direction among its words is gone). So the ridge is fitted on ``examples``, pictures of no class whose words are independent, where there
are any: the birds that the network was pre-trained on. All training pictures of the seen classes are then new to it, and choose the rest: how a
score becomes a probability, and from which on something is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from niwt_core.explain.claiming import claim_figures, claims_of, class_aurocs, strongest_others
from niwt_core.explain.detector import RIDGES, Detectors, exclusive_groups
from niwt_core.explain.left_out_scores import roots
from niwt_core.explain.thresholds import strictest
from niwt_core.study.study import Study

RIGHT = 0.99  # of the claims on seen classes; 0.97 is promised of classes that had no part in the choice
NOT_SEEN_RIGHT = 0.9875  # surely; about the most with which 80 % of all questions about training pictures of seen classes are decided
FOLDS = 5  # of classes: probabilities that choose thresholds come from classes that had no part in them


@dataclass(frozen=True, eq=False)
class Examples:
    """Pictures of no class: pooled (m,N) activations, and which attributes each shows, truth (m,K) bool."""

    pooled: Tensor
    truth: np.ndarray


def picture_detectors(study: Study, examples: Examples, truth: np.ndarray) -> Detectors | None:
    """Detectors fitted on ``examples``, with probabilities and thresholds from the study's training pictures of seen classes.

    truth (n,K) bool: what each picture of the study shows; only that of training pictures is looked at. None where the knowledge has no words.
    """
    if study.knowledge.kind != "attributes":
        return None
    train = np.flatnonzero(study.calibration_pictures)
    at, labels = torch.from_numpy(train), study.labels[train]
    table = study.knowledge.presence()
    logits = study.head.logits(study.features[at].float())  # (n, Cs)
    seen = np.flatnonzero(study.seen)
    logits[torch.arange(len(train)), torch.from_numpy(np.searchsorted(seen, labels))] = -torch.inf
    runner_up = seen[logits.argmax(1).numpy()]
    shown = truth[train]
    asked = (np.ones_like(shown), table[labels], table[runner_up])
    return fit_picture_detectors(
        examples, study.pooled[at].float(), shown, labels, asked=asked, exclusive=exclusive_groups(study)
    )


def fit_picture_detectors(
    examples: Examples,
    pooled: Tensor,
    truth: np.ndarray,
    labels: np.ndarray,
    *,
    asked: Sequence[np.ndarray],
    exclusive: Sequence[np.ndarray] = (),
    ridges: Sequence[float] = RIDGES,
    right: float = RIGHT,
    not_seen_right: float = NOT_SEEN_RIGHT,
) -> Detectors:
    """Fits detectors on ``examples`` and their thresholds on other pictures.

    Args:
        pooled, truth, labels: (n,N), (n,K) bool and (n,) of pictures of classes, of which no example was drawn.
        asked: (n,K) bool each; of the questions of each, claims must be ``right``, and denials surely ``not_seen_right``.
        exclusive: columns of which at most one is there.
    """
    weight, offset, ridge = _ridge(examples, pooled, truth, ridges)
    scores = roots(pooled) @ weight + offset  # (n, K)
    inputs = np.stack([scores.numpy(), strongest_others(scores, exclusive).numpy()], axis=2)  # (n, K, 2)
    scaling = np.stack([_logistic(inputs[:, k], truth[:, k]) for k in range(truth.shape[1])], axis=1)  # (3, K)
    held_out = np.empty(truth.shape)
    classes = np.unique(labels)
    for fold in range(FOLDS):
        out = np.isin(labels, classes[fold::FOLDS])
        for k in range(truth.shape[1]):
            by_score, by_other, offset_of = _logistic(inputs[~out, k], truth[~out, k])
            held_out[out, k] = expit(inputs[out, k] @ (by_score, by_other) + offset_of)
    above, below, hidden_below = strictest(
        held_out, truth, asked, right=right, exclusive=exclusive, not_seen_right=not_seen_right
    )
    claims = claims_of(held_out, above, below, exclusive, others_absent=False, hidden_below=hidden_below)
    return Detectors(
        weight=weight,
        offset=offset,
        seen_above=above,
        not_seen_below=below,
        exclusive=tuple(exclusive),
        ridge=ridge,
        auroc=class_aurocs(held_out, truth),
        **claim_figures(claims, truth),
        scaling=torch.from_numpy(scaling).float(),
        above=None,
        hidden_below=hidden_below,
    )


def _ridge(
    examples: Examples, pooled: Tensor, truth: np.ndarray, ridges: Sequence[float]
) -> tuple[Tensor, Tensor, float]:
    """(weight (N,K), offset (K,), the ridge with the least squared error on the other pictures), fitted on the examples."""
    x = roots(examples.pooled.double()).numpy()
    mean, deviation = x.mean(0), x.std(0)
    scale = np.where(deviation > 1e-6, 1 / np.maximum(deviation, 1e-6), 0.0)
    z, share = (x - mean) * scale, examples.truth.mean(0)
    moments, target = z.T @ z, z.T @ (examples.truth - share)  # (N, N), (N, K)
    unit_ridge = np.trace(moments) / len(moments)
    new = (roots(pooled.double()).numpy() - mean) * scale
    tried = []
    for ridge in ridges:
        solved = np.linalg.solve(moments + max(ridge * unit_ridge, 1e-12) * np.eye(len(moments)), target)
        tried.append((float(((new @ solved + share - truth) ** 2).mean()), ridge, solved))
    _, ridge, solved = min(tried, key=lambda item: item[0])
    weight = (
        torch.from_numpy(scale[:, None] * solved).half().float()
    )  # what a study keeps: thresholds are chosen on that
    return weight, torch.from_numpy(share - mean @ weight.double().numpy()).float(), ridge


def _logistic(inputs: np.ndarray, there: np.ndarray) -> tuple[float, float, float]:
    """Weights of the score and of the strongest other one, and an offset; an attribute that all or none have stays where it is."""
    if there.all() or not there.any():
        return 0.0, 0.0, 20.0 if there.all() else -20.0
    fitted = LogisticRegression(C=10).fit(inputs, there)
    return float(fitted.coef_[0, 0]), float(fitted.coef_[0, 1]), float(fitted.intercept_[0])
