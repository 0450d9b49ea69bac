"""Hyper-parameters from seen classes only: held-out folds of seen classes play the unseen ones.

Decay of the head, mu of the transfer, ridge of the map, norm of described rows, stolen share and its shrinkage are chosen together, by the
mean H over folds, taken exactly as at test time. For the same rows the best gamma of calibrated stacking is chosen too.

What described classes take from seen ones adds up, and a fold holds out fewer classes than there are described ones (it has fewer to begin
with). So the share of one class is carried over by the whole: as much together as in the folds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from torch import Tensor

from niwt_core.evaluation.folds import Fold, FoldFeatures
from niwt_core.evaluation.grid import AXES, GRID, Grid
from niwt_core.evaluation.margins import Margins
from niwt_core.evaluation.trials import Setting, Trials, Tried

GROWTHS = 4  # times that a grid may grow

Calibration = Literal["stolen share", "gamma"]


@dataclass(frozen=True)
class Choice:
    """What the folds chose, and the table that it was chosen from.

    ``share`` is that of one class among those that are really described; ``gamma`` is in standard deviations of the seen logits
    (``gamma_unit`` of the final head turns it into logits), the best for the rows that were chosen; H and gamma_H are the folds' mean with
    either calibration, and ``calibration`` names the one by which everything was chosen. ``at_end`` names axes whose chosen value is still
    the last of its grid.
    ``temperature`` makes percentages of the logits so calibrated, by pictures of kept and of held-out classes alike.
    ``trials`` has one row for each decay, mu and ridge, at its best norm, share and shrinkage, with the mean U, S and H over folds.
    """

    decay: float
    mu: float
    ridge: float
    norm: float
    share: float
    shrinkage: float
    gamma: float
    H: float
    gamma_H: float
    calibration: Calibration
    folds: int
    at_end: tuple[str, ...] = ()
    trials: tuple[Mapping[str, float], ...] = field(default=())
    temperature: float | None = None


def choose(
    folds: Sequence[Fold],
    features_of_folds: Sequence[FoldFeatures],
    labels: np.ndarray,
    knowledge: Tensor,
    *,
    described: int,
    grid: Grid = GRID,
    on_trial: Callable[[int, int], None] | None = None,
) -> Choice:
    """Chooses everything by the mean H over folds; a grid at whose end the best value lies grows, GROWTHS times at most.

    Args:
        features_of_folds: one for each fold.
        labels: (n,) of all pictures.
        knowledge: (C,K) encoded descriptions.
        described: how many classes will be described; 0 leaves the share as it is in the folds.
        on_trial: called with (done, total) trials, of which there may be more later.
    """
    return choose_on(Trials(folds, features_of_folds, labels, knowledge, on_trial), described=described, grid=grid)


def choose_on(trials: Trials, *, described: int, grid: Grid = GRID) -> Choice:
    """`choose` on folds that may serve for more."""
    tried = trials.on(grid)
    calibration, point = _best(tried, grid)
    for _ in range(GROWTHS):
        if not grid.ends(point):
            break
        grid = grid.grown(point)
        tried = trials.on(grid)
        calibration, point = _best(tried, grid)
    decay, mu, ridge, norm, share, shrinkage = point
    best = tried[decay, mu, ridge]
    n, q, s = grid.norm.index(norm), grid.share.index(share), grid.shrinkage.index(shrinkage)
    if calibration == "gamma":

        def bias(margins: Margins, unit: float) -> np.ndarray:
            return np.full(len(margins.fitted), best.gammas[n][0] * unit)

    else:

        def bias(margins: Margins, unit: float) -> np.ndarray:
            return margins.biases(np.array([share]), np.array([shrinkage]))[0, 0]

    return Choice(
        decay=decay,
        mu=mu,
        ridge=ridge,
        norm=norm,
        share=share * trials.carried(described),
        shrinkage=shrinkage,
        gamma=best.gammas[n][0],
        H=float(best.balance.H[n, q, s]),
        gamma_H=best.gammas[n][3],
        calibration=calibration,
        folds=len(trials.folds),
        at_end=grid.ends(point),
        trials=tuple(_rows(tried, grid)),
        temperature=trials.temperature((decay, mu, ridge), norm=norm, bias=bias),
    )


def _best(tried: Mapping[Setting, Tried], grid: Grid) -> tuple[Calibration, tuple[float, ...]]:
    """The better calibration, and its point on the grid in the order of AXES."""
    setting = max(tried, key=lambda setting: tried[setting].balance.H.max())
    H = tried[setting].balance.H
    other = max(tried, key=lambda setting: tried[setting].gamma_H.max())
    n = int(tried[other].gamma_H.argmax())
    if tried[other].gamma_H[n] > H.max():
        among = tried[other].balance.H[n]
        q, s = np.unravel_index(among.argmax(), among.shape)
        return "gamma", (*other, grid.norm[n], grid.share[q], grid.shrinkage[s])
    n, q, s = (int(place) for place in np.unravel_index(H.argmax(), H.shape))
    return "stolen share", (*setting, grid.norm[n], grid.share[q], grid.shrinkage[s])


def _rows(tried: Mapping[Setting, Tried], grid: Grid) -> Iterator[dict[str, float]]:
    for setting, item in tried.items():
        n, q, s = np.unravel_index(item.balance.H.argmax(), item.balance.H.shape)
        yield {
            **dict(zip(AXES, (*setting, grid.norm[n], grid.share[q], grid.shrinkage[s]), strict=True)),
            **{key: float(getattr(item.balance, key)[n, q, s]) for key in ("U", "S", "H")},
            "gamma": item.gammas[n][0],
            "gamma_H": item.gammas[n][3],
        }
