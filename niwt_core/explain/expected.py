"""What a ranking expects of a picture: of each attribute the probability that goes to classes which have it."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from torch import Tensor

from niwt_core.classify.answer import Answer, Answering, Candidate
from niwt_core.explain.consent import Expected
from niwt_core.explain.detector import PRESENT

_KEPT: WeakKeyDictionary[Answering, tuple[tuple[Candidate, ...], np.ndarray, np.ndarray]] = WeakKeyDictionary()


def expected_attributes(classifier: Answering, probabilities: Tensor | np.ndarray) -> Expected:
    """(...,C) probabilities of the classifier's candidates -> (...,K), each 0..1."""
    _, possible, certain = _has(classifier)
    values = np.asarray(probabilities, np.float32)
    return Expected(values @ possible, values @ certain)


def expected_in(answer: Answer) -> Expected:
    """Each (K,), of the picture of an answer."""
    place = {(item.name, item.kind): i for i, item in enumerate(answer.classifier.candidates)}
    probabilities = np.zeros(len(place), np.float32)
    for item in answer.ranking:
        probabilities[place[item.name, item.kind]] = item.probability
    return expected_attributes(answer.classifier, probabilities)


def _has(classifier: Answering) -> tuple[tuple[Candidate, ...], np.ndarray, np.ndarray]:
    """(candidates, (C,K) which has which attribute at least sometimes, (C,K) which surely has it), both 0 or 1; made again when candidates change."""
    candidates, kept = classifier.candidates, _KEPT.get(classifier)
    if kept is None or kept[0] is not candidates:
        amounts = _amounts(classifier)
        tables = ((amounts >= PRESENT).astype(np.float32), (amounts > PRESENT).astype(np.float32))
        kept = _KEPT[classifier] = (candidates, *tables)
    return kept


def _amounts(classifier: Answering) -> np.ndarray:
    study, built = classifier.study, classifier.built
    place = {name: i for i, name in enumerate(study.classes)}
    rows = [
        built[item.name].values if item.kind == "built" else study.knowledge.values[place[item.name]]
        for item in classifier.candidates
    ]
    return np.stack(rows) / study.knowledge.scale
