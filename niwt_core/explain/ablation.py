"""What neurons are good for: hold them at their mean, or make them louder, and see what changes.

What a neuron says is how far its activation is from its mean. A ``gain`` multiplies that: 0 silences it, 2 doubles it, 1 changes nothing.
Where the tail is global average pooling, a silenced neuron n holds phi_n at its mean, exactly. Through a longer tail the same
change of activations moves the features by ``(gain - 1) (mean A_n - average) G_n`` to first order, G being the importance operator: an estimate, and
said to be one. A single encoded picture goes through the tail again, exactly in both cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from niwt_core.classify.answer import EncodedPicture
from niwt_core.errors import NiwtError
from niwt_core.evaluation.metrics import Metrics, calibrated, class_averaged, metrics, score
from niwt_core.explain.contributions import average_activation
from niwt_core.knowledge.attributes import readable
from niwt_core.neurons.neuron import find_neurons
from niwt_core.study.study import Study


@dataclass(frozen=True)
class Ablation:
    """Accuracy with and without some neurons; ``per_class`` holds the change of every class in percentage points, ``exact`` is false for an
    estimate by the importance operator."""

    neurons: tuple[int, ...]
    before: Metrics
    after: Metrics
    per_class: Mapping[str, float]
    exact: bool


def ablate(study: Study, neurons: Sequence[int], *, gain: float = 0.0) -> Ablation:
    """U, S, H, ZSL on the study's test pictures with ``neurons`` silenced, or as loud as ``gain`` says. Raises NiwtError on a wrong neuron."""
    chosen = _checked(study, neurons)
    pictures = np.flatnonzero(study.split != "train")
    labels = study.labels[pictures]
    plain = study.features[pictures].float()
    results, accuracy = [], []
    for features in (plain, _ablated_features(study, pictures, plain, chosen, gain)):
        logits = study.full_head.logits(features)  # (n, C)
        results.append(metrics(score(logits, labels, study.seen), study.gamma))
        right = calibrated(logits, study.seen, study.gamma).argmax(1).numpy() == labels
        accuracy.append([class_averaged(right[labels == c], labels[labels == c]) for c in range(len(study.classes))])
    change = {name: after - before for name, before, after in zip(study.classes, *accuracy, strict=True)}
    return Ablation(tuple(chosen), results[0], results[1], change, study.operator is None)


def ablate_picture(
    study: Study, picture: EncodedPicture, neurons: Sequence[int], *, gain: float = 0.0
) -> EncodedPicture:
    """The same picture as a network encodes it in which these neurons are silenced (their activation is the average everywhere), or as loud as
    ``gain`` says; what follows them is run again."""
    chosen = _checked(study, neurons)
    activations = picture.activations.clone()
    average = average_activation(study)[chosen].to(activations)  # (m,)
    level = average.reshape(1, -1, *(1,) * (activations.ndim - 2))
    activations[:, chosen] = level + gain * (activations[:, chosen] - level)
    with torch.inference_mode():
        features = study.network.tail(activations)[0].clone()
    return replace(picture, activations=activations, features=features)


def neurons_of_attribute(study: Study, attribute: str) -> tuple[int, ...]:
    """The neurons that are named after an attribute, the most trusted first: what to ablate to take a word away.

    Raises NiwtError where there is no such attribute, or no neuron with its name.
    """
    name = study.knowledge.names[study.knowledge.column(attribute)]
    named = [item.index for item in find_neurons(study.neurons, attribute=name) if item.is_named]
    if not named:
        fix = "choose an attribute that has neurons, see `niwt neurons`"
        raise NiwtError(f"no neuron is named {readable(name)!r}", where=f"study {study.name}", fix=fix)
    return tuple(named)


def _ablated_features(study: Study, pictures: np.ndarray, features: Tensor, neurons: list[int], gain: float) -> Tensor:
    """(m,D) features of ``pictures`` with the excess of ``neurons`` multiplied by ``gain``."""
    excess = study.pooled[pictures][:, neurons].float() - average_activation(study)[neurons]  # (m, neurons)
    if study.operator is None:
        ablated = features.clone()
        ablated[:, neurons] += (gain - 1) * excess
        return ablated
    return features + (gain - 1) * excess @ study.operator[neurons]


def _checked(study: Study, neurons: Sequence[int]) -> list[int]:
    wrong = [n for n in neurons if not 0 <= n < len(study.neurons)]
    if wrong:
        raise NiwtError(f"no neuron {wrong[0]}", where=study.network.layer, fix=f"use 0 to {len(study.neurons) - 1}")
    return list(dict.fromkeys(int(n) for n in neurons))
