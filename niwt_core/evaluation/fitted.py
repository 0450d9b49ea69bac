"""The classifier that a choice leads to: head, map, transfer and calibration, fitted on all training pictures of the seen classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from niwt_core.evaluation.folds import Targets, gamma_unit
from niwt_core.evaluation.selection import Choice
from niwt_core.evaluation.stolen_share import StolenShare, fit_stolen_share
from niwt_core.method.head import Head, fit_head
from niwt_core.method.mapping import LinearMap, fit_map
from niwt_core.method.transfer.exact import AffineForm, fit_transfer


@dataclass(frozen=True, eq=False)
class Fitted:
    """head of the C seen classes; targets (C,N); the map; its affine form with the transfer; rows (U,D) of the described classes; their
    calibration by stolen share; gamma and its unit, in logits."""

    head: Head
    targets: Tensor
    mapping: LinearMap
    affine: AffineForm
    rows: Tensor
    stolen_share: StolenShare
    gamma: float
    gamma_unit: float

    @property
    def full_head(self) -> Head:
        """Seen classes, then described ones at the mean seen bias, not calibrated."""
        level = self.head.biases.mean().expand(len(self.rows))
        return Head(torch.cat([self.head.rows, self.rows]), torch.cat([self.head.biases, level]), self.head.mean)


def fit_choice(
    choice: Choice,
    features: Tensor,
    labels: np.ndarray,
    knowledge: np.ndarray,
    seen: np.ndarray,
    targets: Targets,
    operator: Tensor | None,
    *,
    head: Head | None = None,
) -> Fitted:
    """Fits what ``choice`` says.

    Args:
        features: (n,D) of the training pictures; labels: (n,) class indices.
        knowledge: (C+U,E) encoded descriptions of all classes; seen: (C+U,) bool.
        head: the seen classes' head, if it is already fitted with the choice's decay.
    """
    classes = np.flatnonzero(seen)
    local = torch.from_numpy(np.searchsorted(classes, labels))
    if head is None:
        head = fit_head(features, local, classes=len(classes), decay=choice.decay)
    unit_of_gamma = gamma_unit(head.logits(features))
    wanted = targets(head.rows, classes)
    mapping = fit_map(torch.from_numpy(knowledge[seen]).float(), wanted, ridges=(choice.ridge,))
    transfer = fit_transfer(head.rows, head.biases, operator, mu=choice.mu, norm_factor=choice.norm)
    affine = transfer.affine(mapping)
    rows = affine.solve_all(knowledge[~seen])
    assert mapping.held_out is not None  # it was fitted above
    stolen_share = fit_stolen_share(
        head,
        features,
        local,
        rows,
        decay=choice.decay,
        share=choice.share,
        shrinkage=choice.shrinkage,
        norm=choice.norm,
        typical_rows=transfer.weights(mapping.held_out),
    )
    return Fitted(head, wanted, mapping, affine, rows, stolen_share, choice.gamma * unit_of_gamma, unit_of_gamma)
