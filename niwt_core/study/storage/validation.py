"""Whether the parts of a study that were read belong together: counts, names, shapes, ranges. Everything raises ValueError, in one line.

The hashes of a study only say that its files are those that were written; who wrote them may be a stranger.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath, PureWindowsPath

import numpy as np
import torch
from torch import Tensor

from niwt_core.study.study import Study

CHUNK = 4096  # rows looked at together
STATUS = ("verified", "weak", "unnamed", "dead")
SPLITS = ("train", "test_seen", "test_unseen", "sample")


def check_study(study: Study) -> None:
    """Raises ValueError unless all shapes, counts and indices of ``study`` fit each other and all its numbers are finite."""
    _check_classes(study)
    _check_pictures(study)
    _check_neurons(study)
    _check_model(study)
    _check_gallery(study)


def need(condition: bool, what: str) -> None:
    """Raises ValueError unless the condition holds."""
    if not condition:
        raise ValueError(what)


def _check_classes(study: Study) -> None:
    need(len(study.classes) > 0 and all(study.classes), "classes.csv: a class without a name")
    need(len(set(study.classes)) == len(study.classes), "classes.csv: a class that is there twice")
    need(all(len(name) <= 300 and _shown(name) for name in study.classes), "classes.csv: a name that cannot be shown")
    need(int(study.seen.sum()) >= 2, "classes.csv: fewer than two seen classes")
    need(all(_shown(name) for name in study.knowledge.names), "attributes.csv: a name that cannot be shown")
    need(
        study.knowledge.values.min(initial=0) >= 0 or study.encoding != "hellinger", "attributes.csv: a negative amount"
    )


def _check_pictures(study: Study) -> None:
    seen = study.seen[study.labels]
    need(
        bool((seen | (study.split == "test_unseen") | (study.split == "sample")).all()),
        "pictures.csv: a training picture of an unseen class",
    )
    need(bool((~seen | (study.split != "test_unseen")).all()), "pictures.csv: an unseen picture of a seen class")
    for path in study.paths:
        parts = PurePosixPath(path).parts
        outside = ".." in parts or PurePosixPath(path).is_absolute() or bool(PureWindowsPath(path).drive)
        need(not outside, f"pictures.csv: path {path[:80]!r} leads out of the set's folder")


def _check_neurons(study: Study) -> None:
    need(
        len(study.neurons) == study.network.neurons,
        f"neurons.csv: {len(study.neurons)} rows for {study.network.neurons} neurons",
    )
    names = set(study.knowledge.names)
    for n, neuron in enumerate(study.neurons):
        need(neuron.index == n, f"neurons.csv: row {n} is of neuron {neuron.index}")
        need(neuron.status in STATUS, f"neurons.csv: neuron {n} has status {neuron.status[:40]!r}")
        for name, label in ((neuron.attribute, neuron.label), (neuron.better, neuron.better_label)):
            need(not name or name in names, f"neurons.csv: neuron {n} has a name that is no attribute")
            need(_shown(label) and len(label) <= 300, f"neurons.csv: neuron {n} has a label that cannot be shown")
        aurocs = (("AUROC", neuron.auroc), ("AUROC", neuron.better_auroc))
        for what, value in (*aurocs, ("p", neuron.p), ("q", neuron.q)):
            need(not value < 0 and not value > 1, f"neurons.csv: {what} {value:g} of neuron {n} is not from 0 to 1")


def _check_model(study: Study) -> None:
    """All shapes follow from five sizes: seen classes, neurons, features, knowledge columns and their encoding."""
    seen, N, D = int(study.seen.sum()), study.network.neurons, _width(study.head.rows, "head.rows")
    K, E = len(study.knowledge.names), _width(torch.from_numpy(study.encoded_knowledge), "the encoding")
    shapes: dict[str, tuple[Tensor, tuple[int, ...]]] = {
        "head.rows": (study.head.rows, (seen, D)),
        "head.biases": (study.head.biases, (seen,)),
        "head.mean": (study.head.mean, (D,)),
        "targets": (study.targets, (seen, N)),
        "affine.P": (study.affine.P, (D, E)),
        "affine.q": (study.affine.q, (D,)),
        "mapping.weight": (study.mapping.weight, (E, N)),
        "mapping.x_mean": (study.mapping.x_mean, (E,)),
        "mapping.y_mean": (study.mapping.y_mean, (N,)),
        "mapping.predictability": (study.mapping.predictability, (seen,)),
        "inverse.weight": (study.inverse.weight, (N, K)),
        "inverse.x_mean": (study.inverse.x_mean, (N,)),
        "inverse.y_mean": (study.inverse.y_mean, (K,)),
        "inverse.predictability": (study.inverse.predictability, (seen,)),
        "features": (study.features, (len(study.paths), D)),
        "pooled": (study.pooled, (len(study.paths), N)),
    }
    if study.mapping.held_out is not None:
        shapes["mapping.held_out"] = (study.mapping.held_out, (seen, N))
    if study.detectors is not None:
        shapes["detectors.weight"] = (study.detectors["weight"], (N, K))
        shapes["detectors.offset"] = (study.detectors["offset"], (K,))
        if "scaling" in study.detectors:
            shapes["detectors.scaling"] = (study.detectors["scaling"], (3, K))
        # Fractions of nothing are NaN here (an attribute of all classes, no claim at all), and a threshold that nothing reaches is infinite.
        auroc, figures = study.detectors["strength"], study.detectors["figures"]
        need(tuple(auroc.shape) == (K,) and auroc.is_floating_point(), "detectors.strength: of other attributes")
        need(tuple(figures.shape) in ((8,), (9,)) and figures.is_floating_point(), "detectors.figures: not the numbers")
        at = [0, 1, 8] if len(figures) == 9 else [0, 1]
        need(not bool(figures[at].isnan().any()), "detectors.figures: a threshold that is no number")
        if "above" in study.detectors:
            above = study.detectors["above"]
            need(tuple(above.shape) == (K,) and above.is_floating_point(), "detectors.above: of other attributes")
            need(not bool(above.isnan().any()), "detectors.above: a threshold that is no number")
    if study.operator is not None:
        shapes["operator"] = (study.operator, (N, D))
    else:
        need(N == D, f"model.safetensors: no operator, and {N} neurons for {D} features")
    if study.stolen_share is not None:
        # As many as training pictures; those of a classifier that was trained elsewhere are not among the study's pictures.
        trained = int((study.split == "train").sum()) or study.stolen_share.best_seen.numel()
        shapes["stolen_share.best_seen"] = (study.stolen_share.best_seen, (trained,))
        shapes["stolen_share.biases"] = (study.stolen_share.biases, (len(study.classes) - seen,))
        if study.stolen_share.by_row is not None:
            shapes["stolen_share.by_row"] = (study.stolen_share.by_row, (D + 3,))
    for name, (tensor, shape) in shapes.items():
        need(tuple(tensor.shape) == shape, f"{name} is {_size(tensor.shape)}, not {_size(shape)}")
        need(tensor.is_floating_point(), f"{name} holds no floating-point numbers")
        need(_finite(tensor), f"{name} holds values that are not finite")
    values = study.mapping.predictability
    need(bool((values.abs() <= 1 + 1e-4).all()), "mapping.predictability is not from -1 to 1")


def _check_gallery(study: Study) -> None:
    gallery = study.gallery
    M, N = len(gallery.pictures), study.network.neurons
    need(gallery.jpegs.dtype == torch.uint8 and gallery.jpegs.dim() == 1, "gallery: jpegs are no bytes")
    for name, dims in (("offsets", 1), ("pictures", 1), ("top", 2)):
        array = getattr(gallery, name)
        need(array.dtype.kind in "iu" and array.ndim == dims, f"gallery: {name} are no indices")
    offsets = gallery.offsets.astype(np.int64)
    need(len(offsets) == M + 1 and bool((np.diff(offsets) > 0).all()), "gallery: offsets do not part the pictures")
    need(offsets[0] == 0 and offsets[-1] == len(gallery.jpegs), "gallery: offsets do not part the pictures")
    need(_within(gallery.pictures, len(study.paths)), "gallery: a picture that the study does not have")
    need(_within(gallery.top, M), "gallery: an exemplar that the gallery does not have")
    T = gallery.top.shape[1]
    need(len(gallery.top) == N, f"gallery: exemplars of {len(gallery.top)} neurons, not {N}")
    need(gallery.maps.dtype == np.uint8 and gallery.maps.ndim == 4, "gallery: maps are no bytes (N,T,h,w)")
    need(gallery.maps.shape[:2] == (N, T) and min(gallery.maps.shape[2:]) > 0, "gallery: maps of other exemplars")
    need(gallery.peaks.shape == (N,) and gallery.peaks.dtype.kind == "f", "gallery: peaks of other neurons")
    need(bool(np.isfinite(gallery.peaks).all()), "gallery: peaks that are not finite")


def _within(indices: np.ndarray, count: int) -> bool:
    return not indices.size or (int(indices.min()) >= 0 and int(indices.max()) < count)


def _width(tensor: Tensor, name: str) -> int:
    need(tensor.dim() == 2, f"{name} is {_size(tensor.shape)}, not a matrix")
    return int(tensor.shape[1])


def _size(shape: Sequence[int]) -> str:
    return " x ".join(str(side) for side in shape) or "a number"


def _finite(tensor: Tensor) -> bool:
    return all(bool(torch.isfinite(part).all()) for part in tensor.split(CHUNK))


def _shown(text: str) -> bool:
    """No lone surrogate and no control character."""
    return not any(0xD800 <= ord(sign) <= 0xDFFF or ord(sign) < 32 for sign in text)
