"""Which of many encoded photographs excite a neuron, show an attribute, or are taken for a class, most of all first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from niwt_core.classify.classifier import Classifier
from niwt_core.errors import NiwtError
from niwt_core.explain.detector import Detectors
from niwt_core.neurons.user_photographs import UserPhotographs
from niwt_core.study.study import Study

TOGETHER = 2048  # photographs whose logits are in memory at once


@dataclass(frozen=True)
class Strongest:
    """A photograph by its number, and the ``value`` by which it stands where it does."""

    item: int
    value: float


def strongest_of_neuron(photographs: UserPhotographs, neuron: int, count: int) -> list[Strongest]:
    """The photographs with the largest mean activation (the value). Raises NiwtError when there is no such neuron."""
    neurons = photographs.pooled.shape[1]
    if not 0 <= neuron < neurons:
        raise NiwtError(f"no neuron {neuron}", where="photographs", fix=f"use 0 to {neurons - 1}")
    return _first(photographs.pooled[:, neuron].float(), count)


def strongest_of_attribute(
    study: Study, photographs: UserPhotographs, attribute: str, count: int, *, seen_only: bool = True
) -> list[Strongest]:
    """The photographs with the largest score of an attribute's detector (the value); ``seen_only``: none in which it is not claimed to be seen.

    Empty where the study has no detectors. Raises NiwtError on unknown attributes.
    """
    column, detectors = study.knowledge.column(attribute), Detectors.of(study)
    if detectors is None:
        return []
    scores = detectors.score(photographs.pooled)[:, column]
    chosen = _first(scores, count)
    return [item for item in chosen if item.value >= detectors.seen_above] if seen_only else chosen


def taken_for(
    classifier: Classifier, photographs: UserPhotographs, name: str, count: int | None = None
) -> list[Strongest]:
    """The photographs that a class is the first answer to, the most probable (the value) first; all of them without ``count``. Raises NiwtError."""
    place = classifier.candidates.index(classifier.candidate(name))
    probability, first = torch.cat(list(_answers(classifier, photographs, place)), 1)
    items = first.nonzero().flatten()
    ranked = _first(probability[items], len(items) if count is None else count)
    return [Strongest(int(items[one.item]), one.value) for one in ranked]


def _answers(classifier: Classifier, photographs: UserPhotographs, place: int) -> Iterator[Tensor]:
    """(2,B): the probability of candidate ``place`` for each photograph, and whether it is the first answer."""
    for features in photographs.features.split(TOGETHER):
        logits = classifier.logits(features.float())
        yield torch.stack([classifier.probabilities(logits)[:, place], (logits.argmax(1) == place).float()])


def _first(values: Tensor, count: int) -> list[Strongest]:
    order = values.argsort(descending=True, stable=True)[:count]
    return [Strongest(int(item), float(values[item])) for item in order]
