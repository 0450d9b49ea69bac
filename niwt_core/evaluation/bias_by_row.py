"""How far a described class must be held back where no photograph is kept to count on: read off its row, by what left-out classes needed.

A bias that fits classes described in full does not fit hasty ones. A row of few words lies between many classes, scores low and takes next to
nothing at the bias of full ones. Of ImageNet's classes, each left out and described by eight of its words, 41 % are recognised first (0.2 % stolen)
at one bias for all, 64 % (0.7 %) at a bias by two measures of the row, 65 % (0.7 %) where every class counts on photographs. The measures: how near
the row is to its nearest trained rows, and what it scores on the mean photograph. They are fitted to left-out classes, described in full and by
some of their words, and hold nothing of any single photograph.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from niwt_core.evaluation.described_margins import Photographs, margins
from niwt_core.evaluation.leave_one_class_out import left_out_rows, left_out_rows_as_stated

NEAREST = 7  # trained rows that a row is compared with
WORDS = (8, 12)  # of a class's words, drawn at random, that it is described by beside all of them


def bias_by_row(row: Tensor, rows: Tensor, by_row: Tensor) -> float:
    """The bias of a class with head row (D,) beside a head's ``rows`` (C,D), to be added to the mean seen bias; ``by_row`` as `fit_by_row` gives it.

    Summed in a fixed order (no BLAS), so that the same class gets the same bits wherever it is built.
    """
    means, weights = by_row[:-3].double().numpy(), by_row[-3:].double().numpy()
    measured = row_measures(row.double().numpy()[None], rows.double().numpy(), means)[0]
    return float(np.einsum("i,i->", np.append(measured, 1.0), weights))


def row_measures(new: np.ndarray, rows: np.ndarray, typical: np.ndarray, *, left_out: bool = False) -> np.ndarray:
    """(U,2) of ``new`` rows (U,D): the mean cosine with the NEAREST of a head's ``rows`` (C,D), those about their mean, and the score of ``typical``
    (D,), the mean photograph, by a row of length one. ``left_out``: new row c stands for row c, which is not compared with it."""
    directions = _unit(new)
    centred = _unit(rows - rows.mean(0))
    cosine = np.einsum("ud,cd->uc", directions, centred) if len(new) == 1 else directions @ centred.T
    if left_out:
        np.fill_diagonal(cosine, -np.inf)
    near = -np.sort(-cosine, axis=1)[:, : min(NEAREST, len(rows) - left_out)]
    return np.stack([near.mean(1), np.einsum("ud,d->u", directions, typical)], 1)


def fit_by_row(
    encoded: np.ndarray,
    described: Sequence[np.ndarray],
    photographs: Photographs,
    *,
    ridge: float,
    share: float,
) -> Tensor:
    """(D+3,): the mean photograph, and the weights of both measures and of 1 that give left-out classes the bias at which each takes ``share``.

    Args:
        encoded: (C,K) descriptions of the head's classes; ``described``: (C,K) other ways to describe them, such as by fewer words.
        photographs: of the head's classes.
    """
    typical = photographs.features.mean(0)
    ways = [left_out_rows(encoded, photographs.rows, ridge=ridge)]
    ways += [left_out_rows_as_stated(encoded, stated, photographs.rows, ridge=ridge) for stated in described]
    measured = [row_measures(rows, photographs.rows, typical, left_out=True) for rows in ways]
    wanted = [-np.nanquantile(margins(rows, photographs).other, 1 - share, axis=0) for rows in ways]  # (C,) each
    table = np.concatenate(measured)
    weights = np.linalg.lstsq(np.column_stack([table, np.ones(len(table))]), np.concatenate(wanted), rcond=None)[0]
    return torch.from_numpy(np.concatenate([typical, weights])).float()


def by_some_words(values: np.ndarray, count: int, *, seed: int) -> np.ndarray:
    """(C,K) of descriptions (C,K): ``count`` of the words that each surely has (its largest values), drawn at random, and nothing else."""
    random, top, stated = np.random.default_rng([seed, count]), values.max(), np.zeros_like(values)
    for row, described in zip(stated, values, strict=True):
        row[random.permutation(np.flatnonzero(described >= top))[:count]] = top
    return stated


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
