"""Why this class, and why not that one: neurons, words, a sentence.

* Contributions: how much each neuron adds to a class's score, measured from the average picture. With global average pooling they are exact,
  ``w_n (phi_n - mean_n)``; through a longer tail they are integrated gradients along the straight line from the average activation
  (Sundararajan et al., 2017), which add up to the score's difference too; ``residual`` says by how much they miss it.
* Words: the inverse map of the importance ``alpha_c(x)`` (see docs/method.md), as standard deviations above the average class. They say what the
  class stands for, whatever the picture: at the last layer ``alpha_c(x) = w_c``.
* Observations: what attribute detectors see of the picture, whatever the class, beside what the class's description promises.
* Evidence: ``e = P^T (phi - mean)`` is what the picture says for each attribute, since ``w = P k + q``; the margin between two classes splits into
  ``e_j (k_cj - k_rj)`` and a rest that no attribute carries. The counterfactual changes the words that hold the margin, largest first, and
  builds the class anew after each, so that a flip is what the changed description would really do.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from niwt_core.classify.answer import Answer, Candidate, EncodedPicture
from niwt_core.explain.detector import PRESENT, Detectors, Sighting
from niwt_core.explain.evidence import Evidence, evidence_for
from niwt_core.explain.parts import AttributeScore, Contrast, NeuronPart, Observation
from niwt_core.explain.sentence import sentence_for
from niwt_core.knowledge.encoding import encode
from niwt_core.method.importance import importance, unit
from niwt_core.study.study import Study
from niwt_core.study.temperature import temperature_of

STEPS = 16  # of the integral; on a ResNet-18 at layer4[0] the residual is below 0.5 % of the score
SHOWN = 5
SURE, CLEAR = (
    0.5,
    0.2,
)  # tempered probability of the best class, and its lead, below which the sentence says it is not sure


@dataclass(frozen=True, eq=False)
class Explanation:
    """Everything about one class and one picture.

    words: what the class stands for, strongest first; observations: every attribute looked for in the picture, the one that says most for the
    class first (none where the study has no detectors); evidence: the score as a sum over attributes; supporting / opposing: neurons for and
    against; contributions (N,) logits, which with ``baseline`` (what the average picture scores) add up to ``score - bias`` but for ``residual``;
    alpha (N,) the importance; sentence for people.
    """

    name: str
    display: str
    kind: str
    score: float
    probability: float
    words: tuple[AttributeScore, ...]
    supporting: tuple[NeuronPart, ...]
    opposing: tuple[NeuronPart, ...]
    contributions: Tensor
    baseline: float
    residual: float
    alpha: Tensor
    contrast: Contrast | None
    sentence: str
    observations: tuple[Observation, ...]
    evidence: Evidence

    def __repr__(self) -> str:
        return f"<Explanation of {self.display}: {self.sentence}>"

    @property
    def seen(self) -> tuple[Observation, ...]:
        """What the network sees in the picture, promised or not."""
        return tuple(item for item in self.observations if item.sighting is Sighting.SEEN)

    @property
    def not_seen(self) -> tuple[Observation, ...]:
        """What the picture lacks."""
        return tuple(item for item in self.observations if item.sighting is Sighting.NOT_SEEN)

    @property
    def missing(self) -> tuple[Observation, ...]:
        """What the class's description promises and the picture lacks, the most promised first."""
        lacking = [item for item in self.not_seen if item.promised >= PRESENT]
        return tuple(sorted(lacking, key=lambda item: -item.promised))


def explain(answer: Answer, name: str | None = None, *, versus: str | None = None, shown: int = SHOWN) -> Explanation:
    """Explains a class of an answer (the best by default) against another (the best of the rest by default). Raises NiwtError on unknown names."""
    classifier, picture, study = answer.classifier, answer.picture, answer.classifier.study
    candidate = classifier.candidate(name or answer.best.name)
    ranked = next(item for item in answer.ranking if item.name == candidate.name and item.kind == candidate.kind)
    others = [item for item in answer.ranking if item is not ranked]
    runner_up = classifier.candidate(versus) if versus else classifier.candidate(others[0].name) if others else None
    alpha = importance(study.network, picture.activations, candidate.row)[0]  # (N,)
    if runner_up is not None and (runner_up.name, runner_up.kind) == (candidate.name, candidate.kind):
        runner_up = None
    rows = torch.stack([candidate.row] if runner_up is None else [candidate.row, candidate.row - runner_up.row])
    parts, baselines, residuals = neuron_contributions(study, picture, rows)
    contributions = parts[0]
    words = attribute_scores(study, alpha)[:shown]
    order = contributions.argsort(descending=True).tolist()
    supporting = _neuron_parts(study, picture, contributions, order[:shown])
    opposing = _neuron_parts(study, picture, -contributions, order[::-1][:shown], sign=-1)
    evidence = evidence_for(
        study,
        picture,
        candidate,
        encoded_description(study, candidate, answer),
        gamma=classifier.gamma if candidate.kind == "seen" else 0.0,
    )
    observations = observe(answer, candidate, evidence)
    contrast = None
    if runner_up is not None:
        contrast = contrast_classes(answer, candidate, runner_up, shown=shown, parts=parts[1])
    explained = Explanation(
        name=candidate.name,
        display=candidate.display,
        kind=candidate.kind,
        score=ranked.score,
        probability=ranked.probability,
        words=words,
        supporting=supporting,
        opposing=opposing,
        contributions=contributions,
        baseline=float(baselines[0]),
        residual=float(residuals[0]),
        alpha=alpha,
        contrast=contrast,
        sentence="",
        observations=observations,
        evidence=evidence,
    )
    return replace(explained, sentence=_sentence(answer, explained))


def observe(answer: Answer, candidate: Candidate, evidence: Evidence) -> tuple[Observation, ...]:
    """Every attribute looked for in the picture, the one with most evidence for the class first; empty where the study has no detectors."""
    study, detectors = answer.classifier.study, Detectors.of(answer.classifier.study)
    if detectors is None:
        return ()
    promised = raw_description(study, candidate, answer) / study.knowledge.scale
    sightings, scores = detectors.look(answer.picture.pooled), detectors.score(answer.picture.pooled).tolist()
    names, labels = study.knowledge.names, study.knowledge.labels
    return tuple(
        Observation(names[j], labels[j], sightings[j], scores[j], float(promised[j]), float(evidence.terms[j]))
        for j in np.argsort(-evidence.terms, kind="stable")
    )


def _sentence(answer: Answer, explained: Explanation) -> str:
    scores = torch.tensor([item.score for item in answer.ranking], dtype=torch.float64)  # (C,), best first
    first, second = (*torch.softmax(scores / temperature_of(answer.classifier.study), 0)[:2].tolist(), 0.0)[:2]
    return sentence_for(
        explained.display,
        explained.kind,
        seen=[item for item in explained.seen if item.promised >= PRESENT],
        missing=explained.missing,
        instead=[item for item in explained.seen if item.promised < PRESENT],
        stands_for=explained.words,
        supporting=explained.supporting,
        contrast=explained.contrast,
        sure=first >= SURE and first - second >= CLEAR,
        familiar=answer.familiar,
    )


def neuron_contributions(study: Study, picture: EncodedPicture, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """((R,N) contributions, (R,) baselines, (R,) residuals), logits: together they are ``rows . (phi - mean)`` for ``rows`` (R,D).

    The baseline is what the average activation scores, from which contributions are measured; the residual what the integral misses.
    """
    network, mean = study.network, study.head.mean
    totals = rows @ (picture.features - mean)
    if network.identity_tail:
        parts = rows * (picture.features - mean)
        return parts, torch.zeros_like(totals), totals - parts.sum(1)
    shape = (1, -1, *(1,) * (picture.activations.ndim - 2))
    average = average_activation(study).reshape(shape).expand_as(picture.activations)
    with torch.no_grad():
        baselines = rows @ (network.tail(average)[0] - mean)
    parts = integrated_gradients(lambda a: network.tail(a) @ rows.T, picture.activations, average)
    return parts, baselines, totals - baselines - parts.sum(1)


def integrated_gradients(
    score: Callable[[Tensor], Tensor], activations: Tensor, baseline: Tensor, *, steps: int = STEPS
) -> Tensor:
    """(R,N) integrated gradients of ``score: (S,N,...) -> (S,R)`` from ``baseline`` to ``activations`` (1,N,...), summed over positions.

    Gauss-Legendre nodes, all steps in one batch, one way forward for all R scores. Source: Sundararajan, Taly and Yan, ICML 2017, eq. 1.
    """
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    at = torch.from_numpy((nodes + 1) / 2).to(activations).reshape(-1, *(1,) * (activations.ndim - 1))  # (S, 1, ...)
    weight = torch.from_numpy(weights / 2).to(activations)
    difference = activations - baseline
    with torch.enable_grad():
        leaf = (baseline + at * difference).detach().requires_grad_()  # (S, N, ...)
        scores = score(leaf).sum(0)  # (R,)
        gradients = [torch.autograd.grad(one, leaf, retain_graph=True)[0] for one in scores]
    means = torch.stack([torch.einsum("s,s...->...", weight, gradient) for gradient in gradients])  # (R, N, ...)
    return (means * difference).flatten(2).sum(2)


def average_activation(study: Study) -> Tensor:
    """(N,): the mean pooled activation over training pictures (all photographs where the head was trained elsewhere), from which contributions are
    measured; zero where the study has no picture."""
    known = torch.from_numpy(np.flatnonzero(study.calibration_pictures))
    if not len(known):  # a classifier as it is, without photographs
        return torch.zeros(study.network.neurons)
    return study.pooled[known].float().mean(0)


def attribute_scores(study: Study, alpha: Tensor) -> tuple[AttributeScore, ...]:
    """Every attribute, strongest first: what the inverse map says of ``alpha`` (N,), above the average class in its standard deviations."""
    if study.knowledge.kind != "attributes":
        return ()
    mean, spread = study.encoder.moments
    raised = (study.inverse(unit(alpha)) - mean) / spread  # (K,)
    knowledge = study.knowledge
    order = raised.argsort(descending=True).tolist()
    return tuple(AttributeScore(knowledge.names[j], knowledge.labels[j], float(raised[j])) for j in order)


def encoded_description(study: Study, candidate: Candidate, answer: Answer) -> np.ndarray:
    """(E,) the encoded description of a class, built or known."""
    if candidate.kind == "built":
        return answer.classifier.built[candidate.name].k
    return study.encoded_knowledge[study.classes.index(candidate.name)]


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
    neurons = _neuron_parts(study, picture, parts, order[:shown])
    words: tuple[AttributeScore, ...] = ()
    counterfactual: tuple[AttributeScore, ...] = ()
    if study.knowledge.kind == "attributes":
        mine, other = encoded_description(study, candidate, answer), encoded_description(study, runner_up, answer)
        held = _evidence(study, picture, mine, other) * (mine - other)  # (E,) logits
        held = held[: len(study.knowledge.names)]  # (K,): what texts say beside attributes has no words to change
        labels, names = study.knowledge.labels, study.knowledge.names
        words = tuple(
            AttributeScore(names[j], labels[j], float(held[j]), bool(mine[j] > other[j]))
            for j in np.argsort(-held)
            if held[j] > 0
        )
        counterfactual = _counterfactual(answer, candidate, runner_up, words, margin)
    confirmed = _confirmed(study, picture, words)[:shown]
    left = margin - sum(word.score for word in counterfactual)
    return Contrast(
        candidate.display, runner_up.display, margin, words[:shown], neurons, counterfactual, left <= 0, confirmed
    )


def _confirmed(study: Study, picture: EncodedPicture, words: Sequence[AttributeScore]) -> tuple[AttributeScore, ...]:
    """The words that the picture shows as the class has them: there where the class has more of them, absent where it has less."""
    detectors = Detectors.of(study)
    if detectors is None:
        return ()
    sightings = dict(zip(study.knowledge.names, detectors.look(picture.pooled), strict=True))
    wanted = {True: Sighting.SEEN, False: Sighting.NOT_SEEN}
    return tuple(word for word in words if sightings[word.attribute] is wanted[word.present])


def raw_description(study: Study, candidate: Candidate, answer: Answer) -> np.ndarray:
    """(K,) the description of a class as it was given, built or known."""
    if candidate.kind == "built":
        return answer.classifier.built[candidate.name].values
    return study.knowledge.values[study.classes.index(candidate.name)]


def _evidence(study: Study, picture: EncodedPicture, mine: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(E,) logits that the picture gives for one unit of each encoded column, at the mean scale of the two classes."""
    scale = np.mean([1 / max(float(study.affine.direction(_like(study, k)).norm()), 1e-12) for k in (mine, other)])
    said = study.affine.P.T @ (picture.features - study.head.mean)
    return np.asarray(said.double().numpy() * study.affine.norm * scale)


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


def _neuron_parts(
    study: Study, picture: EncodedPicture, parts: Tensor, order: Sequence[int], *, sign: int = 1
) -> tuple[NeuronPart, ...]:
    """The neurons of ``order`` whose part is positive; contributions times ``sign``."""
    excess = picture.pooled - average_activation(study)  # (N,)
    return tuple(NeuronPart(study.neurons[n], sign * float(parts[n]), float(excess[n])) for n in order if parts[n] > 0)


def _like(study: Study, k: np.ndarray) -> Tensor:
    return torch.from_numpy(k).to(study.affine.P)
