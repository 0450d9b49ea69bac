"""What ``prepare`` does by default for each kind of set, and how its options change that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from niwt_core.backbones import Preprocess, SplitNetwork, load_backbone
from niwt_core.data.dataset import Dataset, check_pictures
from niwt_core.errors import NiwtError
from niwt_core.prepare import Settings
from niwt_core.training import TrainingSettings

if TYPE_CHECKING:
    from accelerate import Accelerator

    from niwt_core.data.aviary.study import AviaryDefaults

Report = Callable[[str, int, int], None]
BACKBONE = "mobilenet_v2"
EPOCHS = 4
FOLD_NETWORKS = 2
Plan = tuple[Dataset, SplitNetwork, Preprocess, Settings, Mapping[str, Any]]
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
EMBEDDINGS = (".mat", ".npy")


def plan(
    source: str,
    *,
    root: Path | None,
    out: Path,
    backbone: str | None,
    weights: str | None,
    layer: str | None,
    knowledge: str,
    encoder: str | None,
    epochs: int | None,
    probes: str,
    boxes: bool,
    size: int | None,
    seed: int,
    accelerator: Accelerator,
    progress: Report,
) -> Plan:
    """Reads the set and loads the network: (dataset, network, preprocessing, settings, what provenance should remember).

    Raises:
        NiwtError: on anything in the options or the set that cannot work, before any long work starts.
    """
    if epochs is not None and epochs < 0:
        raise NiwtError(f"{epochs} epochs", where="--epochs", fix="give 0 (frozen) or more")
    if not 0 <= seed < 2**32:
        raise NiwtError(f"seed {seed}", where="--seed", fix="give a number from 0 to 4294967295")
    if probes not in ("seen", "noise") and not Path(probes).is_dir():
        raise NiwtError(f"no folder of probe pictures {probes!r}", where="--probes", fix="give a folder, seen or noise")
    if source == "aviary":
        return _aviary_plan(out, backbone, weights, layer, epochs, probes, size, seed, accelerator, progress)
    dataset = read_dataset(source, root, boxes=boxes, progress=progress)
    dataset, memory = with_knowledge(dataset, knowledge, encoder)
    network, preprocess = load_backbone(backbone or BACKBONE, weights=_weights(weights), layer=layer, seed=seed)
    if size is not None:
        preprocess = replace(preprocess, size=size, resize=None)
    _check_size(network, preprocess)
    epochs = EPOCHS if epochs is None else epochs
    training = replace(FINE_TUNING, epochs=epochs, seed=seed) if epochs else None
    settings = Settings(
        seed=seed, probes=probes, training=training, fold_networks=FOLD_NETWORKS if training else 0, warm_start=True
    )
    return dataset, network, preprocess, settings, memory


def _aviary_plan(
    out: Path,
    backbone: str | None,
    weights: str | None,
    layer: str | None,
    epochs: int | None,
    probes: str,
    size: int | None,
    seed: int,
    accelerator: Accelerator,
    progress: Report,
) -> Plan:
    """Draws the Aviary beside ``out``, and takes the network that was made for it unless another is named."""
    from niwt_core.data.aviary.dataset import read_aviary
    from niwt_core.data.aviary.study import aviary_defaults, draw_pictures

    defaults = aviary_defaults(seed=seed)
    name = backbone or defaults.backbone
    own = name == defaults.backbone
    chosen = "none" if own and weights is None else _weights(weights)
    network, preprocess = load_backbone(
        name, weights=chosen, layer=layer or (defaults.layer if own else None), seed=seed
    )
    preprocess = replace(preprocess, size=size or defaults.size, resize=None)
    with accelerator.main_process_first():
        drawn, drawing = draw_pictures(
            out, seed=seed, progress=lambda done, total: progress("drawing pictures", done, total)
        )
        if own and weights is None:
            _pretrain(network, preprocess, out, defaults, seed, accelerator, progress)
            drawing["passersby"] = defaults.passersby
    training = replace(FINE_TUNING, epochs=epochs, seed=seed) if epochs else None
    settings = Settings(
        seed=seed, probes=probes, training=training, fold_networks=FOLD_NETWORKS if training else 0, warm_start=True
    )
    return read_aviary(drawn), network, preprocess, settings, {"aviary": drawing}


def _pretrain(
    network: SplitNetwork,
    preprocess: Preprocess,
    out: Path,
    defaults: AviaryDefaults,
    seed: int,
    accelerator: Accelerator,
    progress: Report,
) -> None:
    """Draws passers-by beside ``out`` and pre-trains ``network`` on them, resumably."""
    from niwt_core.data.aviary.passersby import draw_passersby
    from niwt_core.data.aviary.pretraining import Pretraining, pretrain
    from niwt_core.data.aviary.study import passersby_folder

    folder = passersby_folder(out)
    pictures, words = draw_passersby(
        folder,
        count=defaults.passersby,
        size=preprocess.size,
        seed=seed,
        progress=lambda done, total: progress("drawing passers-by", done, total),
    )
    pretrain(
        network,
        preprocess,
        pictures,
        words,
        folder / "pretraining.safetensors",
        Pretraining(epochs=defaults.pretraining_epochs, seed=seed),
        device=accelerator.device,
        progress=lambda done, total: progress("pre-training", done, total),
    )


def read_dataset(source: str, root: Path | None, *, boxes: bool = False, progress: Report) -> Dataset:
    """Reads a set from disk; every unreadable header is named and left out."""
    assert root is not None
    if not root.exists():
        raise NiwtError("no such folder", where=str(root), fix="check --root")

    def report(done: int, total: int) -> None:
        progress("checking pictures", done, total)

    if source == "cub":
        from niwt_core.data.cub import read_cub

        return check_pictures(read_cub(root, crop_boxes=boxes), report)
    if source == "awa2":
        from niwt_core.data.awa2 import read_awa2

        return check_pictures(read_awa2(root), report)
    from niwt_core.data.folder import read_folder

    return read_folder(root, progress=report)


def with_knowledge(dataset: Dataset, knowledge: str, encoder: str | None) -> tuple[Dataset, Mapping[str, Any]]:
    """The set with the domain knowledge that was asked for, and what a study must remember to describe further classes in it."""
    from niwt_core.captions import DEFAULT_ENCODER, caption_knowledge

    if knowledge == "attributes":
        if dataset.knowledge.kind != "attributes" or not dataset.knowledge.names:
            raise NiwtError(
                "the set has no attributes",
                where=dataset.name,
                fix="use --knowledge captions, or add an attribute table",
            )
        return dataset, {}
    path = Path(knowledge)
    if knowledge != "captions" and not path.exists():
        raise NiwtError(
            f"no knowledge {knowledge!r}", where="--knowledge", fix="use attributes, captions, or an existing file"
        )
    captions = dataset.captions
    if knowledge != "captions" and path.suffix.lower() in EMBEDDINGS:
        from niwt_core.data.embeddings import read_embeddings

        return replace(dataset, knowledge=read_embeddings(path, dataset.classes)), {"knowledge_file": path.name}
    if knowledge != "captions" and path.suffix.lower() == ".csv":
        from niwt_core.data.tables import read_class_table
        from niwt_core.knowledge import Kind, Knowledge

        names, values = read_class_table(path, dataset.classes, extra=True)
        kind: Kind = "attributes" if np.min(values, initial=0) >= 0 else "embedding"
        return replace(dataset, knowledge=Knowledge(kind, dataset.classes, names, values)), {
            "knowledge_file": path.name
        }
    if knowledge != "captions":
        from niwt_core.data.descriptions import read_descriptions

        captions = read_descriptions(path, dataset.classes)
    if not captions:
        raise NiwtError(
            "the set has no captions", where=dataset.name, fix="name a file of descriptions with --knowledge FILE"
        )
    table, memory = caption_knowledge(captions, dataset.classes, encoder or DEFAULT_ENCODER)
    return replace(dataset, knowledge=table, captions=captions), {"captions": dict(memory)}


def _check_size(network: SplitNetwork, preprocess: Preprocess) -> None:
    """Raises NiwtError unless the network takes inputs of this size: a ViT takes one only, and deep pooling leaves nothing of a small one."""
    try:
        with torch.no_grad():
            network(torch.zeros(1, 3, preprocess.size, preprocess.size))
    except (RuntimeError, ValueError):
        raise NiwtError(
            f"{network.name} does not take pictures of {preprocess.size} pixels",
            where="--size",
            fix="leave --size out, or give another",
        ) from None


def _weights(weights: str | None) -> Path | str | None:
    return weights if weights in (None, "none", "default") else Path(weights)
