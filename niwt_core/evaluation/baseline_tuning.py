"""Tunes and runs the baselines of the transfer, on the same features, folds and calibration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from niwt_core.evaluation.baselines import BASELINES, Baseline, TrainingData
from niwt_core.evaluation.baselines.linear import unit_rows
from niwt_core.evaluation.metrics import CalibrationCurve, Scored, calibration_curve, score
from niwt_core.evaluation.selection import Fold, FoldFeatures, FoldHead, average, fold_heads, harmonic_at
from niwt_core.method.head import Conditioning, Head


@dataclass(frozen=True)
class BaselineChoice:
    """The strength of a baseline with and without calibration; gamma in standard deviations of its seen scores."""

    calibrated: tuple[float, ...]
    gamma: float
    plain: tuple[float, ...]


def training_data_of(
    features: Tensor, labels: np.ndarray, knowledge: np.ndarray, head: Head, *, seed: int
) -> tuple[TrainingData, Conditioning]:
    """What a baseline learns from pictures (n,D) of seen classes (n,), their descriptions (C,K) about their mean, and the head fitted on them; and
    how further pictures are to be brought into the same coordinates."""
    condition = Conditioning.of(features)
    rows, biases = head.rows * condition.scale, head.biases + head.rows @ (condition.mean - head.mean)
    x = condition(features).numpy()
    return TrainingData(x, labels, knowledge, rows.double().numpy(), biases.double().numpy(), seed), condition


def about(knowledge: np.ndarray, classes: np.ndarray, *, unit: bool) -> np.ndarray:
    """Descriptions (C,K) about the mean of ``classes``, as the map has them (ESZSL gains 24 points of H on CUB by it); of length one if asked to."""
    centred = knowledge - knowledge[classes].mean(0)
    return unit_rows(centred) if unit else centred


def choose_baseline(
    baseline: type[Baseline], heads: Sequence[FoldHead], labels: np.ndarray, knowledge: np.ndarray, *, seed: int = 0
) -> BaselineChoice:
    """Tunes a baseline by the folds that choose for the transfer: once for H at its best gamma, once for H with gamma = 0.

    A baseline whose fit is long (``every_fold`` false) is tuned on the folds of the first partition alone, in which each seen class is held out once.

    heads: the folds with their refitted heads; labels (n,) of all pictures; knowledge (C,K) encoded.
    """
    curves: dict[tuple[float, ...], list[CalibrationCurve]] = {hyperparameters: [] for hyperparameters in baseline.grid}
    for item in heads if baseline.every_fold else first_partition(heads):
        fold = item.fold
        centred = about(knowledge, fold.kept, unit=baseline.unit_descriptions)
        local = np.searchsorted(fold.kept, labels[fold.fit])
        training_data, condition = training_data_of(
            item.fold_features.features[fold.fit], local, centred[fold.kept], item.head, seed=seed
        )
        fitted = baseline.fit(training_data)
        pictures = np.concatenate([fold.seen_test, fold.unseen_test])
        x, classes = condition(item.fold_features.features[pictures]).numpy(), np.concatenate([fold.kept, fold.held])
        for hyperparameters, scores in zip(
            baseline.grid, in_units(fitted, training_data, x, centred[fold.held], baseline.grid), strict=True
        ):
            curves[hyperparameters].append(calibration_curve(scored(scores, labels[pictures], classes, len(fold.kept))))
    calibrated = max(baseline.grid, key=lambda hyperparameters: average(curves[hyperparameters])[3])
    plain = max(
        baseline.grid,
        key=lambda hyperparameters: np.mean([harmonic_at(curve, 0.0) for curve in curves[hyperparameters]]),
    )
    return BaselineChoice(calibrated, average(curves[calibrated])[0], plain)


def first_partition(heads: Sequence[FoldHead]) -> list[FoldHead]:
    """The leading folds that hold out every class at most once."""
    met: set[int] = set()
    leading = []
    for item in heads:
        if met & set(item.fold.held.tolist()):
            break
        met |= set(item.fold.held.tolist())
        leading.append(item)
    return leading


def in_units(
    fitted: Baseline,
    training_data: TrainingData,
    features: np.ndarray,
    new: np.ndarray,
    grid_points: Sequence[tuple[float, ...]],
) -> Iterator[np.ndarray]:
    """Scores (n,C+U) at each strength, in standard deviations of seen scores on the lesson's own pictures, as the transfer's gamma is."""
    known = len(training_data.features)
    for scores in fitted.scores(np.concatenate([training_data.features, features]), new, grid_points):
        yield scores[known:] / (scores[:known, : len(training_data.knowledge)].std() + 1e-12)


def scored(scores: np.ndarray, labels: np.ndarray, classes: np.ndarray, seen: int) -> Scored:
    """Scores (n,C) reduced for calibration; ``classes`` (C,) names the columns, of which the first ``seen`` are seen."""
    order = np.argsort(classes)
    return score(scores[:, order], np.searchsorted(classes[order], labels), order < seen)


def tune_baselines(
    folds: Sequence[Fold],
    features_of_folds: Sequence[FoldFeatures],
    labels: np.ndarray,
    knowledge: np.ndarray,
    *,
    decay: float,
    seed: int,
    baselines: Sequence[type[Baseline]] = BASELINES,
    on_baseline: Callable[[str, int, int], None] | None = None,
) -> dict[str, dict[str, Any]]:
    """Name -> strengths and gamma of every baseline, with and without calibration.

    labels (n,), knowledge (C,K) encoded; decay: of the folds' heads, as the transfer's own choice has it; on_baseline: called as
    on_baseline(name, done, all) before each baseline.
    """
    heads = fold_heads(folds, features_of_folds, labels, decay=decay)
    chosen: dict[str, dict[str, Any]] = {}
    for done, baseline in enumerate(baselines):
        if on_baseline is not None:
            on_baseline(baseline.name, done, len(baselines))
        choice = choose_baseline(baseline, heads, labels, knowledge, seed=seed)
        chosen[baseline.name] = {
            "calibrated": [float(value) for value in choice.calibrated],
            "gamma": choice.gamma,
            "plain": [float(value) for value in choice.plain],
            "unit_descriptions": baseline.unit_descriptions,
        }
    return chosen
