"""None of these: how far a picture is from all that the study was trained on.

The distance is the mean over the nearest training pictures, between pooled activations of length one. It is allowed to be as large as that of a
picture of a class that was left out: a described class must count as familiar, though no picture of it was ever shown. Against 1,000 photographs
it tells held-out birds of the Aviary with AUROC 0.9995 (unseen species 0.996), and birds of the CUB subset from photographs of other things with
0.9996 (unseen species 0.999). Source: Sun, Ming, Zhu and Li, "Out-of-distribution detection with deep nearest neighbors", ICML 2022.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from niwt_core.study.study import Study

NEAREST = 5
ACCEPTED = 0.99  # of pictures of left-out classes
MOST_PICTURES = 2000  # that a picture is compared with


@dataclass(frozen=True, eq=False)
class Novelty:
    """``reference`` (m,N): unit pooled activations of training pictures; ``limit``: the distance up to which a picture is familiar."""

    reference: Tensor
    limit: float

    @classmethod
    def of(cls, study: Study) -> Novelty | None:
        """That of a study's training pictures, made once; None where it keeps none of two classes."""
        if study not in _MADE:
            train = np.flatnonzero(study.calibration_pictures)
            kept = (
                train[np.linspace(0, len(train) - 1, min(len(train), MOST_PICTURES)).astype(int)]
                if len(train)
                else train
            )
            labels = study.labels[kept]
            enough = len(np.unique(labels)) >= 2 and len(kept) > NEAREST
            _MADE[study] = fit_novelty(study.pooled[torch.from_numpy(kept)], labels) if enough else None
        return _MADE[study]

    def distance(self, pooled: Tensor) -> float:
        """How far a picture with pooled activations (N,) is from the training pictures: 0 the same direction, sqrt(2) nothing in common."""
        return float(self.distances(pooled[None])[0])

    def distances(self, pooled: Tensor) -> Tensor:
        """The same of many pictures: (B,N) -> (B,). The nearest are found by a product and measured exactly, so that no picture's company counts."""
        directions = _unit(pooled)
        near = (
            torch.cdist(directions, self.reference).topk(min(NEAREST, len(self.reference)), largest=False).indices
        )  # (B, k)
        return (directions[:, None] - self.reference[near]).norm(dim=-1).mean(1)

    def is_familiar(self, pooled: Tensor) -> bool:
        """The picture is no further away than pictures of new classes of the same kind are."""
        return self.distance(pooled) <= self.limit


@dataclass(frozen=True, eq=False)
class HeadNovelty:
    """Where a study keeps no picture's features: how few of the neurons that its classes use a picture excites.

    ``direction`` (N,): unit, the root of the mean positive importance over the classes of the head. A picture's distance is 1 - the cosine between it
    and the roots of its activations: a photograph of a thing, whatever it is, excites many neurons that some class uses; noise, textures and
    patterns excite a few of them. Drawings and cut-up photographs do as photographs do, and are not told apart.
    """

    direction: Tensor
    limit: float

    @classmethod
    def of(cls, study: Study) -> HeadNovelty | None:
        """That of a study which keeps the limit; None where it was never measured."""
        return None if study.novelty_limit is None else cls(direction_of(study.targets), study.novelty_limit)

    def distance(self, pooled: Tensor) -> float:
        """How far a picture with pooled activations (N,) is from what the classes use: 0 to 1."""
        return float(self.distances(pooled[None])[0])

    def distances(self, pooled: Tensor) -> Tensor:
        """The same of many pictures: (B,N) -> (B,)."""
        return 1 - _unit(_roots(pooled)) @ self.direction

    def is_familiar(self, pooled: Tensor) -> bool:
        """The picture excites no fewer than photographs do."""
        return self.distance(pooled) <= self.limit


def novelty_of(study: Study) -> Novelty | HeadNovelty | None:
    """By the study's training pictures where it keeps them, else by its head; None where neither is known."""
    return Novelty.of(study) or HeadNovelty.of(study)


def fit_head_novelty(
    targets: Tensor, pooled: Tensor, labels: np.ndarray, *, accepted: float = ACCEPTED
) -> tuple[HeadNovelty, Tensor]:
    """(the novelty, (n,) distances of the photographs that it was set by, each without its own class).

    From importances (Cs,N) of a head's classes and pooled activations (n,N) of photographs with their labels (n,) among them. The limit accepts the
    fraction ``accepted`` of photographs whose class the direction does not know, as it does not know a described one.
    """
    positive = targets.clamp_min(0).double()
    others = positive.sum(0) - positive[torch.from_numpy(labels)]  # (n, N)
    distances = 1 - (_unit(_roots(pooled)) * _unit(others.sqrt())).sum(1)
    return HeadNovelty(direction_of(targets), float(torch.quantile(distances, accepted))), distances


def direction_of(targets: Tensor) -> Tensor:
    """(N,) unit roots of the mean positive importance over classes (Cs,N)."""
    return _unit(targets.clamp_min(0).double().mean(0).sqrt())


def _roots(pooled: Tensor) -> Tensor:
    """Signed square roots, in single precision."""
    values = pooled.float()
    return values.sign() * values.abs().sqrt()


_MADE: WeakKeyDictionary[Study, Novelty | None] = WeakKeyDictionary()  # made when first asked for, gone with the study


def fit_novelty(pooled: Tensor, labels: np.ndarray, *, accepted: float = ACCEPTED) -> Novelty:
    """From pooled activations (m,N) of training pictures and their class labels (m,), at least two classes.

    The limit accepts the fraction ``accepted`` of the pictures when all others of their own class are left out.
    """
    reference = _unit(pooled)
    distances = torch.cdist(reference, reference)  # (m, m)
    classes = torch.from_numpy(labels)
    left_out = distances.masked_fill(classes[:, None] == classes[None, :], torch.inf)
    return Novelty(reference, float(torch.quantile(_nearest(left_out), accepted)))


def _nearest(distances: Tensor) -> Tensor:
    """(m,r) -> (m,) mean over the NEAREST smallest that there are."""
    smallest = distances.topk(min(NEAREST, distances.shape[1]), largest=False).values
    finite = smallest.isfinite()
    return smallest.masked_fill(~finite, 0).sum(1) / finite.sum(1).clamp_min(1)


def _unit(pooled: Tensor) -> Tensor:
    return normalize(pooled.float(), dim=-1)
