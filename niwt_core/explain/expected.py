"""What a picture's class has, as far as the ranking tells: of each attribute the probability that goes to classes which have it."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from torch import Tensor

from niwt_core.classify.answer import Answer, Answering, Candidate
from niwt_core.explain.detector import PRESENT

_KEPT: WeakKeyDictionary[Answering, tuple[tuple[Candidate, ...], np.ndarray]] = WeakKeyDictionary()


def expected_attributes(classifier: Answering, probabilities: Tensor | np.ndarray) -> np.ndarray:
    """(...,C) probabilities of the classifier's candidates -> (...,K), each 0..1."""
    return np.asarray(probabilities, np.float32) @ _has(classifier)


def expected_in(answer: Answer) -> np.ndarray:
    """(K,) of the picture of an answer."""
    place = {(item.name, item.kind): i for i, item in enumerate(answer.classifier.candidates)}
    probabilities = np.zeros(len(place), np.float32)
    for item in answer.ranking:
        probabilities[place[item.name, item.kind]] = item.probability
    return expected_attributes(answer.classifier, probabilities)


def _has(classifier: Answering) -> np.ndarray:
    """(C,K) float: which candidate has which attribute; made again when the candidates are others."""
    candidates, kept = classifier.candidates, _KEPT.get(classifier)
    if kept is None or kept[0] is not candidates:
        kept = _KEPT[classifier] = (candidates, _table(classifier))
    return kept[1]


def _table(classifier: Answering) -> np.ndarray:
    study, built = classifier.study, classifier.built
    place = {name: i for i, name in enumerate(study.classes)}
    rows = [
        built[item.name].values if item.kind == "built" else study.knowledge.values[place[item.name]]
        for item in classifier.candidates
    ]
    return (np.stack(rows) / study.knowledge.scale >= PRESENT).astype(np.float32)
