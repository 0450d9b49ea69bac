"""Why this class, and why not that one: neurons, words, a sentence.

* Contributions: how much each neuron adds to the score (``contributions``).
* Words: the inverse map of the importance ``alpha_c(x)`` (see docs/method.md), as standard deviations above the average class. They say what the
  class stands for, whatever the picture: at the last layer ``alpha_c(x) = w_c``.
* Observations: what attribute detectors see of the picture, whatever the class, beside what the class's description promises.
* Evidence: the score as an exact sum over attributes (``evidence``), and what tells the class from the runner-up (``contrast``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from niwt_core.classify.answer import Answer, Candidate
from niwt_core.explain.contrast import SHOWN, contrast_classes, encoded_description, raw_description
from niwt_core.explain.contributions import neuron_contributions, neuron_parts
from niwt_core.explain.detector import PRESENT, Detectors, Sighting
from niwt_core.explain.evidence import Evidence, evidence_for
from niwt_core.explain.expected import expected_in
from niwt_core.explain.parts import AttributeScore, Contrast, NeuronPart, Observation
from niwt_core.explain.sentence import sentence_of
from niwt_core.explain.statements import Statements, Verdict, statements_for
from niwt_core.method.importance import importance, unit
from niwt_core.neurons.user_names import NOTHING_SAID, UserNames
from niwt_core.study.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SURE, CLEAR = (
    0.5,
    0.2,
)  # probability of the best class, and its lead, below which the sentence says it is not sure


@dataclass(frozen=True, eq=False)
class Explanation:
    """Everything about one class and one picture.

    words: what the class stands for, strongest first; observations: every attribute looked for in the picture, the one that says most for the
    class first (none where the study has no detectors); evidence: the score as a sum over attributes; supporting / opposing: neurons for and
    against; contributions (N,) logits, which with ``baseline`` (what the average picture scores) add up to ``score - bias`` but for ``residual``;
    alpha (N,) the importance; statements: what is claimed of the picture, which ``sentence`` says in English.
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
    statements: Statements
    observations: tuple[Observation, ...]
    evidence: Evidence

    def __repr__(self) -> str:
        return f"<Explanation of {self.display}: {self.sentence}>"

    @property
    def sentence(self) -> str:
        """What is claimed of the picture, for people."""
        return sentence_of(self.statements)

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
        """What the class's description promises and the picture lacks, the most promised first, and of those the surest.

        What a table says of a class only in part ("sometimes", half of the scale) is promised of no single picture.
        """
        lacking = [item for item in self.not_seen if item.promised > PRESENT]
        return tuple(sorted(lacking, key=lambda item: (-item.promised, item.score)))

    def figure(self, answer: Answer | None = None) -> Figure:
        """The score as a sum, and the neurons for and against, for print: ``figure().savefig("why.pdf")``. With the ``answer`` that was
        explained, its picture and the class's map too."""
        from niwt_core.explain.figure import explanation_figure  # Matplotlib is loaded where somebody draws

        neurons = (*self.supporting, *self.opposing)
        return explanation_figure(
            self.display, self.evidence, self.observations, neurons, answer=answer, name=self.name
        )


def explain(
    answer: Answer,
    name: str | None = None,
    *,
    versus: str | None = None,
    shown: int = SHOWN,
    names: UserNames = NOTHING_SAID,
) -> Explanation:
    """Explains a class of an answer (the best by default) against another (the best of the rest by default), its neurons by a person's own ``names``.

    Raises NiwtError on unknown classes.
    """
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
    supporting = _called(neuron_parts(study, picture, contributions, order[:shown]), names)
    opposing = _called(neuron_parts(study, picture, -contributions, order[::-1][:shown], sign=-1), names)
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
        contrast = replace(contrast, neurons=_called(contrast.neurons, names))
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
        statements=Statements(candidate.display, candidate.kind, Verdict.WEIGHS),  # until the rest is known
        observations=observations,
        evidence=evidence,
    )
    return replace(explained, statements=_statements(answer, explained))


def _called(parts: Sequence[NeuronPart], names: UserNames) -> tuple[NeuronPart, ...]:
    return tuple(replace(part, neuron=names.of(part.neuron)) for part in parts)


def observe(answer: Answer, candidate: Candidate, evidence: Evidence) -> tuple[Observation, ...]:
    """Every attribute looked for in the picture, the one with most evidence for the class first; empty where the study has no detectors."""
    study, detectors = answer.classifier.study, Detectors.of(answer.classifier.study)
    if detectors is None:
        return ()
    promised = raw_description(study, candidate, answer) / study.knowledge.scale
    pooled = answer.picture.pooled
    sightings, scores = detectors.look(pooled, expected_in(answer)), detectors.score(pooled).tolist()
    names, labels = study.knowledge.names, study.knowledge.labels
    return tuple(
        Observation(names[j], labels[j], sightings[j], scores[j], float(promised[j]), float(evidence.terms[j]))
        for j in np.argsort(-evidence.terms, kind="stable")
    )


def _statements(answer: Answer, explained: Explanation) -> Statements:
    first, second = (*(item.probability for item in answer.ranking[:2]), 0.0)[:2]
    return statements_for(
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
        looked=bool(explained.observations),
    )


def attribute_scores(study: Study, alpha: Tensor) -> tuple[AttributeScore, ...]:
    """Every attribute, strongest first: what the inverse map says of ``alpha`` (N,), above the average class in its standard deviations."""
    if study.knowledge.kind != "attributes":
        return ()
    mean, spread = study.encoder.moments
    raised = (study.inverse(unit(alpha)) - mean) / spread  # (K,)
    knowledge = study.knowledge
    order = raised.argsort(descending=True).tolist()
    return tuple(AttributeScore(knowledge.names[j], knowledge.labels[j], float(raised[j])) for j in order)
