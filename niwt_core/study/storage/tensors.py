"""The tensors of a Study as safetensors files, mapped into memory when they are read.

What follows from the rest, to the bit, is not written: weights that half precision holds exactly are written as such (and widened when they are
read); a head that is the network's own, targets that are its rows, and the affine form of an identity tail are made again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from niwt_core.backbones.split import SplitNetwork
from niwt_core.evaluation.stolen_share import StolenShare
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.kernel import Kernel
from niwt_core.knowledge.texts import Texts
from niwt_core.method.importance import unit
from niwt_core.method.mapping import LinearMap
from niwt_core.method.transfer.exact import fit_transfer
from niwt_core.neurons.exemplars import Gallery
from niwt_core.study.study import Study

TENSORS = ("network.safetensors", "model.safetensors", "pictures.safetensors", "gallery.safetensors")
MAP_PARTS = ("weight", "x_mean", "y_mean", "predictability")
DETECTOR_PARTS = ("weight", "offset", "strength", "figures", "scaling", "above")  # the last two of some only
GALLERY_PARTS = ("offsets", "pictures", "top", "maps", "peaks")


def write_tensors(study: Study) -> dict[str, bytes]:
    """File name -> bytes of every file of tensors."""
    network = {name: _narrow(value.detach().float().cpu()) for name, value in study.network.state_dict().items()}
    model: dict[str, Tensor] = {
        "head.rows": study.head.rows,
        "head.biases": study.head.biases,
        "head.mean": study.head.mean,
        "targets": study.targets,
        "affine.P": study.affine.P,
        "affine.q": study.affine.q,
    }
    again = _derived(study.network, study.operator, study.mapping, study.choices.mu, study.affine.norm)
    if again and all(torch.equal(model[name], tensor) for name, tensor in again.items()):
        model = {}
    elif study.mapping.held_out is not None:
        model["mapping.held_out"] = study.mapping.held_out
    model |= {**_map_tensors("mapping", study.mapping), **_map_tensors("inverse", study.inverse)}
    if study.operator is not None:
        model["operator"] = study.operator
    if study.kernel is not None:
        model |= study.kernel.tensors("kernel")
    if study.texts is not None:
        model["texts.values"] = torch.from_numpy(study.texts.knowledge.values)
        model |= study.texts.kernel.tensors("texts.kernel") if study.texts.kernel is not None else {}
    if study.stolen_share is not None:
        model["stolen_share.best_seen"] = study.stolen_share.best_seen
        model["stolen_share.biases"] = study.stolen_share.biases
        if study.stolen_share.by_row is not None:
            model["stolen_share.by_row"] = study.stolen_share.by_row
    if study.detectors is not None:
        model |= {f"detectors.{part}": study.detectors[part] for part in DETECTOR_PARTS if part in study.detectors}
    pictures = {"features": study.features.half()}
    if not torch.equal(study.pooled, study.features):  # they are one after a tail that only pools
        pictures["pooled"] = study.pooled.half()
    gallery = {
        "jpegs": study.gallery.jpegs,
        **{name: torch.from_numpy(np.ascontiguousarray(getattr(study.gallery, name))) for name in GALLERY_PARTS},
    }
    files = {"network": network, "model": model, "pictures": pictures, "gallery": gallery}
    return {
        f"{name}.safetensors": safetensors_bytes({key: value.contiguous() for key, value in tensors.items()})
        for name, tensors in files.items()
    }


def read_model(
    path: Path, network: SplitNetwork, facts: Mapping[str, Any], *, mu: float
) -> tuple[dict[str, Tensor], LinearMap, LinearMap]:
    """(every tensor of the model by name, the map from knowledge, the map to it); ``facts`` are those of the maps, ``mu`` of the transfer."""
    model = read_tensors(path)
    mapping, inverse = (
        LinearMap(
            **{part: model[f"{name}.{part}"] for part in MAP_PARTS},
            ridge=facts[ridge],
            held_out=model.get(f"{name}.held_out"),
        )
        for name, ridge in (("mapping", "ridge"), ("inverse", "inverse_ridge"))
    )
    if "head.rows" not in model:
        model |= _derived(network, model.get("operator"), mapping, mu, facts["norm"])
    return model, mapping, inverse


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Everything in a safetensors file, by name."""
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def read_texts(
    facts: Mapping[str, Any] | None, tensors: Mapping[str, Tensor], classes: tuple[str, ...], seen: np.ndarray
) -> Texts | None:
    """What is said of the classes beside their attributes, if anything."""
    if facts is None:
        return None
    values = tensors["texts.values"].numpy()
    names = tuple(str(k) for k in range(values.shape[1]))
    knowledge = Knowledge(facts["kind"], classes, names, values, scale=1.0)
    kernel = Kernel.from_tensors("texts.kernel", tensors)
    return Texts(knowledge, facts["encoding"], kernel, seen, facts["weight"])


def read_stolen_share(facts: Mapping[str, Any] | None, tensors: Mapping[str, Tensor]) -> StolenShare | None:
    """The calibration of described classes; None in studies of early versions."""
    if facts is None:
        return None
    best_seen, biases = tensors["stolen_share.best_seen"], tensors["stolen_share.biases"]
    return StolenShare(**facts, best_seen=best_seen, biases=biases, by_row=tensors.get("stolen_share.by_row"))


def read_detectors(tensors: Mapping[str, Tensor]) -> dict[str, Tensor] | None:
    """The attribute detectors that the study keeps, if it keeps any."""
    if "detectors.weight" not in tensors:
        return None
    return {part: tensors[f"detectors.{part}"] for part in DETECTOR_PARTS if f"detectors.{part}" in tensors}


def read_gallery(path: Path) -> Gallery:
    """The gallery's pictures and each neuron's exemplars."""
    tensors = read_tensors(path)
    return Gallery(tensors["jpegs"], *(tensors[name].numpy() for name in GALLERY_PARTS))


def _map_tensors(name: str, item: LinearMap) -> dict[str, Tensor]:
    return {f"{name}.{part}": getattr(item, part) for part in MAP_PARTS}


def _derived(
    network: SplitNetwork, operator: Tensor | None, mapping: LinearMap, mu: float, norm: float
) -> dict[str, Tensor]:
    """What follows from a network whose own head is the study's: rows, biases, targets, affine form. Empty where the tail is more than pooling."""
    if operator is not None or network.head.bias is None:
        return {}
    rows, biases = network.head.weight.detach(), network.head.bias.detach()
    affine = fit_transfer(rows, biases, None, mu=mu).affine(mapping)
    if not math.isclose(affine.norm, norm, rel_tol=1e-6):
        return {}
    return {
        "head.rows": rows,
        "head.biases": biases,
        "head.mean": torch.zeros(rows.shape[1]),
        "targets": unit(rows),
        "affine.P": affine.P,
        "affine.q": affine.q,
    }


def _narrow(value: Tensor) -> Tensor:
    """In half precision, where that holds every number exactly."""
    half = value.half()
    return half.contiguous() if torch.equal(half.float(), value) else value.contiguous()
