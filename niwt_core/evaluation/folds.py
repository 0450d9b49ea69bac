"""Held-out seen classes play the unseen ones, and the heads that are refitted without them.

In each fold some seen classes are held out whole (pseudo-unseen); of the others a fifth of the pictures is held out
(pseudo-seen test). Head rows are refitted without both. The share of held-out classes is that of the unseen classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from niwt_core.data.dataset import FEWEST_SEEN
from niwt_core.errors import NiwtError
from niwt_core.evaluation.metrics import Scored, score
from niwt_core.evaluation.parallel import side_by_side
from niwt_core.method.head import Head, fit_head

PICTURE_FOLDS = 5
REPEATS = 3  # partitions into folds: one alone leaves a choice to the luck of the draw (H +-0.9 on the CUB subset)

Targets = Callable[[Tensor, np.ndarray], Tensor]
TargetsOfMany = Callable[[Sequence[tuple[Tensor, np.ndarray]]], list[Tensor]]


@dataclass(frozen=True, eq=False)
class FoldFeatures:
    """The network that a fold sees: features (n,D) of all pictures, ``targets(rows (C',D), classes (C',)) -> (C',N)``, operator (N,D) or None for
    the identity. A frozen network is one view for all folds; a fine-tuned one must be trained again without what the fold holds out.
    ``targets_of_many``, where one view serves all: the same for several (rows, classes) at once, in less time."""

    features: Tensor
    targets: Targets
    operator: Tensor | None
    targets_of_many: TargetsOfMany | None = None


@dataclass(frozen=True)
class Fold:
    """kept and held are class indices; the rest are picture indices."""

    kept: np.ndarray
    left_out: np.ndarray
    fit: np.ndarray
    seen_test: np.ndarray
    unseen_test: np.ndarray

    def only(self, usable: np.ndarray) -> Fold:
        """The fold without pictures that could not be read; ``usable`` (n,) bool."""
        return Fold(
            self.kept, self.left_out, *(part[usable[part]] for part in (self.fit, self.seen_test, self.unseen_test))
        )


def class_folds(
    labels: np.ndarray, train: np.ndarray, seen: np.ndarray, *, seed: int, repeats: int = REPEATS
) -> tuple[Fold, ...]:
    """Folds over the seen classes (C,) mask, ``repeats`` times over; ``labels`` (n,) and ``train`` (n,) are of all pictures, only training pictures
    are used. Raises NiwtError when there are too few seen classes to hold any out."""
    if seen.sum() < FEWEST_SEEN:
        raise NiwtError(
            f"{seen.sum()} seen classes are too few to choose anything on",
            where="split",
            fix=f"keep at least {FEWEST_SEEN} classes seen",
        )
    return tuple(
        fold
        for repeat in range(repeats)
        for fold in _partition(labels, train, seen, np.random.default_rng([seed, repeat]))
    )


def _partition(labels: np.ndarray, train: np.ndarray, seen: np.ndarray, random: np.random.Generator) -> list[Fold]:
    classes = random.permutation(np.flatnonzero(seen))
    unseen = max(1, int((~seen).sum()))
    count = int(np.clip(round(len(seen) / unseen), 3, 10))
    few = len(classes) < 6  # halves of so few leave no three classes to fit a map on: hold out one at a time
    count = len(classes) if few else min(count, len(classes) // 2)
    pictures = np.flatnonzero(train)
    part = np.full(len(labels), -1)
    for c in classes:
        pictures_of_class = random.permutation(pictures[labels[pictures] == c])
        if len(pictures_of_class) > 2:  # a class of two pictures needs both to be learnt at all
            part[pictures_of_class] = np.arange(len(pictures_of_class)) % PICTURE_FOLDS
    folds = []
    for i in range(count):
        left_out, kept = (
            np.sort(classes[i::count]),
            np.sort(np.concatenate([classes[j::count] for j in range(count) if j != i])),
        )
        of_held = np.isin(labels[pictures], left_out)
        tested = part[pictures] == i % PICTURE_FOLDS
        folds.append(Fold(kept, left_out, pictures[~of_held & ~tested], pictures[~of_held & tested], pictures[of_held]))
    return folds


def gamma_unit(logits: Tensor) -> float:
    """The unit of gamma: the standard deviation of seen logits on the pictures that fitted the head."""
    return float(logits.std())


@dataclass(frozen=True, eq=False)
class FoldHead:
    """A fold with its view of the pictures and the head that was refitted for it; ``unit`` is its unit of gamma."""

    fold: Fold
    fold_features: FoldFeatures
    head: Head
    unit: float


def fold_heads(
    folds: Sequence[Fold],
    features_of_folds: Sequence[FoldFeatures],
    labels: np.ndarray,
    *,
    decay: float,
    starts: Sequence[Head] = (),
) -> list[FoldHead]:
    """Refits the head of every fold on its kept classes."""

    def fitted(number: int) -> FoldHead:
        fold, fold_features = folds[number], features_of_folds[number]
        x = fold_features.features[fold.fit]
        local = torch.from_numpy(np.searchsorted(fold.kept, labels[fold.fit]))
        head = fit_head(x, local, classes=len(fold.kept), decay=decay, start=starts[number] if starts else None)
        return FoldHead(fold, fold_features, head, gamma_unit(head.logits(x)))

    return side_by_side(fitted, range(len(folds)))


def fold_scores(item: FoldHead, labels: np.ndarray, rows: Tensor, biases: Tensor) -> Scored:
    """Scores of one fold's pseudo-test pictures for its kept classes and the held-out classes' ``rows`` (U,D)."""
    fold, pictures = item.fold, np.concatenate([item.fold.seen_test, item.fold.unseen_test])
    both = Head(torch.cat([item.head.rows, rows]), torch.cat([item.head.biases, biases]), item.head.mean)
    classes = np.concatenate([fold.kept, fold.left_out])
    local = np.searchsorted(np.sort(classes), labels[pictures])
    order = np.argsort(classes)
    logits = both.logits(item.fold_features.features[pictures])[:, order] / item.unit
    return score(logits, local, np.isin(classes[order], fold.kept))
