"""Tunes and runs the baselines of the transfer, on the same features, folds and calibration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from niwt_core.evaluation.baselines import BASELINES, Baseline, TrainingData
from niwt_core.evaluation.baselines.linear import unit_rows
from niwt_core.evaluation.metrics import CalibrationCurve, Metrics, Scored, calibration_curve, metrics, score
from niwt_core.evaluation.selection import Fold, FoldFeatures, FoldHead, average, class_folds, fold_heads, harmonic_at
from niwt_core.method.head import Conditioning, Head
from niwt_core.study.study import Study


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


def one_network(study: Study) -> bool:
    """Every fold of its preparation saw the study's own features: it was not fine-tuned, or without networks for the folds."""
    settings = study.provenance.get("settings")
    if not isinstance(settings, Mapping):
        return False
    training = settings.get("training") or {}
    return not (training.get("epochs") and settings.get("fold_networks"))


def study_folds(study: Study) -> tuple[Fold, ...]:
    """The folds that chose for a study of one network, from its labels and seed: exactly those where no picture was skipped (tested), else others
    drawn alike."""
    return class_folds(study.labels, study.split == "train", study.seen, seed=study.seed)


def up_to_date(baseline: type[Baseline], stored: Mapping[str, Mapping[str, Any]]) -> bool:
    """The baseline was tuned as it is run now; early studies had descriptions of any length for all."""
    return (
        baseline.name in stored and stored[baseline.name].get("unit_descriptions", False) == baseline.unit_descriptions
    )


def left_out(study: Study) -> tuple[str, ...]:
    """Names of baselines that cannot be run: not tuned at preparation, and the networks of the folds are gone."""
    return () if one_network(study) else tuple(r.name for r in BASELINES if r.name not in study.choices.baselines)


def run_baselines(study: Study, *, on_baseline: Callable[[str, int, int], None] | None = None) -> Mapping[str, Metrics]:
    """Metrics of every baseline on the study's test pictures, fitted anew with the strengths that the folds chose; one that was not tuned at
    preparation is tuned first, where that can be done (see `left_out`). One that was tuned for descriptions of any length, and cannot be again, is
    run as it was tuned.

    on_baseline: called as on_baseline(name, done, all) before each step; what it raises ends the run.
    """
    report = on_baseline or (lambda name, done, total: None)
    stored = study.choices.baselines
    missing = [baseline for baseline in BASELINES if not up_to_date(baseline, stored)] if one_network(study) else []
    able = [baseline for baseline in BASELINES if baseline.name in stored or baseline in missing]
    steps = len(missing) + len(able)
    tuned: dict[str, Mapping[str, Any]] = dict(stored)
    if missing:
        folds = study_folds(study)
        fold_features = FoldFeatures(
            study.features.float(), lambda rows, classes: rows, None
        )  # baselines ask for no targets
        tuned |= tune_baselines(
            folds,
            [fold_features] * len(folds),
            study.labels,
            torch.from_numpy(study.encoded_knowledge).float().double().numpy(),  # as `prepare` has it
            decay=study.choices.decay,
            seed=study.seed,
            baselines=missing,
            on_baseline=lambda name, done, _: report(f"{name} to the folds", done, steps),
        )
    train, test = np.flatnonzero(study.split == "train"), np.flatnonzero(study.split != "train")
    seen, unseen = np.flatnonzero(study.seen), np.flatnonzero(~study.seen)
    local, classes = np.searchsorted(seen, study.labels[train]), np.concatenate([seen, unseen])
    known, fresh = study.features[train].float(), study.features[test].float()
    results: dict[str, Metrics] = {}
    for done, baseline in enumerate(able):
        report(baseline.name, len(missing) + done, steps)
        chosen = tuned[baseline.name]
        grid_points = [tuple(chosen["calibrated"]), tuple(chosen["plain"])]
        knowledge = about(study.encoded_knowledge, seen, unit=chosen.get("unit_descriptions", False))
        training_data, condition = training_data_of(known, local, knowledge[seen], study.head, seed=study.seed)
        both = in_units(
            baseline.fit(training_data), training_data, condition(fresh).numpy(), knowledge[unseen], grid_points
        )
        for name, gamma, scores in zip(
            (baseline.name, f"{baseline.name} (uncalibrated)"), (float(chosen["gamma"]), 0.0), both, strict=True
        ):
            results[name] = metrics(scored(scores, study.labels[test], classes, len(seen)), gamma)
    return results
