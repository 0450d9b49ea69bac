"""What a neuron is good for: hold it at its mean, and see what changes.

Where the tail is global average pooling, holding neuron n at its mean holds phi_n at its mean, exactly. Through a longer tail the same
change of activations moves the features by ``-(mean A_n - average) G_n`` to first order, G being the importance operator: an estimate, and said to
be one. A single encoded picture goes through the tail again, exactly in both cases.
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


def ablate(study: Study, neurons: Sequence[int]) -> Ablation:
    """U, S, H, ZSL on the study's test pictures with ``neurons`` held at their mean. Raises NiwtError when there is no such neuron."""
    chosen = _checked(study, neurons)
    pictures = np.flatnonzero(study.split != "train")
    labels = study.labels[pictures]
    plain = study.features[pictures].float()
    results, accuracy = [], []
    for features in (plain, _ablated_features(study, pictures, plain, chosen)):
        logits = study.full_head.logits(features)  # (n, C)
        results.append(metrics(score(logits, labels, study.seen), study.gamma))
        right = calibrated(logits, study.seen, study.gamma).argmax(1).numpy() == labels
        accuracy.append([class_averaged(right[labels == c], labels[labels == c]) for c in range(len(study.classes))])
    change = {name: after - before for name, before, after in zip(study.classes, *accuracy, strict=True)}
    return Ablation(tuple(chosen), results[0], results[1], change, study.operator is None)


def ablate_picture(study: Study, picture: EncodedPicture, neurons: Sequence[int]) -> EncodedPicture:
    """The same picture as a network without these neurons encodes it: their activations are the average everywhere."""
    chosen = _checked(study, neurons)
    activations = picture.activations.clone()
    average = average_activation(study)[chosen].to(activations)  # (m,)
    activations[:, chosen] = average.reshape(1, -1, *(1,) * (activations.ndim - 2))
    with torch.inference_mode():
        features = study.network.tail(activations)[0].clone()
    return replace(picture, activations=activations, features=features)


def _ablated_features(study: Study, pictures: np.ndarray, features: Tensor, neurons: list[int]) -> Tensor:
    """(m,D) features of ``pictures`` with ``neurons`` held at their mean."""
    average = average_activation(study)[neurons]
    if study.operator is None:
        ablated = features.clone()
        ablated[:, neurons] = average
        return ablated
    excess = study.pooled[pictures][:, neurons].float() - average  # (m, neurons)
    return features - excess @ study.operator[neurons]


def _checked(study: Study, neurons: Sequence[int]) -> list[int]:
    wrong = [n for n in neurons if not 0 <= n < len(study.neurons)]
    if wrong:
        raise NiwtError(f"no neuron {wrong[0]}", where=study.network.layer, fix=f"use 0 to {len(study.neurons) - 1}")
    return list(dict.fromkeys(int(n) for n in neurons))
