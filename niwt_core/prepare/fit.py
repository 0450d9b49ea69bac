"""The last stage of a preparation: from activations to a study, choosing on seen classes only."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch

from niwt_core.backbones.of_features import reads_pictures
from niwt_core.backbones.split import SplitNetwork
from niwt_core.data.dataset import Dataset
from niwt_core.data.registry import SOURCES
from niwt_core.evaluation.baseline_tuning import tune_baselines
from niwt_core.evaluation.fitted import fit_choice
from niwt_core.evaluation.folds import Fold, FoldFeatures
from niwt_core.evaluation.selection import choose
from niwt_core.evaluation.text_weight import choose_weight
from niwt_core.knowledge.encoding import encode, encoding_for, kernel_for
from niwt_core.knowledge.texts import Texts
from niwt_core.method.importance import operator, unit
from niwt_core.method.mapping import fit_map
from niwt_core.neurons.exemplars import make_gallery
from niwt_core.neurons.name_dictionary import name_dictionary
from niwt_core.neurons.neuron import neurons_from
from niwt_core.prepare.activations import PictureActivations
from niwt_core.prepare.kept_photographs import without_exemplars
from niwt_core.prepare.probes import probe_inputs
from niwt_core.prepare.settings import Preparation
from niwt_core.prepare.training import install_head
from niwt_core.study.study import Choices, Study


def assemble(
    dataset: Dataset,
    picture_activations: PictureActivations,
    folds: tuple[Fold, ...],
    features_of_folds: list[FoldFeatures] | None,
    preparation: Preparation,
    provenance: dict[str, Any],
) -> Study:
    """Everything after extraction: choices, head, maps, names, gallery.

    ``views`` are those of networks trained for each of ``folds``; None where one network serves them all.
    """
    settings, report, network = preparation.settings, preparation.report, picture_activations.network
    report("importance operator", 0, 1)
    G = picture_activations.operator(lambda done: report("importance operator", done, len(picture_activations.probes)))
    if G is not None and settings.probes != "seen":
        G = _foreign_operator(network, preparation)
    encoding, kernel = encoding_for(dataset.knowledge), kernel_for(dataset.knowledge, dataset.seen)
    encoded = encode(dataset.knowledge.values, encoding, kernel)  # (C, E)
    folds = tuple(fold.only(picture_activations.usable) for fold in folds)
    if features_of_folds is None:
        features_of_all = FoldFeatures(
            picture_activations.features, picture_activations.class_targets, G, picture_activations.class_targets_of
        )
        features_of_folds = [features_of_all] * len(folds)
    texts = None if dataset.texts is None else Texts.of(dataset.texts, dataset.seen)
    if texts is not None:
        texts = replace(texts, weight=choose_weight(folds, features_of_folds, dataset.labels, encoded, texts.encoded))
        encoded = np.hstack([encoded, texts.encoded])
    knowledge = torch.from_numpy(encoded).float()
    choice = choose(
        folds,
        features_of_folds,
        dataset.labels,
        knowledge,
        described=int((~dataset.seen).sum()),
        grid=settings.grid,
        on_trial=lambda done, total: report("choosing on seen classes", done, total),
    )
    baselines = tune_baselines(
        folds,
        features_of_folds,
        dataset.labels,
        knowledge.double().numpy(),
        decay=choice.decay,
        seed=settings.seed,
        on_baseline=lambda name, done, total: report("tuning baselines", done, total),
    )
    if not picture_activations.usable.all():
        picture_activations, dataset = (
            picture_activations.only_usable(),
            dataset.keep(picture_activations.usable, picture_activations.skipped),
        )
    train, seen = np.flatnonzero(dataset.train), np.flatnonzero(dataset.seen)
    fitted = fit_choice(
        choice,
        picture_activations.features[train],
        dataset.labels[train],
        encoded,
        dataset.seen,
        picture_activations.class_targets,
        G,
    )
    head, targets = fitted.head, fitted.targets
    inverse = fit_map(unit(targets), torch.from_numpy(dataset.knowledge.values)[seen])
    names = name_dictionary(dataset, targets, inverse, picture_activations.pooled, seed=settings.seed)
    install_head(network, len(seen), head, seed=settings.seed)
    gallery = (
        make_gallery(
            dataset,
            network,
            preparation.preprocess,
            picture_activations.pooled.numpy(),
            seed=settings.seed,
            on_progress=lambda done, total: report("gallery", done, total),
        )
        if reads_pictures(network)
        else without_exemplars(network)
    )
    return Study(
        id="",
        name=dataset.name,
        kind=_kind(dataset.name, provenance),
        folder=None,
        classes=dataset.classes,
        seen=dataset.seen,
        knowledge=dataset.knowledge,
        encoding=encoding,
        kernel=kernel,
        texts=texts,
        network=network,
        preprocess=preparation.preprocess,
        head=head,
        targets=targets,
        mapping=fitted.mapping,
        inverse=inverse,
        operator=G,
        affine=fitted.affine,
        choices=Choices(
            ridge=fitted.mapping.ridge,
            inverse_ridge=inverse.ridge,
            decay=choice.decay,
            mu=choice.mu,
            gamma=fitted.gamma,
            gamma_unit=fitted.gamma_unit,
            folds=choice.folds,
            cross_validated_H=choice.H,
            trials=choice.trials,
            baselines=baselines,
            calibration=choice.calibration,
            gamma_H=choice.gamma_H,
            at_end=choice.at_end,
        ),
        neurons=neurons_from(names, dataset.knowledge),
        features=picture_activations.features,
        pooled=picture_activations.pooled,
        labels=dataset.labels,
        split=dataset.split,
        paths=dataset.paths,
        gallery=gallery,
        stolen_share=fitted.stolen_share,
        temperature=choice.temperature,
        split_hash=dataset.split_hash,
        seed=settings.seed,
        provenance={
            **provenance,
            "layer": network.layer,
            "backbone": network.name,
            "settings": asdict(settings),
            "shuffled_names_fraction": names.shuffled_fraction,
            "names_unit": "classes" if dataset.picture_attributes is None else "pictures",
            "skipped": [asdict(item) for item in dataset.skipped],
        },
    )


def _kind(name: str, provenance: dict[str, Any]) -> str:
    """The kind of set: what the command was told, where a user's folder is called like one that this program knows."""
    source = str(provenance.get("source", {}).get("kind", ""))
    return source if source == "folder" and (name in SOURCES or name == "classifier") else name


def _foreign_operator(network: SplitNetwork, preparation: Preparation) -> torch.Tensor:
    """The operator over probe pictures that are not the study's own: a folder of photographs, or noise."""

    count = preparation.settings.probe_count
    inputs = probe_inputs(
        preparation.settings.probes, preparation.preprocess, count=count, seed=preparation.settings.seed
    )
    with torch.no_grad():
        batches = [network.stem(part) for part in inputs.split(8)]
    return operator(
        network, batches, on_batch=lambda done: preparation.report("importance operator", done, len(inputs))
    ).detach()
