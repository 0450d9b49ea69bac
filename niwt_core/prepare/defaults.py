"""What ``prepare`` does by default for each kind of set, and how its options change that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor

from niwt_core.backbones import InputOptions, Preprocess, SplitNetwork, load_backbone
from niwt_core.backbones.of_features import network_of_features
from niwt_core.data.aviary.dataset import read_aviary
from niwt_core.data.dataset import Dataset
from niwt_core.data.duplicates import with_duplicates_said
from niwt_core.data.knowledge_sources import with_knowledge
from niwt_core.data.published_features import read_features
from niwt_core.data.registry import SOURCES, ReadOptions, read_set
from niwt_core.errors import NiwtError
from niwt_core.explain.picture_detectors import Examples
from niwt_core.prepare.aviary.defaults import AviaryDefaults, aviary_defaults, draw_pictures, random_birds_folder
from niwt_core.prepare.aviary.pretraining import Pretraining, pooled_activations, pretrain
from niwt_core.prepare.aviary.random_birds import draw_random_birds
from niwt_core.prepare.aviary.wrong_words import with_wrong_words
from niwt_core.prepare.prepare import Settings
from niwt_core.prepare.training import TrainingSettings

Report = Callable[[str, int, int], None]
BACKBONE = "mobilenet_v2"
EPOCHS = 4
FOLD_NETWORKS = 2
# Chosen on a fold of seen classes of the CUB subset, with networks trained without them: H 81.9 there, against 74.3 frozen.
FINE_TUNING = TrainingSettings(
    epochs=EPOCHS,
    batch=32,
    optimiser="adamw",
    rate=3e-4,
    head_rate=1e-3,
    decay=1e-2,
    smoothing=0.1,
    smallest_crop=0.5,
    jitter=0.2,
    frozen_share=0.35,
)


@dataclass(frozen=True)
class SetOptions:
    """What ``niwt prepare`` is told of a set of pictures; None leaves it to the kind of set.

    Attributes:
        source: a key of `SOURCES`; ``root`` the folder of the set (None where it is drawn), ``splits`` that of its splits where it is another one.
        out: where the study will be written; what is drawn for it lies beside.
        weights: a file, "default" or "none".
        knowledge, encoder: as in `with_knowledge`; knowledge may be "binary" too, where the set has such a table.
        epochs: of fine-tuning; 0 keeps the backbone frozen.
        probes: "seen", "noise" or a folder of photographs.
        hard: of the Aviary: few pictures, and descriptions that err, so that methods can be ranked.
        preprocessing: what is said of the network's input in place of its own configuration.

    Raises:
        NiwtError: on what cannot work whatever the set.
    """

    source: str
    out: Path
    root: Path | None = None
    splits: Path | None = None
    boxes: bool = False
    knowledge: str = "attributes"
    encoder: str | None = None
    backbone: str | None = None
    weights: str | None = None
    layer: str | None = None
    preprocessing: InputOptions = field(default_factory=InputOptions)
    epochs: int | None = None
    probes: str = "seen"
    seed: int = 0
    hard: bool = False

    def __post_init__(self) -> None:
        if self.source not in SOURCES:
            raise NiwtError(
                f"unknown kind of set {self.source!r}",
                where="niwt prepare",
                fix=f"use classifier, {', '.join(SOURCES)}",
            )
        if self.root is None and not SOURCES[self.source].drawn:
            raise NiwtError(
                "no --root", where=f"niwt prepare {self.source}", fix="name the folder of the set with --root DIR"
            )
        if self.hard and not SOURCES[self.source].drawn:
            raise NiwtError("--hard is for the Aviary alone", where=f"niwt prepare {self.source}", fix="leave it out")
        if self.epochs is not None and self.epochs < 0:
            raise NiwtError(f"{self.epochs} epochs", where="--epochs", fix="give 0 (frozen) or more")
        if not 0 <= self.seed < 2**32:
            raise NiwtError(f"seed {self.seed}", where="--seed", fix="give a number from 0 to 4294967295")
        if self.probes not in ("seen", "noise") and not Path(self.probes).is_dir():
            raise NiwtError(
                f"no folder of probe pictures {self.probes!r}", where="--probes", fix="give a folder, seen or noise"
            )

    @property
    def binary(self) -> bool:
        """The set's own table of yes and no is wanted."""
        return self.knowledge == "binary"

    def settings(self, epochs: int) -> Settings:
        """Those of `prepare`, with so many epochs of fine-tuning."""
        training = replace(FINE_TUNING, epochs=epochs, seed=self.seed) if epochs else None
        return Settings(
            seed=self.seed,
            probes=self.probes,
            training=training,
            fold_networks=FOLD_NETWORKS if training else 0,
            warm_start=True,
        )


@dataclass(frozen=True, eq=False)
class Inputs:
    """What `prepare` works on, and what the study's provenance should remember of where it comes from; ``examples``: for attribute detectors, where
    the network stays as it is."""

    dataset: Dataset
    network: SplitNetwork
    preprocess: Preprocess
    settings: Settings
    provenance: Mapping[str, Any]
    examples: Examples | None = None
    features: Tensor | None = None  # (n,D) of pictures that are not there


def read_inputs(options: SetOptions, *, accelerator: Accelerator, progress: Report) -> Inputs:
    """Reads the set and loads the network.

    Raises:
        NiwtError: on anything in the options or the set that cannot work, before any long work starts.
    """
    if SOURCES[options.source].drawn:
        return _drawn_inputs(options, accelerator, progress)
    assert options.root is not None
    if options.source == "features":
        return _published_features(options)
    dataset = read_set(
        options.source,
        options.root,
        ReadOptions(boxes=options.boxes, binary=options.binary, splits=options.splits),
        report=partial(progress, "checking pictures"),
    )
    knowledge = "attributes" if options.binary else options.knowledge
    dataset, provenance = with_knowledge(dataset, knowledge, options.encoder)
    dataset = with_duplicates_said(dataset)
    network, preprocess = load_backbone(
        options.backbone or BACKBONE,
        weights=_weights(options.weights),
        layer=options.layer,
        seed=options.seed,
        inputs=options.preprocessing,
    )
    settings = options.settings(EPOCHS if options.epochs is None else options.epochs)
    return Inputs(dataset, network, preprocess, settings, provenance)


def _published_features(options: SetOptions) -> Inputs:
    """Features that others computed, as a network without pictures. Raises NiwtError."""
    assert options.root is not None
    for name, value in (("--backbone", options.backbone), ("--weights", options.weights), ("--epochs", options.epochs)):
        if value:
            raise NiwtError(
                f"{name} with features that are computed already", where="niwt prepare features", fix="leave it out"
            )
    if not options.root.is_dir():
        raise NiwtError("no such folder", where=str(options.root), fix="check --root")
    dataset, features = read_features(options.root, split_dir=options.splits)
    dataset, provenance = with_knowledge(dataset, options.knowledge, options.encoder)
    network, preprocess = network_of_features(features.shape[1])
    return Inputs(dataset, network, preprocess, options.settings(0), provenance, features=torch.from_numpy(features))


def _drawn_inputs(options: SetOptions, accelerator: Accelerator, progress: Report) -> Inputs:
    """Draws the Aviary beside the study, and takes the network that was made for it unless another is named."""
    defaults, seed, preprocessing = (
        aviary_defaults(seed=options.seed, hard=options.hard),
        options.seed,
        options.preprocessing,
    )
    name = options.backbone or defaults.backbone
    made_for_it = name == defaults.backbone
    pretrained_here = made_for_it and options.weights is None
    network, preprocess = load_backbone(
        name,
        weights="none" if pretrained_here else _weights(options.weights),
        layer=options.layer or (defaults.layer if made_for_it else None),
        seed=seed,
        inputs=replace(preprocessing, size=preprocessing.size or defaults.size, crop=preprocessing.crop or 1.0),
    )
    with accelerator.main_process_first():
        folder, drawing = draw_pictures(
            options.out, seed=seed, hard=options.hard, progress=partial(progress, "drawing pictures")
        )
        dataset, provenance = with_knowledge(read_aviary(folder), options.knowledge, options.encoder)
        if defaults.wrong_groups and dataset.knowledge.kind == "attributes":
            wrong = with_wrong_words(dataset.knowledge, groups=defaults.wrong_groups, seed=seed)
            dataset, drawing["wrong_groups"] = replace(dataset, knowledge=wrong), defaults.wrong_groups
        birds: tuple[Tensor, Tensor] | None = None
        if pretrained_here:
            birds = _pretrain(network, preprocess, options.out, defaults, seed, accelerator, progress)
            drawing["random_birds"] = defaults.random_birds
        elif not options.epochs and dataset.knowledge.kind == "attributes":
            birds = draw_random_birds(
                random_birds_folder(options.out),
                count=defaults.detector_birds,
                size=preprocess.size,
                seed=seed,
                progress=partial(progress, "drawing random birds"),
            )
        examples = None
        if birds is not None and not options.epochs and accelerator.is_main_process:
            pooled = pooled_activations(
                network, preprocess, birds[0], progress=partial(progress, "reading random birds")
            )
            examples = Examples(pooled, birds[1].numpy() > 0)
    settings = options.settings(options.epochs or 0)
    return Inputs(dataset, network, preprocess, settings, {"aviary": drawing, **provenance}, examples)


def _pretrain(
    network: SplitNetwork,
    preprocess: Preprocess,
    out: Path,
    defaults: AviaryDefaults,
    seed: int,
    accelerator: Accelerator,
    progress: Report,
) -> tuple[Tensor, Tensor]:
    """Draws random birds beside ``out`` and pre-trains ``network`` on them, resumably: (their pictures (m,3,s,s), their attributes (m,K))."""

    folder = random_birds_folder(out)
    pictures, attributes = draw_random_birds(
        folder,
        count=defaults.random_birds,
        size=preprocess.size,
        seed=seed,
        progress=partial(progress, "drawing random birds"),
    )
    pretrain(
        network,
        preprocess,
        pictures,
        attributes,
        folder / "pretraining.safetensors",
        Pretraining(epochs=defaults.pretraining_epochs, seed=seed),
        device=accelerator.device,
        progress=partial(progress, "pre-training"),
    )
    return pictures, attributes


def _weights(weights: str | None) -> Path | str | None:
    return weights if weights in (None, "none", "default") else Path(weights)
