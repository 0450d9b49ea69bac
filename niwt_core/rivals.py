"""Tunes and runs the closed-form rivals of the transfer, on the same features, folds and calibration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from niwt_core.baselines import BASELINES
from niwt_core.evaluation import Metrics, metrics, score
from niwt_core.head import Conditioning
from niwt_core.selection import Fold, View, choose_baseline
from niwt_core.study import Study


def inputs_of(features: Tensor, train: np.ndarray, *, unit: bool) -> np.ndarray:
    """(n,D) float64: features about the training mean, scaled to mean length one, or each to length one."""
    x = Conditioning.of(features[torch.from_numpy(train)])(features).double().numpy()
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12) if unit else x


def tune_rivals(
    folds: Sequence[Fold],
    views: Sequence[View],
    labels: np.ndarray,
    train: np.ndarray,
    knowledge: np.ndarray,
    *,
    on_rival: Callable[[int, int], None] | None = None,
) -> dict[str, dict[str, Any]]:
    """Name -> strengths and gamma of every rival, with and without calibration, by the folds that choose for the transfer.

    labels (n,), train (n,) bool, knowledge (C,K) encoded.
    """
    chosen: dict[str, dict[str, Any]] = {}
    for baseline in BASELINES:
        made: dict[int, np.ndarray] = {}  # views are often one and the same object
        for view in views:
            if id(view) not in made:
                made[id(view)] = inputs_of(view.features, np.flatnonzero(train), unit=baseline.unit_features)
        choice = choose_baseline(baseline, [made[id(view)] for view in views], labels, folds, knowledge)
        chosen[baseline.name] = {
            "calibrated": [float(value) for value in choice.calibrated],
            "gamma": choice.gamma,
            "plain": [float(value) for value in choice.plain],
        }
        if on_rival is not None:
            on_rival(len(chosen), len(BASELINES))
    return chosen


def run_rivals(study: Study, *, on_rival: Callable[[str, int, int], None] | None = None) -> Mapping[str, Metrics]:
    """Metrics of every rival on the study's test pictures, fitted anew with the strengths that the folds chose.

    on_rival: called as on_rival(name, done, all) before each fit; what it raises ends the run.
    """
    train, test = np.flatnonzero(study.roles == "train"), np.flatnonzero(study.roles != "train")
    seen = np.flatnonzero(study.seen)
    local = np.searchsorted(seen, study.labels[train])
    knowledge = study.encoded_knowledge - study.encoded_knowledge[seen].mean(0)
    results: dict[str, Metrics] = {}
    for done, baseline in enumerate(BASELINES):
        if on_rival is not None:
            on_rival(baseline.name, done, len(BASELINES))
        chosen = study.choices.rivals[baseline.name]
        x = inputs_of(study.features.float(), train, unit=baseline.unit_features)
        fitted = baseline.fit(x[train], local, knowledge[seen])
        for name, strength, gamma in (
            (baseline.name, tuple(chosen["calibrated"]), float(chosen["gamma"])),
            (f"{baseline.name} (uncalibrated)", tuple(chosen["plain"]), 0.0),
        ):
            rows = fitted.rows(knowledge, strength)
            spread = (x[train] @ rows[seen].T).std() + 1e-12
            results[name] = metrics(score(x[test] @ rows.T / spread, study.labels[test], study.seen), gamma)
    return results
