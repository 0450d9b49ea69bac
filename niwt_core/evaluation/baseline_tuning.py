"""Tunes and runs the baselines of the transfer, on the same features, folds and calibration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from niwt_core.evaluation.baselines import BASELINES, Baseline, TrainingData
from niwt_core.evaluation.baselines.linear import Injection, unit_rows
from niwt_core.evaluation.folds import Fold, FoldFeatures, FoldHead, fold_heads
from niwt_core.evaluation.margins import Margins
from niwt_core.evaluation.metrics import CalibrationCurve, Scored, average, calibration_curve, score
from niwt_core.evaluation.parallel import side_by_side
from niwt_core.method.head import Conditioning, Head

SHARES = np.array([0.001, 0.002, 0.004, 0.006, 0.009, 0.013, 0.018, 0.025, 0.035, 0.05, 0.08])
SHRINKAGES = np.array([0.0, 0.25, 0.5, 0.75, 1.0])


@dataclass(frozen=True)
class BaselineChoice:
    """The strength of a baseline with and without calibration; gamma in standard deviations of its seen scores, and the mean H that the folds saw
    there, in percent; with stolen share, if that was asked for: the strength, the share of one held-out class, and the shrinkage."""

    calibrated: tuple[float, ...]
    gamma: float
    H: float
    plain: tuple[float, ...]
    stolen: tuple[tuple[float, ...], float, float] | None = None


def training_data_of(
    features: Tensor,
    labels: np.ndarray,
    knowledge: np.ndarray,
    head: Head,
    *,
    seed: int,
    best_seen: np.ndarray | None = None,
) -> tuple[TrainingData, Conditioning]:
    """What a baseline learns from pictures (n,D) of seen classes (n,), their descriptions (C,K) about their mean, and the head fitted on them; and
    how further pictures are to be brought into the same coordinates."""
    condition = Conditioning.of(features)
    rows, biases = head.rows * condition.scale, head.biases + head.rows @ (condition.mean - head.mean)
    x = condition(features).numpy()
    parts = (x, labels, knowledge, rows.double().numpy(), biases.double().numpy())
    return TrainingData(*parts, seed=seed, best_seen=best_seen), condition


def about(knowledge: np.ndarray, classes: np.ndarray, *, unit: bool) -> np.ndarray:
    """Descriptions (C,K) about the mean of ``classes``, as the map has them (ESZSL gains 24 points of H on CUB by it); of length one if asked to."""
    centred = knowledge - knowledge[classes].mean(0)
    return unit_rows(centred) if unit else centred


def choose_baseline(
    baseline: type[Baseline],
    heads: Sequence[FoldHead],
    labels: np.ndarray,
    knowledge: np.ndarray,
    *,
    seed: int = 0,
    best_seen: Sequence[np.ndarray] | None = None,
) -> BaselineChoice:
    """Tunes a baseline by the folds that choose for the transfer: once for H at its best gamma, once for H with gamma = 0.

    A baseline whose fit is long (``every_fold`` false) is tuned on the folds of the first partition alone, in which each seen class is held out once.

    Args:
        heads: the folds with their refitted heads.
        labels: (n,) of all pictures; knowledge: (C,K) encoded.
        best_seen: of each fold, as in `TrainingData`; then the baseline is tuned for stolen share too.
    """
    grid = baseline.grid
    curves: dict[tuple[float, ...], list[CalibrationCurve]] = {hyperparameters: [] for hyperparameters in grid}
    stolen: dict[tuple[float, ...], list[np.ndarray]] = {hyperparameters: [] for hyperparameters in grid}

    def on_fold(number: int) -> list[tuple[CalibrationCurve, np.ndarray]]:
        item = heads[number]
        fold, features = item.fold, item.fold_features.features
        centred = about(knowledge, fold.kept, unit=baseline.unit_descriptions)
        training_data, condition = training_data_of(
            features[fold.fit],
            np.searchsorted(fold.kept, labels[fold.fit]),
            centred[fold.kept],
            item.head,
            seed=seed,
            best_seen=None if best_seen is None else best_seen[number],
        )
        fitted = baseline.fit(training_data)
        pictures = np.concatenate([fold.seen_test, fold.unseen_test])
        x, classes = condition(features[pictures]).numpy(), np.concatenate([fold.kept, fold.left_out])
        results = []
        for known, scores in in_units(fitted, training_data, x, centred[fold.left_out], grid):
            H = np.zeros(0)
            if best_seen is not None:
                margins = margins_of(baseline, training_data, known, scores, labels[pictures], classes)
                H = margins.outcome(margins.biases(SHARES, SHRINKAGES)).H
            results.append((calibration_curve(scored(scores, labels[pictures], classes, len(fold.kept))), H))
        return results

    used = heads if baseline.every_fold else first_partition(heads)
    for of_fold in side_by_side(on_fold, range(len(used))):
        for hyperparameters, (curve, H) in zip(grid, of_fold, strict=True):
            curves[hyperparameters].append(curve)
            stolen[hyperparameters].append(H)
    calibrated = max(grid, key=lambda hyperparameters: average(curves[hyperparameters])[3])
    plain = max(grid, key=lambda hyperparameters: np.mean([curve.at(0.0).H for curve in curves[hyperparameters]]))
    by_share = None
    if best_seen is not None:
        means = {hyperparameters: np.mean(H_of_folds, 0) for hyperparameters, H_of_folds in stolen.items()}
        top = max(grid, key=lambda hyperparameters: means[hyperparameters].max())
        share, shrinkage = np.unravel_index(means[top].argmax(), means[top].shape)
        by_share = (top, float(SHARES[share]), float(SHRINKAGES[shrinkage]))
    gamma, _, _, mean_H = average(curves[calibrated])
    return BaselineChoice(calibrated, gamma, mean_H, plain, by_share)


def margins_of(
    baseline: type[Baseline],
    training_data: TrainingData,
    known: np.ndarray,
    scores: np.ndarray,
    labels: np.ndarray,
    classes: np.ndarray,
) -> Margins:
    """What stolen share needs of a baseline: scores of training (n,C+U) and test (m,C+U) pictures whose columns are ``classes``, seen ones first.

    Where the seen classes keep their own head, training pictures count as if it had not been fitted on them; elsewhere as they are.
    """
    seen = len(training_data.knowledge)
    best = known[:, :seen].max(1)
    if issubclass(baseline, Injection) and training_data.best_seen is not None:
        logits = training_data.features @ training_data.rows.T.astype(np.float32) + training_data.biases
        best = training_data.best_seen * (best.std() / logits.max(1).std())  # in the units of the scores
    order = np.argsort(classes)
    local = order[np.searchsorted(classes[order], labels)]
    of_seen = local < seen
    return Margins.of_logits(
        (best, known[:, seen:]),
        (scores[of_seen, :seen], scores[of_seen, seen:], local[of_seen]),
        (scores[~of_seen, :seen], scores[~of_seen, seen:], local[~of_seen] - seen),
    )


def first_partition(heads: Sequence[FoldHead]) -> list[FoldHead]:
    """The leading folds that hold out every class at most once."""
    met: set[int] = set()
    leading = []
    for item in heads:
        if met & set(item.fold.left_out.tolist()):
            break
        met |= set(item.fold.left_out.tolist())
        leading.append(item)
    return leading


def in_units(
    fitted: Baseline,
    training_data: TrainingData,
    features: np.ndarray,
    new: np.ndarray,
    grid_points: Sequence[tuple[float, ...]],
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Scores of the training data's own pictures and of ``features`` (n,C+U) at each strength, in standard deviations of seen scores on the
    former, as the transfer's gamma is."""
    known = len(training_data.features)
    for scores in fitted.scores(np.concatenate([training_data.features, features]), new, grid_points):
        unit = scores[:known, : len(training_data.knowledge)].std() + 1e-12
        yield scores[:known] / unit, scores[known:] / unit


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
    """Name -> strengths and gamma of every baseline, with and without calibration, and its mean H over the folds.

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
            "H": choice.H,
            "plain": [float(value) for value in choice.plain],
            "unit_descriptions": baseline.unit_descriptions,
        }
    return chosen
