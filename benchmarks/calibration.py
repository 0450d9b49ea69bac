"""How far the percentages of a study of photographs are from how often its first answer is right, on photographs that set no temperature.

    python -m benchmarks.calibration --study assets/photographs --photos PHOTOGRAPHS

With few photographs even percentages that are right show an error, since every bin counts a few dozen: ``perfect`` is what is measured where right
and wrong are drawn from the percentages themselves. ``halves``: temperature from the photographs of half of the classes, judged on the other half.
``both halves``: the two judged together, as many photographs as there are. ``left out``: each photograph's class described, not trained.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from benchmarks.claims import left_out_logits
from benchmarks.options import pooling_study
from benchmarks.sentences import photographs_of
from niwt_core import Classifier, Study
from niwt_core.evaluation.described_margins import Photographs
from niwt_core.evaluation.temperature import BINS, expected_calibration_error, fit_first_answer, fit_temperature
from niwt_core.study.temperature import temperature_of

SPLITS = 20
DRAWS = 100

Fit = Callable[[Tensor, Tensor], float]  # logits (n,C) and labels (n,) -> temperature


def main() -> None:
    """Prints one JSON object."""
    study, photos = pooling_study(__doc__)
    print(json.dumps(measured(study, photographs_of(study, photos)), indent=1))


def measured(study: Study, photographs: Photographs) -> Mapping[str, object]:
    """Expected calibration errors in points: mean, 2.5 and 97.5 percent of the splits."""
    classifier = Classifier(study)
    logits = classifier.logits(torch.from_numpy(photographs.features).float()).double()
    place = {item.name: i for i, item in enumerate(classifier.candidates)}
    labels = np.array([place[study.seen_classes[c]] for c in photographs.labels])
    temperature, left_out = temperature_of(study), torch.from_numpy(left_out_logits(study, photographs))
    ways: dict[str, Fit] = {
        "by the first answer": fit_first_answer,
        "by likelihood": lambda values, truth: fit_temperature([values], [truth]),
    }
    return {
        "temperature": temperature,
        "photographs": len(labels),
        "before": round(expected_calibration_error(logits, labels), 2),
        "in sample": round(expected_calibration_error(logits, labels, temperature=temperature), 2),
        "left out": round(expected_calibration_error(left_out, photographs.labels, temperature=temperature), 2),
        "perfect": _perfect(logits / temperature, len(labels)),
        "perfect, half": _perfect(logits / temperature, len(labels) // 2),
        **{name: _halves(logits, labels, photographs.labels, fit) for name, fit in ways.items()},
    }


def _halves(logits: Tensor, labels: np.ndarray, classes: np.ndarray, fit: Fit) -> Mapping[str, object]:
    """Classes are divided in two, so that no photograph is judged by a temperature from its own class."""
    random, halves, both, temperatures = np.random.default_rng(0), [], [], []
    every = np.unique(classes)
    for _ in range(SPLITS):
        mine = np.isin(classes, random.permutation(every)[: len(every) // 2])
        scaled = logits.clone()
        for fitted, judged in ((mine, ~mine), (~mine, mine)):
            temperature = fit(logits[fitted], torch.from_numpy(labels[fitted]))
            scaled[judged] = logits[judged] / temperature
            temperatures.append(temperature)
            halves.append(expected_calibration_error(scaled[judged], labels[judged]))
        both.append(expected_calibration_error(scaled, labels))
    return {"temperature": _interval(temperatures), "halves": _interval(halves), "both halves": _interval(both)}


def _perfect(logits: Tensor, count: int) -> float:
    """The mean error of ``count`` photographs whose first answer is right as often as it says."""
    random, errors = np.random.default_rng(0), []
    confidence = torch.softmax(logits, 1).max(1).values.numpy()
    for _ in range(DRAWS):
        chosen = random.permutation(len(confidence))[:count]
        right = random.random(count) < confidence[chosen]
        errors.append(_error(confidence[chosen], right))
    return round(float(np.mean(errors)), 2)


def _error(confidence: np.ndarray, right: np.ndarray) -> float:
    place = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = np.bincount(place, right - confidence, BINS)
    return 100 * float(np.abs(gaps).sum() / len(right))


def _interval(values: list[float]) -> list[float]:
    """Mean, 2.5 and 97.5 percent."""
    return [round(float(value), 2) for value in (np.mean(values), *np.quantile(values, (0.025, 0.975)))]


if __name__ == "__main__":
    main()
