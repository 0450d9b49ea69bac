"""The same study with its dictionary at several depths, so that the choice of layer is measured.

A cut changes no feature phi and no head, only which activations A are called neurons, and with them the importances, the operator, the map and
the names. All layers are read in one pass over the pictures. As in ``prepare``, mu and gamma are chosen by folds of seen classes, and so is the
layer that is recommended; figures on test pictures are only reported.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from niwt_core.backbones.split import LayerInfo, SplitNetwork
from niwt_core.data.dataset import Dataset
from niwt_core.errors import NiwtError
from niwt_core.evaluation.fitted import fit_choice
from niwt_core.evaluation.folds import REPEATS, Fold, FoldFeatures, class_folds
from niwt_core.evaluation.grid import GRID
from niwt_core.evaluation.metrics import Metrics
from niwt_core.evaluation.selection import Choice, choose
from niwt_core.method.importance import unit
from niwt_core.method.mapping import fit_map
from niwt_core.neurons.name_dictionary import name_dictionary
from niwt_core.prepare.activations import PictureActivations, kept_pictures
from niwt_core.prepare.extraction import Pictures
from niwt_core.prepare.settings import PROBES
from niwt_core.study.evaluate import evaluate
from niwt_core.study.study import Study

Progress = Callable[[str, int, int], None]
SPREAD = 5  # layers by default
LARGEST = 512 * 2**20  # bytes of one layer's whole activations that are held at a time
BATCH = 8
SAME = 0.02  # of a feature's length: decoders differ by less, other pictures or another crop by far more


@dataclass(frozen=True)
class LayerFigures:
    """One layer: its grid, what the folds of seen classes chose and found there (``cross_validated_H``, percent), and what follows.

    predictability: mean leave-one-out cosine of the seen classes' importances; live: neurons that vary; verified and shuffled: percent of those
    whose name, or a shuffled one, passes on held-out pictures (NaN where knowledge has no words); metrics: on test pictures, never chosen on.
    """

    info: LayerInfo
    decay: float
    mu: float
    ridge: float
    gamma: float
    cross_validated_H: float
    predictability: float
    live: int
    verified: float
    shuffled: float
    metrics: Metrics


@dataclass(frozen=True)
class Comparison:
    """Layers from shallow to deep; ``own`` is the study's, ``recommended`` the one of the highest cross-validated H. ``optimistic``: the network was
    trained on all seen classes, so the folds' figures are too high, though for all layers alike."""

    layers: tuple[LayerFigures, ...]
    own: str
    recommended: str
    folds: int
    thorough: bool
    optimistic: bool


def compare_layers(
    study: Study,
    dataset: Dataset,
    *,
    layers: Sequence[str] = (),
    thorough: bool = False,
    progress: Progress | None = None,
) -> Comparison:
    """Fits the dictionary at several layers; the study is left as it is.

    Args:
        dataset: the study's pictures, from ``study_pictures``.
        layers: names; by default a handful over the depth, the study's own among them.
        thorough: every decay and all folds, as ``prepare`` does. Else the study's own decay, hence one head for all layers, and the folds of the
            first partition only: the same for every layer, at a tenth of the time.
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
    banks = _read(study, network, dataset, cuts, targets, probes, report)
    folds = class_folds(study.labels, train, study.seen, seed=study.seed)
    folds = folds if thorough else folds[: len(folds) // REPEATS]
    decays = GRID.decay if thorough else (study.choices.decay,)
    figures = []
    for number, info in enumerate(cuts):
        stage = f"{info.name} ({number + 1} of {len(cuts)})"
        figures.append(_measure(study, dataset, banks.pop(info.name), info, folds, decays, stage, report))
    # Of equals, the study's own, else the deepest: there is nothing to gain by a change.
    best = max(figures, key=lambda item: (item.cross_validated_H, item.info.name == study.network.layer))
    trained = (study.provenance.get("settings") or {}).get("training") is not None
    return Comparison(tuple(figures), study.network.layer, best.info.name, len(folds), thorough, trained)


def comparison_json(study: Study, comparison: Comparison) -> dict[str, Any]:
    """The object that ``niwt compare-layers --json`` prints."""
    return {
        "study": study.name,
        "study_id": study.id,
        "split_hash": study.split_hash,
        "own": comparison.own,
        "recommended": comparison.recommended,
        "folds": comparison.folds,
        "thorough": comparison.thorough,
        "folds_are_optimistic": comparison.optimistic,
        "layers": [_row(item) for item in comparison.layers],
    }


def _row(item: LayerFigures) -> dict[str, Any]:
    figures = {
        key: round(getattr(item, key), 4) for key in ("predictability", "verified", "shuffled", "cross_validated_H")
    }
    return {
        "layer": item.info.name,
        **{key: getattr(item.info, key) for key in ("neurons", "height", "width")},
        **{key: getattr(item, key) for key in ("live", "decay", "mu", "ridge", "gamma")},
        **figures,
        **{key: round(getattr(item.metrics, key), 4) for key in ("U", "S", "H", "zsl")},
    }


def choose_layers(network: SplitNetwork, size: int, kept: int, names: Sequence[str] = ()) -> tuple[LayerInfo, ...]:
    """The layers to compare, shallow to deep, whose activations of ``kept`` pictures can be held. Raises NiwtError on a name that cannot be."""
    table = {info.name: info for info in network.layer_table(size)}
    fitting = [info for info in table.values() if _bytes(network, info, kept) <= LARGEST]
    if not names:
        places = {round(place) for place in np.linspace(0, len(fitting) - 1, SPREAD)} if fitting else set()
        chosen = {fitting[place].name for place in places} | {network.layer}
    else:
        chosen = {network.at(name).layer for name in names}
    for name in chosen:
        if table[name] not in fitting:
            held = _bytes(network, table[name], kept) / 2**20
            what = f"the activations of {kept} pictures at '{name}' take {held:.0f} MiB, {LARGEST // 2**20} are allowed"
            raise NiwtError(what, where="--layer", fix="choose a deeper layer")
    return tuple(info for info in table.values() if info.name in chosen)


def _bytes(network: SplitNetwork, info: LayerInfo, kept: int) -> int:
    return 0 if network.at(info.name).identity_tail else 4 * kept * info.neurons * info.height * info.width


def _read(
    study: Study,
    network: SplitNetwork,
    dataset: Dataset,
    cuts: Sequence[LayerInfo],
    targets: np.ndarray,
    probes: np.ndarray,
    report: Progress,
) -> dict[str, PictureActivations]:
    """One pass over all pictures: activations for each layer. Raises NiwtError where the features are not those that the study keeps."""
    names, total = {info.name for info in cuts}, len(dataset)
    kept = np.union1d(targets, probes)
    features = study.features.float()
    pooled = {info.name: torch.zeros(total, info.neurons) for info in cuts}
    whole: dict[str, Tensor] = {}
    shared = {name: network.at(name).identity_tail for name in names}
    loader = DataLoader(Pictures(dataset, study.preprocess, range(total)), batch_size=BATCH)
    for index, x, usable in loader:
        held = np.isin(index.numpy(), kept)
        with torch.no_grad():
            activations = x.contiguous(memory_format=torch.channels_last)
            for name, program in zip([*network.layers, ""], network.chain, strict=True):
                activations = program(activations)
                if name not in names:
                    continue
                pooled[name][index] = activations.flatten(2).mean(2).half().float()
                if held.any() and not shared[name]:
                    if name not in whole:
                        whole[name] = torch.zeros(len(kept), *activations.shape[1:])
                    whole[name][np.searchsorted(kept, index.numpy()[held])] = activations[torch.from_numpy(held)]
        _check_same(activations, features[index], usable, [dataset.paths[int(i)] for i in index], dataset)
        report("reading pictures", int(index[-1]) + 1, total)
    none = np.zeros(0, np.int64)
    banks = {}
    for name in names:
        own = (None, none, none, none) if shared[name] else (whole[name], kept, targets, probes)
        values = features if shared[name] else pooled[name]
        all_usable = np.ones(total, dtype=bool)
        banks[name] = PictureActivations(network.at(name), study.labels, features, values, all_usable, (), *own)
    return banks


def _check_same(found: Tensor, known: Tensor, usable: Tensor, paths: Sequence[str], dataset: Dataset) -> None:
    away = (found - known).norm(dim=1) / known.norm(dim=1).clamp_min(1e-6)
    for path, distance, readable in zip(paths, away.tolist(), usable.tolist(), strict=True):
        if not readable:
            raise NiwtError("a picture of the study cannot be read", where=dataset.root / path, fix="restore it")
        if not distance <= SAME:
            what = f"not the picture that the study was prepared from: its features differ by {100 * distance:.0f} %"
            raise NiwtError(what, where=dataset.root / path, fix="check --root")


def _measure(
    study: Study,
    dataset: Dataset,
    picture_activations: PictureActivations,
    info: LayerInfo,
    folds: Sequence[Fold],
    decays: Sequence[float],
    stage: str,
    report: Progress,
) -> LayerFigures:
    """Everything after the pictures, at one layer."""
    done, total = 0, len(folds) * len(decays) + 2  # measured: one set of targets, or the operator, is most of the work

    def advance() -> None:
        nonlocal done
        done = min(done + 1, total)
        report(stage, done, total)

    def targets_of(rows: Tensor, classes: np.ndarray) -> Tensor:
        found = picture_activations.class_targets(rows, classes)
        advance()
        return found

    G = picture_activations.operator()
    advance()
    knowledge = torch.from_numpy(study.encoded_knowledge).float()
    features_of_folds = [FoldFeatures(picture_activations.features, targets_of, G)] * len(folds)
    described = int((~study.seen).sum())
    grid = replace(GRID, decay=tuple(sorted(decays)))
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
