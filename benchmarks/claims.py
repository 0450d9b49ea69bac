"""What an ImageNet study says is seen and not seen, of classes that its detectors never saw.

    python -m benchmarks.claims --study assets/photographs --photos PHOTOGRAPHS

Every class is left out in turn: of the detectors, and of the head, where a row from its description takes its place. Truth is the class's row of the
attribute table: what it has at least sometimes is there, anything else is not. So a word of the picture's own class that is called not seen is
always wrong, though the picture may well lack it. Asked about are the words of the right class, of the best wrong one, of the class
that a sentence would be about and of the next, and of one at random; with the ranking, as the study does it, and by the detectors alone. "Of no
class" leaves the picture's class out of the ranking, too: a photograph of a thing that the study has no class for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import torch

from benchmarks.options import pooling_study
from benchmarks.sentences import photographs_of
from niwt_core import Study
from niwt_core.evaluation.described_margins import Photographs, margins, share_biases
from niwt_core.evaluation.leave_one_class_out import left_out_rows
from niwt_core.explain.claiming import claims_of
from niwt_core.explain.consent import Expected, agreed
from niwt_core.explain.detector import PRESENT, fit_with_scores
from niwt_core.knowledge.attribute_names import group_of
from niwt_core.knowledge.encoding import encode
from niwt_core.study.temperature import temperature_of


def main() -> None:
    """Prints one JSON object."""
    study, photos = pooling_study(__doc__)
    print(json.dumps(judged(study, photographs_of(study, photos)), indent=1))


def judged(study: Study, photographs: Photographs) -> Mapping[str, object]:
    """Figures by the detectors alone and with the ranking, percent."""
    table = (study.knowledge.values[study.seen] / study.knowledge.scale).clip(0, 1)  # (C, K)
    labels = photographs.labels
    shown = [study.knowledge.shown.get(group_of(name), "") for name in study.knowledge.names]
    pooled = torch.from_numpy(photographs.features).half().float()
    detectors, scores = fit_with_scores(pooled, table, labels, shown=shown)
    logits = left_out_logits(study, photographs)  # (n, C)
    there = table[labels] >= PRESENT  # (n, K)
    alone = claims_of(scores, detectors.seen_above, detectors.not_seen_below, ())
    above = detectors.seen_above if detectors.above is None else detectors.above.numpy()
    bolder = claims_of(scores, above, detectors.not_seen_below, ())
    ranked = agreed(bolder, _expected(study, table, logits))
    logits_without = np.where(np.arange(len(table)) == labels[:, None], -np.inf, logits)
    unknown = agreed(bolder, _expected(study, table, logits_without))
    order = np.argsort(-logits, axis=1)
    wrong = np.where(order[:, 0] == labels, order[:, 1], order[:, 0])
    random = np.random.default_rng(0).integers(0, len(table), len(labels))
    asked = {"right": labels, "best wrong": wrong, "said": order[:, 0], "next": order[:, 1], "random": random}
    ways = {"detectors alone": (alone, table >= PRESENT), "with the ranking": (ranked, table > PRESENT)}
    return {
        "photographs": len(labels),
        **{
            f"seen, {way}": _sights(claims, there)
            | {name: _sights(claims, there, table[classes] >= PRESENT) for name, classes in asked.items()}
            for way, claims in (("detectors alone", alone), ("with the ranking", ranked), ("of no class", unknown))
        },
        **{
            way: {"decided": _percent(claims != 0)}
            | {name: _denials(claims, there, promised[classes]) for name, classes in asked.items()}
            for way, (claims, promised) in ways.items()
        },
    }


def _expected(study: Study, table: np.ndarray, logits: np.ndarray) -> Expected:
    """By the classes of ``table`` (C,K), from logits (n,C)."""
    probabilities = torch.softmax(torch.from_numpy(logits) / temperature_of(study), 1).numpy()
    return Expected(probabilities @ (table >= PRESENT), probabilities @ (table > PRESENT))


def left_out_logits(study: Study, photographs: Photographs) -> np.ndarray:
    """(n,C) calibrated logits of each photograph with its own class described instead of trained, at the study's share."""
    rows, labels = photographs.rows, photographs.labels
    share = study.stolen_share.share if study.stolen_share is not None else 0.007
    predicted = left_out_rows(
        encode(study.knowledge.values[study.seen], study.encoding), rows, ridge=study.mapping.ridge
    )
    bias = share_biases(margins(predicted, photographs).other, share)  # (C,)
    logits = photographs.features @ rows.T + photographs.biases
    length = np.linalg.norm(rows, axis=1).mean()
    described = length * (photographs.features * predicted[labels]).sum(1) + photographs.biases.mean() + bias[labels]
    logits[np.arange(len(labels)), labels] = described
    return np.asarray(logits)


def _sights(claims: np.ndarray, there: np.ndarray, promised: np.ndarray | None = None) -> dict[str, float | int]:
    """Of all words, or of those that are promised (n,K) bool: how many are called seen, how right that is, and its share of what is there."""
    asked = np.ones(there.shape, bool) if promised is None else promised
    seen = (claims > 0) & asked
    return {"seen": int(seen.sum()), "true": _percent(there[seen]), "recall": _percent(seen[there & asked])}


def _denials(claims: np.ndarray, there: np.ndarray, promised: np.ndarray) -> dict[str, float | int]:
    """Of the words of a class for each photograph, (n,K) bool: how many are called not seen, how right that is, and in how many photographs it is
    said of any, and of any wrongly."""
    denied = (claims < 0) & promised
    return {
        "asked": int(promised.sum()),
        "not seen": int(denied.sum()),
        "true": _percent(~there[denied]),
        "photographs": _percent(denied.any(1)),
        "wrongly": _percent((denied & there).any(1)),
    }


def _percent(values: np.ndarray) -> float:
    return round(100 * float(values.mean()), 2) if values.size else float("nan")


if __name__ == "__main__":
    main()
