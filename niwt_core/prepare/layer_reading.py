"""Activations of a study's pictures at several layers, in one pass over the pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from niwt_core.backbones.split import LayerInfo, SplitNetwork
from niwt_core.data.dataset import Dataset
from niwt_core.errors import NiwtError
from niwt_core.prepare.activations import PictureActivations
from niwt_core.prepare.extraction import Pictures
from niwt_core.study.study import Study

SPREAD = 5  # layers by default
LARGEST = 512 * 2**20  # bytes of one layer's whole activations that are held at a time
BATCH = 8
SAME = 0.02  # of a feature's length: decoders differ by less, other pictures or another crop by far more


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
            mebibytes = _bytes(network, table[name], kept) / 2**20
            what = f"the activations of {kept} pictures at '{name}' take {mebibytes:.0f} MiB, {LARGEST // 2**20} are allowed"
            raise NiwtError(what, where="--layer", fix="choose a deeper layer")
    return tuple(info for info in table.values() if info.name in chosen)


def _bytes(network: SplitNetwork, info: LayerInfo, kept: int) -> int:
    return 0 if network.at(info.name).identity_tail else 4 * kept * info.neurons * info.height * info.width


def read_layers(
    study: Study,
    network: SplitNetwork,
    dataset: Dataset,
    cuts: Sequence[LayerInfo],
    targets: np.ndarray,
    probes: np.ndarray,
    report: Callable[[str, int, int], None],
) -> dict[str, PictureActivations]:
    """One pass over all pictures: activations for each layer. Raises NiwtError where the features are not those that the study keeps."""
    names, total = {info.name for info in cuts}, len(dataset)
    kept = np.union1d(targets, probes)
    features = study.features.float()
    pooled = {info.name: torch.zeros(total, info.neurons) for info in cuts}
    joined: dict[str, Tensor] = {}
    shared = {name: network.at(name).identity_tail for name in names}
    loader = DataLoader(Pictures(dataset, study.preprocess, range(total)), batch_size=BATCH)
    for index, x, usable in loader:
        wanted = np.isin(index.numpy(), kept)
        with torch.no_grad():
            activations = x.contiguous(memory_format=torch.channels_last)
            for name, program in zip([*network.layers, ""], network.chain, strict=True):
                activations = program(activations)
                if name not in names:
                    continue
                pooled[name][index] = activations.flatten(2).mean(2).half().float()
                if wanted.any() and not shared[name]:
                    if name not in joined:
                        joined[name] = torch.zeros(len(kept), *activations.shape[1:])
                    joined[name][np.searchsorted(kept, index.numpy()[wanted])] = activations[torch.from_numpy(wanted)]
        _check_same(activations, features[index], usable, [dataset.paths[int(i)] for i in index], dataset)
        report("reading pictures", int(index[-1]) + 1, total)
    none = np.zeros(0, np.int64)
    by_layer = {}
    for name in names:
        kept_whole = (None, none, none, none) if shared[name] else (joined[name], kept, targets, probes)
        values = features if shared[name] else pooled[name]
        all_usable = np.ones(total, dtype=bool)
        by_layer[name] = PictureActivations(
            network.at(name), study.labels, features, values, all_usable, (), *kept_whole
        )
    return by_layer


def _check_same(features: Tensor, known: Tensor, usable: Tensor, paths: Sequence[str], dataset: Dataset) -> None:
    away = (features - known).norm(dim=1) / known.norm(dim=1).clamp_min(1e-6)
    for path, distance, readable in zip(paths, away.tolist(), usable.tolist(), strict=True):
        if not readable:
            raise NiwtError("a picture of the study cannot be read", where=dataset.root / path, fix="restore it")
        if not distance <= SAME:
            what = f"not the picture that the study was prepared from: its features differ by {100 * distance:.0f} %"
            raise NiwtError(what, where=dataset.root / path, fix="check --root")
