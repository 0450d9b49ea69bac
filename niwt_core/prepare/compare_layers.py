"""The same study with its dictionary at several depths, so that the choice of layer is measured.

A cut changes no feature phi and no head, only which activations A are called neurons, and with them the importances, the operator, the map and
the names. All layers are read in one pass over the pictures. As in ``prepare``, mu and gamma are chosen by folds of seen classes, and so is the
layer that is recommended; figures on test pictures are only reported.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from niwt_core.backbones.split import LayerInfo
from niwt_core.data.dataset import Dataset
from niwt_core.evaluation.fitted import fit_choice
from niwt_core.evaluation.folds import REPEATS, Fold, FoldFeatures, class_folds
from niwt_core.evaluation.grid import GRID, Grid
from niwt_core.evaluation.selection import Choice, choose
from niwt_core.method.importance import unit
from niwt_core.method.mapping import fit_map
from niwt_core.neurons.name_dictionary import name_dictionary
from niwt_core.prepare.activations import PictureActivations, kept_pictures
from niwt_core.prepare.layer_figures import Comparison, LayerFigures
from niwt_core.prepare.layer_reading import choose_layers, read_layers
from niwt_core.prepare.settings import PROBES
from niwt_core.study.evaluate import evaluate
from niwt_core.study.study import Study

Progress = Callable[[str, int, int], None]


def compare_layers(
    study: Study,
    dataset: Dataset,
    *,
    layers: Sequence[str] = (),
    thorough: bool = False,
    grid: Grid = GRID,
    progress: Progress | None = None,
) -> Comparison:
    """Fits the dictionary at several layers; the study is left as it is.

    Args:
        dataset: the study's pictures, from ``study_pictures``.
        layers: names; by default a handful over the depth, the study's own among them.
        thorough: every decay and all folds, as ``prepare`` does. Else the study's own decay, hence one head for all layers, and the folds of the
            first partition only: the same for every layer, at a tenth of the time.
        grid: what the folds choose from.
        progress: called with (stage, done, total).

    Raises:
        NiwtError: no such layer, one too large to hold, or pictures that are not the study's.
    """
    report = progress or (lambda stage, done, total: None)
    network = copy.deepcopy(study.network).cpu().eval()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    train = study.split == "train"
    count = (study.provenance.get("settings") or {}).get("probe_count", PROBES)
    targets, probes = kept_pictures(study.labels, train, study.seen, count=count, seed=study.seed)
    cuts = choose_layers(network, study.preprocess.size, len(np.union1d(targets, probes)), layers)
    by_layer = read_layers(study, network, dataset, cuts, targets, probes, report)
    folds = class_folds(study.labels, train, study.seen, seed=study.seed)
    folds = folds if thorough else folds[: len(folds) // REPEATS]
    decay = tuple(sorted(grid.decay)) if thorough else (study.choices.decay,)
    figures = []
    for number, info in enumerate(cuts):
        stage = f"{info.name} ({number + 1} of {len(cuts)})"
        figures.append(
            _measure(study, dataset, by_layer.pop(info.name), info, folds, replace(grid, decay=decay), stage, report)
        )
    # Of equals, the study's own, else the deepest: there is nothing to gain by a change.
    best = max(figures, key=lambda item: (item.cross_validated_H, item.info.name == study.network.layer))
    trained = (study.provenance.get("settings") or {}).get("training") is not None
    return Comparison(tuple(figures), study.network.layer, best.info.name, len(folds), thorough, trained)


def _measure(
    study: Study,
    dataset: Dataset,
    picture_activations: PictureActivations,
    info: LayerInfo,
    folds: Sequence[Fold],
    grid: Grid,
    stage: str,
    report: Progress,
) -> LayerFigures:
    """Everything after the pictures, at one layer."""
    done, total = (
        0,
        len(folds) * len(grid.decay) + 2,
    )  # measured: one set of targets, or the operator, is most of the work

    def advance() -> None:
        nonlocal done
        done = min(done + 1, total)
        report(stage, done, total)

    def targets_of(rows: Tensor, classes: np.ndarray) -> Tensor:
        targets = picture_activations.class_targets(rows, classes)
        advance()
        return targets

    G = picture_activations.operator()
    advance()
    knowledge = torch.from_numpy(study.encoded_knowledge).float()
    features_of_folds = [FoldFeatures(picture_activations.features, targets_of, G)] * len(folds)
    described = int((~study.seen).sum())
    choice = choose(folds, features_of_folds, study.labels, knowledge, described=described, grid=grid)
    again, names_fraction = _refit(study, dataset, picture_activations, G, choice, targets_of)
    live, verified, shuffled = names_fraction
    return LayerFigures(
        info=info,
        decay=choice.decay,
        mu=choice.mu,
        ridge=again.mapping.ridge,
        gamma=again.gamma,
        cross_validated_H=choice.H,
        predictability=float(again.mapping.predictability.mean()),
        live=live,
        verified=verified,
        shuffled=shuffled,
        metrics=evaluate(again).metrics,
    )


def _refit(
    study: Study,
    dataset: Dataset,
    picture_activations: PictureActivations,
    G: Tensor | None,
    choice: Choice,
    targets_of: Callable[[Tensor, np.ndarray], Tensor],
) -> tuple[Study, tuple[int, float, float]]:
    """The study cut at its layer, in memory only, and of its names: (live neurons, verified, shuffled), in percent."""
    train, seen = np.flatnonzero(study.split == "train"), np.flatnonzero(study.seen)
    same = choice.decay == study.choices.decay
    fitted = fit_choice(
        choice,
        picture_activations.features[train],
        study.labels[train],
        study.encoded_knowledge,
        study.seen,
        targets_of,
        G,
        head=study.head if same else None,
    )
    targets = fitted.targets
    inverse = fit_map(unit(targets), torch.from_numpy(study.knowledge.values)[seen])
    names = name_dictionary(dataset, targets, inverse, picture_activations.pooled, seed=study.seed)
    live, worded = int(names.live.sum()), study.knowledge.kind == "attributes"
    fraction = 100 * float(names.verified.sum()) / max(live, 1) if worded else math.nan
    again = replace(
        study,
        network=picture_activations.network,
        head=fitted.head,
        targets=targets,
        mapping=fitted.mapping,
        inverse=inverse,
        operator=G,
        affine=fitted.affine,
        stolen_share=fitted.stolen_share,
        pooled=picture_activations.pooled,
        choices=replace(
            study.choices,
            mu=choice.mu,
            gamma=fitted.gamma,
            gamma_unit=fitted.gamma_unit,
            calibration=choice.calibration,
        ),
    )
    return again, (live, fraction, 100 * names.shuffled_fraction if worded else math.nan)
