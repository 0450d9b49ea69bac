"""What the study of a trained classifier holds of photographs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from niwt_core.backbones.split import SplitNetwork
from niwt_core.data.photographs import PhotographFolder
from niwt_core.explain.detector import Detectors
from niwt_core.images import open_image
from niwt_core.neurons.exemplars import Gallery, with_pictures
from niwt_core.study.study import Study


def without_photographs(study: Study) -> Study:
    """The study with what follows from its photographs, and nothing of any single one."""
    detectors, stolen = Detectors.of(study), study.stolen_share
    return replace(
        study,
        features=study.features[:0],
        pooled=study.pooled[:0],
        labels=study.labels[:0],
        split=study.split[:0],
        paths=(),
        split_hash="0" * 16,
        detectors=None if detectors is None else detectors.tensors(),
        stolen_share=None if stolen is None else replace(stolen, best_seen=stolen.best_seen[:0]),
    )


def with_samples(
    study: Study, samples: PhotographFolder, encode: Callable[[Sequence[Image.Image]], tuple[Tensor, Tensor]]
) -> Study:
    """The study with photographs to look at, at the end of its pictures; ``encode`` gives the features (n,D) and pooled activations (n,N) of the
    pictures as the study keeps them, so that every page says the same of them."""
    images = [open_image(samples.root / path) for path in samples.paths]
    gallery = with_pictures(study.gallery, images, first=len(study.labels))
    kept = range(len(gallery) - len(images), len(gallery))
    features, pooled = encode([gallery.image(item) for item in kept])
    return replace(
        study,
        gallery=gallery,
        features=torch.cat([study.features, features.half()]),
        pooled=torch.cat([study.pooled, pooled.half()]),
        labels=np.concatenate([study.labels, samples.labels]),
        split=np.append(study.split, ["sample"] * len(samples.paths)),
        paths=(*study.paths, *samples.paths),
    )


def without_exemplars(network: SplitNetwork) -> Gallery:
    """A gallery without a picture."""
    empty, none = np.zeros(0, np.int64), np.zeros((network.neurons, 0), np.int64)
    maps = np.zeros((network.neurons, 0, 1, 1), np.uint8)
    jpegs = torch.zeros(0, dtype=torch.uint8)
    return Gallery(jpegs, np.zeros(1, np.int64), empty, none, maps, np.ones(network.neurons, np.float32))
