"""Whether an attribute is there to be seen in a picture: seen, not seen, or cannot tell.

An explanation's words come from the class; what of them is in the picture is another question, and it is asked of the picture alone. A ridge
from pooled activations to the attributes, fitted on training pictures of seen classes, gives every attribute a score. Its strength and the two
thresholds are chosen on classes that it never saw: every class is left out in turn, in closed form, so that "seen" and "not seen" are right as
often as promised on new classes. Between the thresholds the answer is that the network cannot tell.

A table of classes says nothing of any single picture: what such a detector has learnt of "a red breast" is to know pictures of classes that have
one. Whoever takes the picture for one of those classes cannot deny it the word, so "not seen" is said where the detector finds nothing *and* the
ranking leaves classes that have the attribute at most `UNLIKELY` (see `claims`). No threshold alone does that: of the words of a picture's own
class and of the runner-up, no more than half of what the score denies is absent from the class, however low the score (CUB subset and
ImageNet, classes left out); with the ranking 98 % on the CUB subset. What is claimed still does not depend on the class that is asked about.

Where every picture has a truth of its own, `picture_detectors` fits them another way, and a study keeps what it gives.

Activations enter by their square root, divided by its deviation. On left-out classes of the CUB subset that ranks attributes a little better
than raw activations do (mean AUROC 0.832 against 0.829), and on the Aviary too (0.956 against 0.944).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from niwt_core.explain.claiming import claim_figures, claims_of, class_aurocs, probabilities
from niwt_core.explain.thresholds import thresholds
from niwt_core.study.study import Study

RIDGES = (0.1, 0.3, 1.0, 3.0, 10.0)  # in units of the mean eigenvalue
PRESENT = 0.5  # of the table's scale: at least half of the people say so
FIGURES = ("seen_above", "not_seen_below", "ridge", "seen_right", "not_seen_right", "recall", "missed", "decided")
UNLIKELY = 0.02  # of the probability may go to classes that have what is called not seen; see docs/method.md for what that was chosen by
MOST_PICTURES = 6000  # training pictures that are used; more change the thresholds by less than their noise


class Sighting(StrEnum):
    """What a detector says of one attribute in one picture."""

    SEEN = "seen"
    NOT_SEEN = "not seen"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, eq=False)
class Detectors:
    """One detector an attribute: ``score = roots(pooled) weight + offset``, about 1 where the attribute is there, 0 where it is not.

    weight (N,K), offset (K,). ``seen_above`` and ``not_seen_below``: thresholds of the score. ``exclusive``: groups (columns) of which a class has
    exactly one value. ``ridge`` is relative to the mean eigenvalue. On classes that were left out: ``strength`` (K,) AUROC of each attribute (NaN
    where all or no classes have it), ``seen_right`` and ``not_seen_right`` of the claims, ``recall`` and ``missed`` of what is there, and
    ``decided`` of all. ``scaling`` (3,K), where pictures had a truth of their own: see `probabilities`; scores are then probabilities.
    """

    weight: Tensor
    offset: Tensor
    seen_above: float
    not_seen_below: float
    exclusive: tuple[np.ndarray, ...]
    ridge: float
    auroc: np.ndarray
    seen_right: float
    not_seen_right: float
    recall: float
    missed: float
    decided: float
    scaling: Tensor | None = None

    @classmethod
    def of(cls, study: Study) -> Detectors | None:
        """The detectors of a study, kept or fitted once; None where nothing can be fitted (no attributes, under three classes with pictures)."""
        if study not in _FITTED:
            kept = study.detectors
            _FITTED[study] = _fit_study(study) if kept is None else cls._from_tensors(kept, exclusive_groups(study))
        return _FITTED[study]

    def tensors(self) -> dict[str, Tensor]:
        """What a study keeps of them: "weight" in half precision, "offset", "strength", "figures", the eight numbers of `FIGURES`, and "scaling" if
        there is one."""
        figures = torch.tensor([float(getattr(self, name)) for name in FIGURES])
        auroc = torch.from_numpy(np.asarray(self.auroc, np.float32))
        kept = {"weight": self.weight.half(), "offset": self.offset, "strength": auroc, "figures": figures}
        return kept if self.scaling is None else {**kept, "scaling": self.scaling}

    @classmethod
    def _from_tensors(cls, kept: Mapping[str, Tensor], exclusive: tuple[np.ndarray, ...]) -> Detectors:
        return cls(
            weight=kept["weight"].float(),
            offset=kept["offset"],
            exclusive=exclusive,
            auroc=kept["strength"].numpy(),
            scaling=kept.get("scaling"),
            **dict(zip(FIGURES, kept["figures"].tolist(), strict=True)),
        )

    def score(self, pooled: Tensor) -> Tensor:
        """(...,N) pooled activations -> (...,K)."""
        scores = roots(pooled.float()) @ self.weight + self.offset
        return scores if self.scaling is None else probabilities(scores, self.scaling, self.exclusive)

    @property
    def by_table(self) -> bool:
        """They were fitted to a table of classes, not to what single pictures show."""
        return self.scaling is None

    def claims(self, pooled: Tensor, expected: np.ndarray | float) -> np.ndarray:
        """(...,N) -> (...,K) int8: 1 seen, -1 not seen, 0 cannot tell.

        expected: (...,K) probability that goes to classes with each attribute (`expected_attributes`), 0 without a ranking; where detectors know
        classes only, what is not `UNLIKELY` by it is not called absent.
        """
        scores, at = self.score(pooled).numpy(), (self.seen_above, self.not_seen_below)
        claims = claims_of(scores, *at, self.exclusive, others_absent=self.by_table)
        return np.where((claims < 0) & (expected > UNLIKELY), np.int8(0), claims) if self.by_table else claims

    def look(self, pooled: Tensor, expected: np.ndarray | float) -> tuple[Sighting, ...]:
        """What is seen of each of the K attributes in one picture (N,); ``expected`` (K,) as in `claims`."""
        names = {1: Sighting.SEEN, -1: Sighting.NOT_SEEN, 0: Sighting.CANNOT_TELL}
        return tuple(names[int(claim)] for claim in self.claims(pooled, expected))


def sightings(study: Study, pooled: Tensor, expected: np.ndarray) -> dict[str, list[str]]:
    """The attributes that are seen in a picture with ``pooled`` activations (N,) and those that are not, whatever class is asked about; both empty
    where the study has no detectors. ``expected`` (K,) as in `Detectors.claims`."""
    detectors = Detectors.of(study)
    look = detectors.look(pooled, expected) if detectors is not None else ()
    named = list(zip(study.knowledge.names, look, strict=False))
    return {
        "seen": [name for name, sighting in named if sighting is Sighting.SEEN],
        "not_seen": [name for name, sighting in named if sighting is Sighting.NOT_SEEN],
    }


_FITTED: WeakKeyDictionary[Study, Detectors | None] = (
    WeakKeyDictionary()
)  # fitted when first asked for, gone with the study


def roots(pooled: Tensor) -> Tensor:
    """Signed square roots: activations are skewed, and their roots are not."""
    return pooled.sign() * pooled.abs().sqrt()


def fit_detectors(
    pooled: Tensor,
    table: np.ndarray,
    labels: np.ndarray,
    *,
    exclusive: Sequence[np.ndarray] = (),
    ridges: Sequence[float] = RIDGES,
) -> Detectors:
    """Fits detectors and their thresholds.

    Args:
        pooled: (n,N) activations of training pictures.
        table: (C,K) in 0..1, what each class has of each attribute; half and more counts as there.
        labels: (n,) the class of each picture; a class is left out as a whole.
        exclusive: columns of which exactly one is there.
    """
    return fit_with_scores(pooled, table, labels, exclusive=exclusive, ridges=ridges)[0]


def fit_with_scores(
    pooled: Tensor,
    table: np.ndarray,
    labels: np.ndarray,
    *,
    exclusive: Sequence[np.ndarray] = (),
    ridges: Sequence[float] = RIDGES,
) -> tuple[Detectors, np.ndarray]:
    """`fit_detectors`, and the scores (n,K) that each picture gets from detectors which never saw its class."""
    x = roots(pooled.float()).numpy()
    deviation = x.std(0)
    scale = np.where(deviation > 1e-6, 1 / np.maximum(deviation, 1e-6), 0.0).astype(np.float32)
    mean = x.mean(0)
    z = (x - mean) * scale  # (n, N); a neuron that never varies says nothing
    values, vectors = np.linalg.eigh((z.T @ z).astype(np.float64))
    values, rotated = values.clip(0), z @ vectors.astype(np.float32)  # (N,), (n, N)
    # Attributes are the table's, so the ridge is fitted to the C classes and the table applied after: the same scores, K / C times as fast.
    member = np.eye(len(table), dtype=np.float32)[labels]  # (n, C)
    share = member.mean(0)
    target = rotated.T @ (member - share)  # (N, C)
    unit_ridge = max(float(values.mean()), 1e-12)
    amounts_of_pictures = table[labels]  # (n, K)
    tried = []
    for ridge in ridges:
        shrink = (1 / (values + ridge * unit_ridge)).astype(np.float32)  # (N,)
        held_out = _left_out(rotated, shrink, target, share, member, labels) @ table  # (n, K)
        tried.append((float(((held_out - amounts_of_pictures) ** 2).mean()), ridge, shrink, held_out))
    _, ridge, shrink, held_out = min(tried, key=lambda item: item[0])
    weight = scale[:, None] * (vectors @ ((shrink[:, None] * target) @ table))  # (N, K)
    there = amounts_of_pictures >= PRESENT
    above, below = thresholds(held_out.ravel(), there.ravel())
    claims = claims_of(held_out, above, below, exclusive)
    detectors = Detectors(
        weight=torch.from_numpy(weight).float(),
        offset=torch.from_numpy(share @ table - mean @ weight).float(),
        seen_above=above,
        not_seen_below=below,
        exclusive=tuple(exclusive),
        ridge=ridge,
        auroc=class_aurocs(held_out, there),
        **claim_figures(claims, there),
        scaling=None,
    )
    return detectors, held_out


def exclusive_groups(study: Study) -> tuple[np.ndarray, ...]:
    """The attribute groups (columns) of which every seen class has exactly one value; none unless the table is of yes and no."""
    knowledge = study.knowledge
    if not knowledge.binary:
        return ()
    has = knowledge.values[study.seen] > 0
    return tuple(at for at in knowledge.groups.values() if len(at) > 1 and (has[:, at].sum(1) == 1).all())


def _fit_study(study: Study) -> Detectors | None:
    train = np.flatnonzero(study.calibration_pictures)
    classes = np.unique(study.labels[train])
    if study.knowledge.kind != "attributes" or len(classes) < 3 or study.knowledge.values.min() < 0:
        return None
    per_class = max(2, MOST_PICTURES // len(classes))
    kept = np.concatenate([_spread(train[study.labels[train] == c], per_class) for c in classes])
    table = (study.knowledge.values / study.knowledge.scale).clip(0, 1)
    return fit_detectors(
        study.pooled[torch.from_numpy(kept)], table, study.labels[kept], exclusive=exclusive_groups(study)
    )


def _spread(pictures: np.ndarray, most: int) -> np.ndarray:
    """At most ``most`` of them, evenly."""
    return pictures if len(pictures) <= most else pictures[np.linspace(0, len(pictures) - 1, most).astype(int)]


def _left_out(
    rotated: np.ndarray,
    shrink: np.ndarray,
    target: np.ndarray,
    share: np.ndarray,
    member: np.ndarray,
    labels: np.ndarray,
) -> np.ndarray:
    """(n,C) what a ridge that never saw a picture's class predicts for it, from the class's block of the hat matrix."""
    residual = member - share - rotated @ (shrink[:, None] * target)
    held_out = np.empty_like(member)
    for c in np.unique(labels):
        at = np.flatnonzero(labels == c)
        hat = (rotated[at] * shrink) @ rotated[at].T + 1 / len(labels)  # (m, m); the intercept is not penalised
        held_out[at] = member[at] - np.linalg.solve(np.eye(len(at), dtype=hat.dtype) - hat, residual[at])
    return held_out
