"""Whether an attribute is there to be seen in a picture: seen, not seen, or cannot tell.

An explanation's words come from the class; what of them is in the picture is another question, and it is asked of the picture alone. A ridge
from pooled activations to the attributes, fitted on training pictures of seen classes, gives every attribute a score. Its strength and the two
thresholds are chosen on classes that it never saw: every class is left out in turn, in closed form, so that "seen" and "not seen" are right as
often as promised on new classes. Between the thresholds the answer is that the network cannot tell.

Detectors that were fitted to a table of classes need the ranking's consent as well (`consent`), and may then say "seen" of weaker evidence; how much
weaker depends on how surely a photograph shows what its class has (`Knowledge.shown`): every photograph of a dog shows an animal, few show its paws.
Where every picture has a truth of its own, `picture_detectors` fits them another way, and a study keeps what it gives.
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
from niwt_core.explain.consent import Expected, agreed
from niwt_core.explain.left_out_scores import left_out_scores, roots
from niwt_core.explain.thresholds import thresholds, with_consent
from niwt_core.knowledge.attribute_names import group_of
from niwt_core.study.study import Study

RIDGES = (0.1, 0.3, 1.0, 3.0, 10.0)  # in units of the mean eigenvalue
PRESENT = 0.5  # of the table's scale: at least half of the people say so
FIGURES = ("seen_above", "not_seen_below", "ridge", "seen_right", "not_seen_right", "recall", "missed", "decided")
HIDDEN_BELOW = "hidden_below"  # kept as a ninth number, where there is one
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
    ``decided`` of all. ``scaling`` (3,K), where pictures had a truth of their own: see `probabilities`; scores are then probabilities,
    and ``hidden_below`` takes the place of ``not_seen_below`` where no other value of an exclusive group is likely (see `strictest`).
    ``above`` (K,): thresholds of "seen" where the ranking has to agree, infinite for what no table of classes can tell of a picture; or one for all.
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
    above: Tensor | None = None
    hidden_below: float | None = None

    @classmethod
    def of(cls, study: Study) -> Detectors | None:
        """The detectors of a study, kept or fitted once; None where nothing can be fitted (no attributes, under three classes with pictures)."""
        if study not in _FITTED:
            kept = study.detectors
            _FITTED[study] = _fit_study(study) if kept is None else cls._from_tensors(kept, exclusive_groups(study))
        return _FITTED[study]

    def tensors(self) -> dict[str, Tensor]:
        """What a study keeps of them: "weight" in half precision, "offset", "strength", "figures", the eight numbers of `FIGURES` and `HIDDEN_BELOW`
        if there is one, and "scaling" and "above" if there are."""
        names = FIGURES if self.hidden_below is None else (*FIGURES, HIDDEN_BELOW)
        figures = torch.tensor([float(getattr(self, name)) for name in names])
        auroc = torch.from_numpy(np.asarray(self.auroc, np.float32))
        kept = {"weight": self.weight.half(), "offset": self.offset, "strength": auroc, "figures": figures}
        optional = {"scaling": self.scaling, "above": self.above}
        return kept | {name: value for name, value in optional.items() if value is not None}

    @classmethod
    def _from_tensors(cls, kept: Mapping[str, Tensor], exclusive: tuple[np.ndarray, ...]) -> Detectors:
        return cls(
            weight=kept["weight"].float(),
            offset=kept["offset"],
            exclusive=exclusive,
            auroc=kept["strength"].numpy(),
            scaling=kept.get("scaling"),
            above=kept.get("above"),
            **dict(zip((*FIGURES, HIDDEN_BELOW), kept["figures"].tolist(), strict=False)),
        )

    def score(self, pooled: Tensor) -> Tensor:
        """(...,N) pooled activations -> (...,K)."""
        scores = roots(pooled.float()) @ self.weight + self.offset
        return scores if self.scaling is None else probabilities(scores, self.scaling, self.exclusive)

    @property
    def by_table(self) -> bool:
        """They were fitted to a table of classes, not to what single pictures show."""
        return self.scaling is None

    def claims(self, pooled: Tensor, expected: Expected | None = None) -> np.ndarray:
        """(...,N) -> (...,K) int8: 1 seen, -1 not seen, 0 cannot tell.

        expected: what the ranking of each picture expects (`expected_attributes`); where detectors know classes only, nothing is claimed that it does
        not agree to. None: by the detectors alone.
        """
        scores = self.score(pooled).numpy()
        if expected is None or not self.by_table:
            return claims_of(
                scores,
                self.seen_above,
                self.not_seen_below,
                self.exclusive,
                others_absent=self.by_table,
                hidden_below=self.hidden_below,
            )
        above = self.seen_above if self.above is None else self.above.numpy()
        return agreed(claims_of(scores, above, self.not_seen_below, self.exclusive), expected)

    def look(self, pooled: Tensor, expected: Expected | None = None) -> tuple[Sighting, ...]:
        """What is seen of each of the K attributes in one picture (N,); ``expected`` as in `claims`."""
        names = {1: Sighting.SEEN, -1: Sighting.NOT_SEEN, 0: Sighting.CANNOT_TELL}
        return tuple(names[int(claim)] for claim in self.claims(pooled, expected))


def sightings(study: Study, pooled: Tensor, expected: Expected | None) -> dict[str, list[str]]:
    """The attributes that are seen in a picture with ``pooled`` activations (N,) and those that are not, whatever class is asked about; both empty
    where the study has no detectors. ``expected`` as in `Detectors.claims`."""
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


def fit_detectors(
    pooled: Tensor,
    table: np.ndarray,
    labels: np.ndarray,
    *,
    exclusive: Sequence[np.ndarray] = (),
    shown: Sequence[str] = (),
    ridges: Sequence[float] = RIDGES,
) -> Detectors:
    """Fits detectors and their thresholds.

    Args:
        pooled: (n,N) activations of training pictures.
        table: (C,K) in 0..1, what each class has of each attribute; half and more counts as there.
        labels: (n,) the class of each picture; a class is left out as a whole.
        exclusive: columns of which exactly one is there.
        shown: of each of the K columns how surely a photograph shows what its class has (`Knowledge.shown`); none, where nobody looked.
    """
    return fit_with_scores(pooled, table, labels, exclusive=exclusive, shown=shown, ridges=ridges)[0]


def fit_with_scores(
    pooled: Tensor,
    table: np.ndarray,
    labels: np.ndarray,
    *,
    exclusive: Sequence[np.ndarray] = (),
    shown: Sequence[str] = (),
    ridges: Sequence[float] = RIDGES,
) -> tuple[Detectors, np.ndarray]:
    """`fit_detectors`, and the scores (n,K) that each picture gets from detectors which never saw its class."""
    scores = left_out_scores(pooled, table, labels, ridges)
    there = table[labels] >= PRESENT
    above, below = thresholds(scores.held_out.ravel(), there.ravel())
    detectors = Detectors(
        weight=scores.weight,
        offset=scores.offset,
        seen_above=above,
        not_seen_below=below,
        exclusive=tuple(exclusive),
        ridge=scores.ridge,
        auroc=class_aurocs(scores.held_out, there),
        **claim_figures(claims_of(scores.held_out, above, below, exclusive), there),
        scaling=None,
        above=torch.from_numpy(with_consent(scores.held_out, there, shown or ("",) * table.shape[1])),
    )
    return detectors, scores.held_out


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
        study.pooled[torch.from_numpy(kept)],
        table,
        study.labels[kept],
        exclusive=exclusive_groups(study),
        shown=[study.knowledge.shown.get(group_of(name), "") for name in study.knowledge.names],
    )


def _spread(pictures: np.ndarray, most: int) -> np.ndarray:
    """At most ``most`` of them, evenly."""
    return pictures if len(pictures) <= most else pictures[np.linspace(0, len(pictures) - 1, most).astype(int)]
