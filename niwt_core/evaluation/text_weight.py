"""How much a second description of the classes counts beside the first: chosen on folds of seen classes, as everything is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from niwt_core.evaluation.folds import Fold, FoldFeatures, fold_heads, fold_scores
from niwt_core.evaluation.metrics import average, calibration_curve
from niwt_core.method.mapping import fit_map
from niwt_core.method.transfer.exact import fit_transfer

# On the CUB subset (54 folds, frozen network) captions add 0.4, 1.6, 1.9 and -1.6 points of H to attributes alone at 0.1, 0.3, 0.5 and 1.
WEIGHTS = (0.15, 0.3, 0.5, 0.8, 1.5, 3.0)
DECAY, MU = 3e-4, 0.1  # of these trials only: decay and mu are chosen afterwards, with the weight that won


def choose_weight(
    folds: Sequence[Fold],
    features_of_folds: Sequence[FoldFeatures],
    labels: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
) -> float:
    """The weight of ``second`` (C,E') beside ``first`` (C,E) with the highest mean H over the folds; ``labels`` (n,) of all pictures."""
    heads = fold_heads(folds, features_of_folds, labels, decay=DECAY)
    targets = [item.fold_features.targets(item.head.rows, item.fold.kept) for item in heads]
    scores = {}
    for weight in WEIGHTS:
        knowledge = torch.from_numpy(np.hstack([first, weight * second])).float()
        curves = []
        for item, wanted in zip(heads, targets, strict=True):
            mapping = fit_map(knowledge[item.fold.kept], wanted)
            transfer = fit_transfer(item.head.rows, item.head.biases, item.fold_features.operator, mu=MU)
            rows = transfer.weights(mapping(knowledge[item.fold.left_out]))
            curves.append(calibration_curve(fold_scores(item, labels, rows, torch.full((len(rows),), transfer.bias))))
        scores[weight] = average(curves)[3]
    return max(scores, key=lambda weight: scores[weight])
