"""Runs the baselines of the transfer on a study's test pictures, as the folds tuned them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

import numpy as np
import torch

from niwt_core.evaluation.baseline_tuning import about, in_units, scored, training_data_of, tune_baselines
from niwt_core.evaluation.baselines import BASELINES, Baseline
from niwt_core.evaluation.folds import REPEATS, Fold, FoldFeatures, class_folds
from niwt_core.evaluation.metrics import Metrics, metrics
from niwt_core.evaluation.parallel import side_by_side
from niwt_core.study.study import Study


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
    settings = study.provenance.get("settings")
    repeats = settings.get("repeats", REPEATS) if isinstance(settings, Mapping) else REPEATS
    return class_folds(study.labels, study.split == "train", study.seen, seed=study.seed, repeats=repeats)


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
    known, tested = study.features[train].float(), study.features[test].float()
    begun = count(len(missing))

    def run(baseline: type[Baseline]) -> dict[str, Metrics]:
        report(baseline.name, next(begun), steps)
        chosen = tuned[baseline.name]
        grid_points = [tuple(chosen["calibrated"]), tuple(chosen["plain"])]
        knowledge = about(study.encoded_knowledge, seen, unit=chosen.get("unit_descriptions", False))
        training_data, condition = training_data_of(known, local, knowledge[seen], study.head, seed=study.seed)
        both = in_units(
            baseline.fit(training_data), training_data, condition(tested).numpy(), knowledge[unseen], grid_points
        )
        names = (baseline.name, f"{baseline.name} (uncalibrated)")
        return {
            name: metrics(scored(scores, study.labels[test], classes, len(seen)), gamma)
            for name, gamma, (_, scores) in zip(names, (float(chosen["gamma"]), 0.0), both, strict=True)
        }

    # Descent is thousands of small products, on which a second thread of one method only waits.
    return {name: value for part in side_by_side(run, able) for name, value in part.items()}
