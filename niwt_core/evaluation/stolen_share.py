"""Stolen share: each described class gets the bias at which it takes the same small share of the seen classes' pictures.

A described class takes pictures away from seen ones, each its own number: one gamma for all (calibrated stacking) must hold back the loudest
and starves the others. Here the bias of class c follows from its margins ``o_c(x) - max_seen o(x)`` over pictures x of seen classes, as heads
that never saw them give it (`niwt_core.method.leave_one_out`): the ``share`` of them with the largest margins may go, so the bias is minus a
quantile. A quantile so far out rests on few pictures; it is drawn towards the classes' mean by ``shrinkage``, which the folds choose. One
product a class, no loop.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from niwt_core.method.head import Head
from niwt_core.method.leave_one_out import left_out_logits

SLACK = 1e-3  # of the largest margin: by more than that, sums in single precision never err


@dataclass(frozen=True, eq=False)
class StolenShare:
    """The calibration of described and built classes.

    Attributes:
        share: of the seen classes' training pictures that one class may take away, 0..1, before shrinkage.
        shrinkage: 0 leaves each class its own bias, 1 gives all the ``anchor``.
        anchor: the mean bias that described classes would have of their own.
        norm: length of described rows, in mean lengths of seen rows.
        best_seen: (n,) largest seen logit of each training picture, in the order of the study's.
        biases: (U,) of the described classes, shrunk; to be added to the mean seen bias, as every bias here.
        by_row: (D+3,) where ``best_seen`` is not kept: what a built class's bias is read off its row by (`bias_by_row`).
    """

    share: float
    shrinkage: float
    anchor: float
    norm: float
    best_seen: Tensor
    biases: Tensor
    by_row: Tensor | None = None

    def shrunk(self, bias: np.ndarray | float) -> np.ndarray | float:
        """A class's own bias, or many, drawn towards the anchor."""
        return (1 - self.shrinkage) * bias + self.shrinkage * self.anchor

    def facts(self) -> Mapping[str, Any]:
        """The numbers, as plain data for study.json."""
        return {item.name: getattr(self, item.name) for item in fields(self) if not str(item.type).startswith("Tensor")}


def stolen_biases(margins: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """Biases (...,U) at which each class takes ``share`` (...) of n pictures: of margins (n,U), ``o_c(x) - max_seen o(x)``.

    A class takes a picture where margin + bias exceeds zero. Between two counts of pictures the bias is interpolated, so that it moves evenly
    with the share; at least the first gap is kept, and at most all pictures but one go.
    """
    count = len(margins)
    place = np.clip(np.asarray(share, float) * count, 0, max(count - 2, 0))  # pictures taken
    below = place.astype(int)
    part = (place - below)[..., None]
    deepest = min(int(below.max()) + 2, count)
    top = -np.sort(np.partition(-margins, deepest - 1, axis=0)[:deepest], axis=0)  # (deepest, U), descending
    return -((1 - part) * top[below] + part * top[np.minimum(below + 1, deepest - 1)])


def stolen_bias(row: Tensor, bias: float, head: Head, features: Tensor, best_seen: Tensor, share: float) -> float:
    """The bias of one class of its own, the same bits wherever it is called.

    Only the few pictures about the quantile decide. They are found in single precision with some to spare, and their margins summed anew in
    float64 and in a fixed order (no BLAS, whose order depends on the number of threads).

    Args:
        row: (D,) head row; bias: what it has before calibration (the mean seen bias).
        features: (n,D) of the pictures of ``best_seen`` (n,), any precision.
    """
    rough = (features.float() - head.mean) @ row + bias - best_seen  # (n,)
    taken = min(int(share * len(rough)) + 2, len(rough))
    least = rough.topk(taken).values[-1] - SLACK * rough.abs().max()
    near = torch.nonzero(rough >= least).flatten()
    exact = features[near].double().numpy() - head.mean.double().numpy()
    margins = np.einsum("nd,d->n", exact, row.double().numpy()) + bias - best_seen[near].double().numpy()
    padded = np.full(len(rough), -np.inf)
    padded[: len(margins)] = margins  # which picture it was does not matter
    return float(stolen_biases(padded[:, None], share)[0])


def fraction_taken(margins: np.ndarray, biases: np.ndarray) -> np.ndarray:
    """(U,) of the pictures that each class alone takes at its bias, 0..1."""
    return (margins + biases > 0).mean(0)


def fit_stolen_share(
    head: Head,
    features: Tensor,
    labels: Tensor,
    rows: Tensor,
    *,
    decay: float,
    share: float,
    shrinkage: float,
    norm: float,
    typical_rows: Tensor,
) -> StolenShare:
    """The calibration of described ``rows`` (U,D) beside a seen head.

    Args:
        head: fitted with ``decay`` on ``features`` (n,D) of ``labels`` (n,) in 0..C-1.
        typical_rows: (C,D), the row of each seen class as it would be described, not learned: they say what the anchor is where U is 0.
    """
    best = left_out_logits(head, features, labels, decay=decay).max(1).values
    stolen = StolenShare(share, shrinkage, 0.0, norm, best, torch.zeros(0))
    # half precision, as a study keeps features: a class that is built later gets the same bits
    return recalibrated(stolen, head, features.half(), labels, rows, typical_rows=typical_rows)


def recalibrated(
    stolen: StolenShare, head: Head, features: Tensor, labels: Tensor, rows: Tensor, *, typical_rows: Tensor
) -> StolenShare:
    """The same calibration with the anchor and the biases that follow from its share; arguments as in `fit_stolen_share`."""
    level = float(head.biases.mean())
    if len(rows):
        biases = np.array([stolen_bias(row, level, head, features, stolen.best_seen, stolen.share) for row in rows])
    else:
        others = [torch.nonzero(labels != c).flatten() for c in range(len(typical_rows))]
        biases = np.array(
            [
                stolen_bias(row, level, head, features[other], stolen.best_seen[other], stolen.share)
                for row, other in zip(typical_rows, others, strict=True)
            ]
        )
    anchored = replace(stolen, anchor=float(biases.mean()))
    return replace(anchored, biases=torch.from_numpy(np.asarray(anchored.shrunk(biases[: len(rows)]), np.float32)))
