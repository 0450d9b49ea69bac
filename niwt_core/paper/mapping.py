"""Domain to importance as the paper trains it (section 4.2, eq. 2): a linear map, by Adam, on the importances of single pictures.

The loss is ``mean over pictures (1 - cos(map(K_y), alpha_y(x)))``; the map is kept as it was when the pictures of some held-out seen classes
lost least. Inputs are raw descriptions and the start is standard normal, as in the authors' code; ``niwt_core.method.mapping`` is the closed form.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from niwt_core.errors import NiwtError
from niwt_core.method.importance import unit


@dataclass(frozen=True)
class MapSettings:
    """Adam's learning rate; pictures in a batch; epochs at most; seen classes held out for validation (a quarter of them at most); epochs
    without improvement there before it stops (0: never, as the authors do); standard deviation of the weights at the start."""

    learning_rate: float = 1e-4
    batch: int = 64
    epochs: int = 500
    held_out: int = 5
    patience: int = 0
    spread: float = 1.0


@dataclass(frozen=True, eq=False)
class PaperMap:
    """``a = k weight + bias``: weight (K,N), bias (N,).

    epoch is the one it was kept from, of ``epochs`` that ran; held_out are the classes that judged; curve (epochs,2) the loss on the pictures
    of the other classes and of those, after each epoch.
    """

    weight: Tensor
    bias: Tensor
    epoch: int
    epochs: int
    held_out: np.ndarray
    curve: Tensor

    def __call__(self, k: Tensor) -> Tensor:
        """(...,K) raw descriptions -> (...,N) importances, of any length."""
        return k @ self.weight + self.bias


def image_loss(predicted: Tensor, importances: Tensor, labels: Tensor) -> Tensor:
    """The paper's loss, a scalar: predicted (C,N), importances (n,N) of pictures with labels (n,)."""
    return (1 - torch.cosine_similarity(predicted[labels], importances)).mean()


def mean_units(importances: Tensor, labels: Tensor, *, classes: int) -> tuple[Tensor, Tensor]:
    """(``m_c`` (C,N), pictures of each class (C,)): importances (n,N) enter the loss only through these."""
    total = torch.zeros(classes, importances.shape[1], dtype=importances.dtype, device=importances.device)
    total.index_add_(0, labels, unit(importances))
    count = torch.bincount(labels, minlength=classes)
    return total / count.clamp_min(1).unsqueeze(1), count


def class_loss(predicted: Tensor, means: Tensor, counts: Tensor) -> Tensor:
    """``image_loss`` again, from C class means instead of n pictures."""
    cosine = (unit(predicted) * means).sum(1)  # (C,) mean cosine over the class's pictures
    return 1 - (counts * cosine).sum() / counts.sum()


def held_out_classes(classes: int, settings: MapSettings, *, seed: int) -> np.ndarray:
    """Indices of the classes that judge the map."""
    count = max(1, min(settings.held_out, classes // 4))
    return np.sort(np.random.default_rng([seed, classes]).permutation(classes)[:count])


def train_map(
    knowledge: Tensor,
    importances: Tensor,
    labels: Tensor,
    *,
    settings: MapSettings | None = None,
    seed: int = 0,
    on_epoch: Callable[[int, int], None] | None = None,
) -> PaperMap:
    """Trains the map.

    Args:
        knowledge: (C,K) raw descriptions of the seen classes.
        importances: (n,N) of their training pictures, each for its own class; labels (n,) in 0..C-1.
        on_epoch: called with (done, at most).

    Raises:
        NiwtError: fewer than three classes.
    """
    settings = settings or MapSettings()
    classes = len(knowledge)
    if classes < 3:
        raise NiwtError(f"{classes} classes cannot carry a map", where="domain to importance", fix="give three or more")
    held_out = held_out_classes(classes, settings, seed=seed)
    judges = torch.zeros(classes, dtype=torch.bool)
    judges[held_out] = True
    means, counts = mean_units(importances, labels, classes=classes)
    sides = [(knowledge[side], means[side], counts[side]) for side in (~judges, judges)]
    pictures = torch.nonzero(~judges[labels]).squeeze(1)
    generator = torch.Generator().manual_seed(seed)
    shape = (knowledge.shape[1] + 1, importances.shape[1])  # the bias is the last row
    parameters = (settings.spread * torch.randn(shape, generator=generator)).to(knowledge).requires_grad_()
    inputs = torch.cat([knowledge, knowledge.new_ones(classes, 1)], 1)  # (C, K + 1)
    targets = unit(importances)
    adam = torch.optim.Adam([parameters], lr=settings.learning_rate)
    kept, best, epoch_of_best, curve = parameters.detach().clone(), float("inf"), 0, []
    for epoch in range(1, settings.epochs + 1):
        order = pictures[torch.randperm(len(pictures), generator=generator)]
        for part in order.split(settings.batch):
            loss = 1 - (unit(inputs[labels[part]] @ parameters) * targets[part]).sum(1).mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
        with torch.no_grad():
            losses = [float(class_loss(k @ parameters[:-1] + parameters[-1], mean, count)) for k, mean, count in sides]
        curve.append(losses)
        if losses[1] < best:
            kept, best, epoch_of_best = parameters.detach().clone(), losses[1], epoch
        if on_epoch is not None:
            on_epoch(epoch, settings.epochs)
        if settings.patience and epoch - epoch_of_best >= settings.patience:
            break
    return PaperMap(kept[:-1], kept[-1], epoch_of_best, len(curve), held_out, torch.tensor(curve))
