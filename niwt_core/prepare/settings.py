"""What every stage of a preparation shares: settings, work folder, progress; runs pictures through networks and trains them, resumably."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.data.dataset import Dataset
from niwt_core.evaluation.folds import REPEATS, Fold, FoldFeatures
from niwt_core.evaluation.grid import GRID, Grid
from niwt_core.method.head import Head, fit_head
from niwt_core.prepare.activations import PictureActivations
from niwt_core.prepare.progress import Progress
from niwt_core.prepare.training import TrainingSettings, fine_tune

PROBES = 48  # photographs
START_DECAY = 1e-4


@dataclass(frozen=True)
class Settings:
    """What ``prepare`` is told beyond the pictures. ``probes`` is "seen" (the study's own training pictures), "noise" or a folder of photographs.

    A network that was trained on all seen classes has met every fold's held-out classes; ``fold_networks`` more are trained, each without one
    fold's classes and pictures, and only they choose. With 0 the folds see the final network, and gamma comes out too small. ``grid`` is what
    they choose from, ``repeats`` how often the seen classes are parted into folds.
    """

    seed: int = 0
    probes: str = "seen"
    probe_count: int = PROBES
    batch: int = 8
    training: TrainingSettings | None = None
    fold_networks: int = 0
    warm_start: bool = False
    grid: Grid = field(default_factory=lambda: GRID)
    repeats: int = field(default_factory=lambda: REPEATS)


@dataclass(frozen=True)
class Preparation:
    """What every stage needs; ``key``: of all that the results in the ``work`` folder depend on."""

    preprocess: Preprocess
    accelerator: Accelerator
    work: Path
    settings: Settings
    report: Progress
    key: str = ""

    def picture_activations(self, name: str, network: SplitNetwork, dataset: Dataset) -> PictureActivations:
        """Runs the pictures of ``dataset`` through ``network``, resumably, under ``name``."""
        return PictureActivations.collect(
            network,
            dataset,
            self.preprocess,
            self.accelerator,
            self.work / name,
            seed=self.settings.seed,
            probe_count=self.settings.probe_count,
            batch=self.settings.batch,
            on_progress=lambda done, total: self.report(f"reading {name}", done, total),
            key=self.key,
        )

    def train(self, name: str, network: SplitNetwork, dataset: Dataset) -> None:
        """Fine-tunes ``network`` in place on the training pictures of ``dataset``, from a head fitted on its frozen features if asked to."""
        assert self.settings.training is not None
        start: Head | None = None
        if self.settings.warm_start:
            picture_activations = self.picture_activations(f"{name} start", network, dataset.keep(dataset.train))
            x, local = (
                picture_activations.features,
                np.searchsorted(np.flatnonzero(dataset.seen), picture_activations.labels),
            )
            start = fit_head(x, torch.from_numpy(local), classes=int(dataset.seen.sum()), decay=START_DECAY)
        folder = self.work / f"{name} training"
        folder.mkdir(parents=True, exist_ok=True)
        fine_tune(
            network,
            dataset,
            self.preprocess,
            self.accelerator,
            folder,
            self.settings.training,
            start=start,
            progress=lambda stage, done, total: self.report(f"{stage} {name}", done, total),
        )

    def features_of_fold(self, number: int, network: SplitNetwork, dataset: Dataset, fold: Fold) -> FoldFeatures:
        """The view of a fold: a copy of ``network`` trained without the fold's held-out classes and pictures."""
        name = f"fold {number + 1}"
        seen, train = np.zeros_like(dataset.seen), np.zeros_like(dataset.train)
        seen[fold.kept], train[fold.fit] = True, True
        training_data = replace(dataset, seen=seen, train=train)
        self.train(name, network, training_data)
        # Only the set's own training pictures: nothing of the test pictures is ever looked at here.
        picture_activations = self.picture_activations(name, network, training_data.keep(dataset.train)).spread(
            np.flatnonzero(dataset.train), len(dataset)
        )
        network.to("cpu")
        return FoldFeatures(
            picture_activations.features, picture_activations.class_targets, picture_activations.operator()
        )
