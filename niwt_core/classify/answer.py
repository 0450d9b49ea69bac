"""What a classifier says of one picture: the picture as the network sees it, and the ranking of all classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from PIL import Image
from torch import Tensor

from niwt_core.classify.build import BuiltClass
from niwt_core.classify.novelty import novelty_of
from niwt_core.knowledge.class_names import display_name
from niwt_core.neurons.user_names import NOTHING_SAID, UserNames
from niwt_core.study.study import Study

if TYPE_CHECKING:
    from niwt_core.explain.explanation import Explanation  # for the shortcut below


class ClassKind(StrEnum):
    """Where a class's weights come from: trained pictures, the study's description of it, or a description of this session."""

    SEEN = "seen"
    UNSEEN = "unseen"
    BUILT = "built"


class Answering(Protocol):
    """What an answer asks of the classifier that gave it."""

    study: Study
    gamma: float

    @property
    def built(self) -> Mapping[str, BuiltClass]:
        """Classes built in this session."""

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """All classes."""

    def candidate(self, name: str) -> Candidate:
        """A class by its name. Raises NiwtError."""

    def answer(self, picture: EncodedPicture) -> Answer:
        """Ranks all classes for an encoded picture."""


@dataclass(frozen=True, eq=False)
class EncodedPicture:
    """What every question needs: ``image`` (RGB, for showing), ``input`` (1,3,s,s), ``activations`` A (1,N,...), ``features`` phi (D,); ``box``: the
    part of the image that the input shows, left, top, right and bottom in fractions of its sides."""

    image: Image.Image
    input: Tensor
    activations: Tensor
    features: Tensor
    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)

    def __repr__(self) -> str:
        return f"<EncodedPicture of {self.image.width} x {self.image.height} pixels, activations {tuple(self.activations.shape)}>"

    @property
    def pooled(self) -> Tensor:
        """(N,): the mean activation of each neuron."""
        return self.activations.flatten(2).mean(2)[0]


@dataclass(frozen=True)
class Candidate:
    """A class the classifier knows: its head row (D,), bias about the feature mean, and where it comes from."""

    name: str
    kind: ClassKind
    row: Tensor
    bias: float

    @property
    def display(self) -> str:
        return display_name(self.name) if self.kind is not ClassKind.BUILT else self.name


@dataclass(frozen=True)
class Ranked:
    """A place in the ranking: calibrated ``score`` (logit, gamma taken from seen classes) and ``probability``, its softmax over all candidates at
    the study's temperature."""

    name: str
    display: str
    kind: ClassKind
    score: float
    probability: float


@dataclass(frozen=True, eq=False)
class Answer:
    """The ranking of one picture, best first, and the means to ask why."""

    classifier: Answering
    picture: EncodedPicture
    ranking: tuple[Ranked, ...]

    def __repr__(self) -> str:
        places = ", ".join(f"{item.display} ({item.kind}) {item.probability:.0%}" for item in self.ranking[:3])
        return f"<Answer: {places}{', ...' if len(self.ranking) > 3 else ''}>"

    @property
    def best(self) -> Ranked:
        return self.ranking[0]

    @cached_property
    def novelty(self) -> float:
        """How unlike the study's training pictures: the distance over the largest that counts as familiar; NaN if the study keeps none."""
        novelty = novelty_of(self.classifier.study)
        return float("nan") if novelty is None else novelty.distance(self.picture.pooled) / max(novelty.limit, 1e-12)

    @property
    def familiar(self) -> bool:
        """The picture is like those of the study. Where it is not, the best class is the best of the wrong ones."""
        return not self.novelty > 1

    def explain(
        self, name: str | None = None, *, versus: str | None = None, names: UserNames = NOTHING_SAID
    ) -> Explanation:
        """Why ``name`` (the best class by default), and why not ``versus`` (the runner-up by default); neurons by a person's own ``names``."""
        from niwt_core.explain.explanation import (
            explain,  # a promised shortcut: the one way up from an answer to its reasons
        )

        return explain(self, name, versus=versus, names=names)
