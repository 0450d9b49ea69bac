"""Tunes and runs the rivals of the transfer, on the same features, folds and calibration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from niwt_core.evaluation.baselines import BASELINES, Baseline, Lesson
from niwt_core.evaluation.baselines.linear import unit_rows
from niwt_core.evaluation.metrics import CalibrationCurve, Metrics, Scored, calibration_curve, metrics, score
from niwt_core.evaluation.selection import Fold, FoldHead, View, average, class_folds, fold_heads, harmonic_at
from niwt_core.method.head import Conditioning, Head
from niwt_core.study.study import Study


@dataclass(frozen=True)
class RivalChoice:
    """The strength of a rival with and without calibration; gamma in standard deviations of its seen scores."""

    calibrated: tuple[float, ...]
    gamma: float
    plain: tuple[float, ...]


def lesson_of(
    features: Tensor, labels: np.ndarray, knowledge: np.ndarray, head: Head, *, seed: int
) -> tuple[Lesson, Conditioning]:
    """What a rival learns from pictures (n,D) of seen classes (n,), their descriptions (C,K) about their mean, and the head fitted on them; and
    how further pictures are to be brought into the same coordinates."""
    condition = Conditioning.of(features)
    rows, biases = head.rows * condition.scale, head.biases + head.rows @ (condition.mean - head.mean)
    x = condition(features).numpy()
    return Lesson(x, labels, knowledge, rows.double().numpy(), biases.double().numpy(), seed), condition


def about(knowledge: np.ndarray, classes: np.ndarray, *, unit: bool) -> np.ndarray:
    """Descriptions (C,K) about the mean of ``classes``, as the map has them (ESZSL gains 24 points of H on CUB by it); of length one if asked to."""
    centred = knowledge - knowledge[classes].mean(0)
    return unit_rows(centred) if unit else centred


def choose_rival(
    rival: type[Baseline], heads: Sequence[FoldHead], labels: np.ndarray, knowledge: np.ndarray, *, seed: int = 0
) -> RivalChoice:
    """Tunes a rival by the folds that choose for the transfer: once for H at its best gamma, once for H with gamma = 0.

    A rival whose fit is long (``every_fold`` false) is tuned on the folds of the first partition alone, in which each seen class is held out once.

    heads: the folds with their refitted heads; labels (n,) of all pictures; knowledge (C,K) encoded.
    """
    curves: dict[tuple[float, ...], list[CalibrationCurve]] = {strength: [] for strength in rival.grid}
    for item in heads if rival.every_fold else first_partition(heads):
        fold = item.fold
        centred = about(knowledge, fold.kept, unit=rival.unit_descriptions)
        local = np.searchsorted(fold.kept, labels[fold.fit])
        lesson, condition = lesson_of(item.view.features[fold.fit], local, centred[fold.kept], item.head, seed=seed)
        fitted = rival.fit(lesson)
        pictures = np.concatenate([fold.seen_test, fold.unseen_test])
        x, classes = condition(item.view.features[pictures]).numpy(), np.concatenate([fold.kept, fold.held])
        for strength, scores in zip(
            rival.grid, in_units(fitted, lesson, x, centred[fold.held], rival.grid), strict=True
        ):
            curves[strength].append(calibration_curve(scored(scores, labels[pictures], classes, len(fold.kept))))
    calibrated = max(rival.grid, key=lambda strength: average(curves[strength])[3])
    plain = max(rival.grid, key=lambda strength: np.mean([harmonic_at(curve, 0.0) for curve in curves[strength]]))
    return RivalChoice(calibrated, average(curves[calibrated])[0], plain)


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
    fitted: Baseline, lesson: Lesson, features: np.ndarray, new: np.ndarray, strengths: Sequence[tuple[float, ...]]
) -> Iterator[np.ndarray]:
    """Scores (n,C+U) at each strength, in standard deviations of seen scores on the lesson's own pictures, as the transfer's gamma is."""
    known = len(lesson.features)
    for scores in fitted.scores(np.concatenate([lesson.features, features]), new, strengths):
        yield scores[known:] / (scores[:known, : len(lesson.knowledge)].std() + 1e-12)


def scored(scores: np.ndarray, labels: np.ndarray, classes: np.ndarray, seen: int) -> Scored:
    """Scores (n,C) reduced for calibration; ``classes`` (C,) names the columns, of which the first ``seen`` are seen."""
    order = np.argsort(classes)
    return score(scores[:, order], np.searchsorted(classes[order], labels), order < seen)


def tune_rivals(
    folds: Sequence[Fold],
    views: Sequence[View],
    labels: np.ndarray,
    knowledge: np.ndarray,
    *,
    decay: float,
    seed: int,
    rivals: Sequence[type[Baseline]] = BASELINES,
    on_rival: Callable[[str, int, int], None] | None = None,
) -> dict[str, dict[str, Any]]:
    """Name -> strengths and gamma of every rival, with and without calibration.

    labels (n,), knowledge (C,K) encoded; decay: of the folds' heads, as the transfer's own choice has it; on_rival: called as
    on_rival(name, done, all) before each rival.
    """
    heads = fold_heads(folds, views, labels, decay=decay)
    chosen: dict[str, dict[str, Any]] = {}
    for done, rival in enumerate(rivals):
        if on_rival is not None:
            on_rival(rival.name, done, len(rivals))
        choice = choose_rival(rival, heads, labels, knowledge, seed=seed)
        chosen[rival.name] = {
            "calibrated": [float(value) for value in choice.calibrated],
            "gamma": choice.gamma,
            "plain": [float(value) for value in choice.plain],
            "unit_descriptions": rival.unit_descriptions,
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
    return class_folds(study.labels, study.roles == "train", study.seen, seed=study.seed)


def up_to_date(rival: type[Baseline], stored: Mapping[str, Mapping[str, Any]]) -> bool:
    """The rival was tuned as it is run now; early studies had descriptions of any length for all."""
    return rival.name in stored and stored[rival.name].get("unit_descriptions", False) == rival.unit_descriptions


def left_out(study: Study) -> tuple[str, ...]:
    """Names of rivals that cannot be run: not tuned at preparation, and the networks of the folds are gone."""
    return () if one_network(study) else tuple(r.name for r in BASELINES if r.name not in study.choices.rivals)


def run_rivals(study: Study, *, on_rival: Callable[[str, int, int], None] | None = None) -> Mapping[str, Metrics]:
    """Metrics of every rival on the study's test pictures, fitted anew with the strengths that the folds chose; one that was not tuned at
    preparation is tuned first, where that can be done (see `left_out`). One that was tuned for descriptions of any length, and cannot be again, is
    run as it was tuned.

    on_rival: called as on_rival(name, done, all) before each step; what it raises ends the run.
    """
    report = on_rival or (lambda name, done, total: None)
    stored = study.choices.rivals
    missing = [rival for rival in BASELINES if not up_to_date(rival, stored)] if one_network(study) else []
    able = [rival for rival in BASELINES if rival.name in stored or rival in missing]
    steps = len(missing) + len(able)
    tuned: dict[str, Mapping[str, Any]] = dict(stored)
    if missing:
        folds = study_folds(study)
        view = View(study.features.float(), lambda rows, classes: rows, None)  # rivals ask for no targets
        tuned |= tune_rivals(
            folds,
            [view] * len(folds),
            study.labels,
            torch.from_numpy(study.encoded_knowledge).float().double().numpy(),  # as `prepare` has it
            decay=study.choices.decay,
            seed=study.seed,
            rivals=missing,
            on_rival=lambda name, done, _: report(f"{name} to the folds", done, steps),
        )
    train, test = np.flatnonzero(study.roles == "train"), np.flatnonzero(study.roles != "train")
    seen, unseen = np.flatnonzero(study.seen), np.flatnonzero(~study.seen)
    local, classes = np.searchsorted(seen, study.labels[train]), np.concatenate([seen, unseen])
    known, fresh = study.features[train].float(), study.features[test].float()
    results: dict[str, Metrics] = {}
    for done, rival in enumerate(able):
        report(rival.name, len(missing) + done, steps)
        chosen = tuned[rival.name]
        strengths = [tuple(chosen["calibrated"]), tuple(chosen["plain"])]
        knowledge = about(study.encoded_knowledge, seen, unit=chosen.get("unit_descriptions", False))
        lesson, condition = lesson_of(known, local, knowledge[seen], study.head, seed=study.seed)
        both = in_units(rival.fit(lesson), lesson, condition(fresh).numpy(), knowledge[unseen], strengths)
        for name, gamma, scores in zip(
            (rival.name, f"{rival.name} (uncalibrated)"), (float(chosen["gamma"]), 0.0), both, strict=True
        ):
            results[name] = metrics(scored(scores, study.labels[test], classes, len(seen)), gamma)
    return results
