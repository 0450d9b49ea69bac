"""Probe pictures for the importance operator: photographs of a folder, or noise.

Photographs are the default: on a ResNet-18 two disjoint sets of 24 agree to cosine 0.98, noise agrees with photographs only to 0.82.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.errors import NiwtError
from niwt_core.images import open_image

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")


def probe_inputs(source: str, preprocess: Preprocess, *, count: int, seed: int) -> Tensor:
    """(count,3,s,s) network inputs: "noise" (standard normal), or photographs drawn at random from a folder (searched in depth).

    Raises NiwtError when the folder has no readable picture; unreadable ones are passed over.
    """
    if source == "noise":
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(count, 3, preprocess.size, preprocess.size, generator=generator)
    folder = Path(source)
    if not folder.is_dir():
        raise NiwtError("no such folder of probe pictures", where=source, fix="give a folder, `seen` or `noise`")
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    inputs: list[Tensor] = []
    for i in np.random.default_rng(seed).permutation(len(paths)):
        if len(inputs) == count:
            break
        try:
            inputs.append(preprocess(open_image(paths[i], at_least=preprocess.size)))
        except NiwtError:
            continue
    if not inputs:
        raise NiwtError("no readable picture", where=source, fix="give a folder of photographs, `seen` or `noise`")
    return torch.stack(inputs)
