"""An explanation as plain data and as CSV tables."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any

import torch

from niwt_core.classify.answer import Answer
from niwt_core.explain.contributions import average_activation
from niwt_core.explain.explanation import Explanation
from niwt_core.explain.parts import AttributeScore, Contrast, NeuronPart, Observation


def explanation_json(answer: Answer, explanation: Explanation) -> dict[str, Any]:
    """Everything that was said, ready for ``json.dumps``; numbers that are not finite become None."""
    study = answer.classifier.study
    return {
        "study": {"name": study.name, "id": study.id, "split_hash": study.split_hash, "layer": study.network.layer},
        "gamma": _finite(answer.classifier.gamma),
        "class": explanation.name,
        "display": explanation.display,
        "kind": explanation.kind,
        "score": _finite(explanation.score),
        "probability": _finite(explanation.probability),
        "sentence": explanation.sentence,
        "familiar": answer.familiar,
        "novelty": _finite(answer.novelty),
        "seen": [_observation(item) for item in explanation.seen],
        "not_seen": [_observation(item) for item in explanation.not_seen],
        "missing": [_observation(item) for item in explanation.missing],
        "evidence": _evidence(explanation),
        "words": [_word(word) for word in explanation.words],
        "supporting": [_part(part) for part in explanation.supporting],
        "opposing": [_part(part) for part in explanation.opposing],
        "baseline": _finite(explanation.baseline),
        "residual": _finite(explanation.residual),
        "contrast": _contrast(explanation.contrast),
        "ranking": [
            {"class": item.name, "display": item.display, "kind": item.kind, "score": _finite(item.score), "probability": _finite(item.probability)}
            for item in answer.ranking
        ],
    }  # fmt: skip


def ranking_csv(answer: Answer) -> str:
    """All classes, best first."""
    rows = (
        (i, item.name, item.display, item.kind, item.score, item.probability)
        for i, item in enumerate(answer.ranking, 1)
    )
    return as_csv(("place", "class", "name", "kind", "score", "probability"), rows)


def neurons_csv(answer: Answer, explanation: Explanation) -> str:
    """All neurons, the one that adds most first."""

    study = answer.classifier.study
    excess = answer.picture.pooled - average_activation(study)  # (N,)
    order = torch.argsort(explanation.contributions, descending=True, stable=True).tolist()
    rows = (
        (
            n, neuron.label, neuron.trust, neuron.better_label, neuron.auroc, neuron.q,
            float(explanation.contributions[n]), float(explanation.alpha[n]), float(excess[n]),
        )
        for n, neuron in ((n, study.neurons[n]) for n in order)
    )  # fmt: skip
    return as_csv(
        ("neuron", "name", "status", "better", "auroc", "q", "contribution", "importance", "excess_activation"), rows
    )


def attributes_csv(explanation: Explanation) -> str:
    """The words of the class (standard deviations), of the contrast and of the counterfactual (logits)."""
    tables: list[tuple[str, Sequence[AttributeScore]]] = [("class", explanation.words)]
    if explanation.contrast is not None:
        tables += [("contrast", explanation.contrast.words), ("counterfactual", explanation.contrast.counterfactual)]
    rows = ((part, word.attribute, word.label, word.score, word.present) for part, words in tables for word in words)
    return as_csv(("part", "attribute", "label", "score", "present"), rows)


def observations_csv(explanation: Explanation) -> str:
    """Every attribute looked for in the picture: what is seen, what is promised, and its evidence (logits)."""
    rows = (
        (item.attribute, item.label, item.sighting.value, item.score, item.promised, item.evidence)
        for item in explanation.observations
    )
    return as_csv(("attribute", "label", "sighting", "score", "promised", "evidence"), rows)


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table as CSV. A text that a spreadsheet would run as a formula gets an apostrophe in front."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
    return f"{value:.6g}" if isinstance(value, float) else value


def _word(word: AttributeScore) -> dict[str, Any]:
    return {
        "attribute": word.attribute,
        "label": word.label,
        "score": _finite(word.score),
        "present": word.present,
    }


def _observation(item: Observation) -> dict[str, Any]:
    return {
        "attribute": item.attribute,
        "label": item.label,
        "sighting": item.sighting.value,
        "score": _finite(item.score),
        "promised": _finite(item.promised),
        "evidence": _finite(item.evidence),
    }


def _evidence(explanation: Explanation) -> dict[str, Any]:
    """The parts of the score, in logits; they add up to it."""
    evidence = explanation.evidence
    return {
        "attributes": {item.attribute: _finite(item.evidence) for item in explanation.observations},
        "described": _finite(evidence.described),
        "texts": _finite(evidence.texts),
        "common": _finite(evidence.common),
        "learned": _finite(evidence.learned),
        "bias": _finite(evidence.bias),
        "score": _finite(evidence.score),
    }


def _part(part: NeuronPart) -> dict[str, Any]:
    neuron = part.neuron
    return {
        "neuron": neuron.index,
        "name": neuron.name,
        "attribute": neuron.attribute,
        "status": neuron.trust,
        "better": neuron.better,
        "auroc": _finite(neuron.auroc),
        "contribution": _finite(part.contribution),
        "excess": _finite(part.excess),
    }


def _contrast(contrast: Contrast | None) -> dict[str, Any] | None:
    if contrast is None:
        return None
    return {
        "versus": contrast.versus,
        "margin": _finite(contrast.margin),
        "words": [_word(word) for word in contrast.words],
        "confirmed": [_word(word) for word in contrast.confirmed],
        "neurons": [_part(part) for part in contrast.neurons],
        "counterfactual": [_word(word) for word in contrast.counterfactual],
        "flips": contrast.flips,
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
