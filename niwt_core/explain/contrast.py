"""Why one class and not another, and which words would have to change.

``e = P^T (phi - mean)`` is what the picture says for each attribute, since ``w = P k + q``; the margin between two classes splits into
``e_j (k_cj - k_rj)`` and a rest that no attribute carries. The counterfactual changes the words that hold the margin, largest first, and
builds the class anew after each, so that a change of the answer is what the changed description would really do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from niwt_core.classify.answer import Answer, Candidate, EncodedPicture
from niwt_core.explain.contributions import neuron_contributions, neuron_parts
from niwt_core.explain.detector import Detectors, Sighting
from niwt_core.explain.expected import expected_in
from niwt_core.explain.parts import AttributeScore, Contrast
from niwt_core.knowledge.encoding import encode
from niwt_core.study.study import Study

SHOWN = 5


def contrast_classes(
    answer: Answer, candidate: Candidate, runner_up: Candidate, *, shown: int = SHOWN, parts: Tensor | None = None
) -> Contrast:
    """Why one class and not the other, in words and neurons, and which words would have to change.

    ``parts`` (N,) are the neurons' contributions to the difference of the two, where they are known already.
    """
    study, picture = answer.classifier.study, answer.picture
    score = {(item.name, item.kind): item.score for item in answer.ranking}
    margin = score[candidate.name, candidate.kind] - score[runner_up.name, runner_up.kind]
    if parts is None:
        parts = neuron_contributions(study, picture, (candidate.row - runner_up.row)[None])[0][0]
    order = parts.argsort(descending=True).tolist()
    neurons = neuron_parts(study, picture, parts, order[:shown])
    words: tuple[AttributeScore, ...] = ()
    counterfactual: tuple[AttributeScore, ...] = ()
    if study.knowledge.kind == "attributes":
        mine, other = encoded_description(study, candidate, answer), encoded_description(study, runner_up, answer)
        differences = _evidence(study, picture, mine, other) * (mine - other)  # (E,) logits
        differences = differences[
            : len(study.knowledge.names)
        ]  # (K,): what texts say beside attributes has no words to change
        labels, names = study.knowledge.labels, study.knowledge.names
        words = tuple(
            AttributeScore(names[j], labels[j], float(differences[j]), bool(mine[j] > other[j]))
            for j in np.argsort(-differences)
            if differences[j] > 0
        )
        counterfactual = _counterfactual(answer, candidate, runner_up, words, margin)
    confirmed = _confirmed(answer, words)[:shown]
    left = margin - sum(word.score for word in counterfactual)
    return Contrast(
        candidate.display, runner_up.display, margin, words[:shown], neurons, counterfactual, left <= 0, confirmed
    )


def _confirmed(answer: Answer, words: Sequence[AttributeScore]) -> tuple[AttributeScore, ...]:
    """The words that the picture shows as the class has them: there where the class has more of them, absent where it has less."""
    study = answer.classifier.study
    detectors = Detectors.of(study)
    if detectors is None:
        return ()
    looked = detectors.look(answer.picture.pooled, expected_in(answer))
    sightings = dict(zip(study.knowledge.names, looked, strict=True))
    wanted = {True: Sighting.SEEN, False: Sighting.NOT_SEEN}
    return tuple(word for word in words if sightings[word.attribute] is wanted[word.present])


def encoded_description(study: Study, candidate: Candidate, answer: Answer) -> np.ndarray:
    """(E,) the encoded description of a class, built or known."""
    if candidate.kind == "built":
        return answer.classifier.built[candidate.name].k
    return study.encoded_knowledge[study.classes.index(candidate.name)]


def raw_description(study: Study, candidate: Candidate, answer: Answer) -> np.ndarray:
    """(K,) the description of a class as it was given, built or known."""
    if candidate.kind == "built":
        return answer.classifier.built[candidate.name].values
    return study.knowledge.values[study.classes.index(candidate.name)]


def _evidence(study: Study, picture: EncodedPicture, mine: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(E,) logits that the picture gives for one unit of each encoded column, at the mean scale of the two classes."""
    scale = np.mean([1 / max(float(study.affine.direction(_like(study, k)).norm()), 1e-12) for k in (mine, other)])
    attributes = study.affine.P.T @ (picture.features - study.head.mean)
    return np.asarray(attributes.double().numpy() * study.affine.norm * scale)


def _counterfactual(
    answer: Answer, candidate: Candidate, runner_up: Candidate, words: Sequence[AttributeScore], margin: float
) -> tuple[AttributeScore, ...]:
    """The words to change, each with the margin that its change takes away: the class is built anew after every one.

    A seen class keeps its learned row, and moves as its transferred row does.
    """
    study, counterfactual = answer.classifier.study, []
    form, _, _ = study.over_knowledge(encoded_description(study, candidate, answer)[len(study.knowledge.names) :])
    P, q = form.P.double(), form.q.double()
    about = (answer.picture.features - study.head.mean).double()  # (D,)
    values, goal = raw_description(study, candidate, answer).copy(), raw_description(study, runner_up, answer)

    def score(
        description: np.ndarray,
    ) -> float:  # as AffineForm.solve, whose guarantee of equal bits would cost ten times as much
        row = P @ torch.from_numpy(encode(description, study.encoding)) + q
        return float(row @ about) * study.affine.norm / max(float(row.norm()), 1e-12)

    before = score(values) if margin > 0 else 0.0
    for word in words:
        if margin <= 0:
            break
        j = study.knowledge.names.index(word.attribute)
        changed = values.copy()
        changed[j] = goal[j]
        if not changed.any():
            continue
        after = score(changed)
        if after < before:
            counterfactual.append(replace(word, score=before - after))
            values, margin, before = changed, margin - (before - after), after
    return tuple(counterfactual)


def _like(study: Study, k: np.ndarray) -> Tensor:
    return torch.from_numpy(k).to(study.affine.P)
