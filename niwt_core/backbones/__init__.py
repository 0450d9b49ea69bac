"""Image classifiers, split into stem, tail and head at a named dictionary layer."""

from difflib import get_close_matches
from pathlib import Path

import torch

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import LayerInfo, SplitNetwork
from niwt_core.errors import NiwtError

__all__ = ["LayerInfo", "Preprocess", "SplitNetwork", "backbone_names", "load_backbone"]

SMALL_RESNET = "small_resnet"


def backbone_names() -> tuple[str, ...]:
    """Names of the torchvision backbones, and of the project's own; besides these, `hf:<hub id or folder>` names a
    transformers image classifier."""
    from niwt_core.backbones.torchvision_models import torchvision_names

    return (SMALL_RESNET, *torchvision_names())


def load_backbone(
    name: str,
    *,
    weights: Path | str | None = None,
    layer: str | None = None,
    seed: int = 0,
    device: str | torch.device = "cpu",
) -> tuple[SplitNetwork, Preprocess]:
    """A pretrained classifier in evaluation mode, and what it expects of its input.

    name: a torchvision model ("resnet50"), "small_resnet" (to be trained from scratch: nobody publishes weights for it,
    so None draws them) "hf:<hub id or folder>" or "timm:<name>". weights: a .safetensors, .pth or .pt file; None
    or "default" for the publisher's own, from the network; "none" for weights drawn from `seed`. layer: the dictionary
    layer, None for the backbone's default. Raises NiwtError when the name, layer or weights are unknown, cannot be had,
    or do not fit together.
    """
    if name.startswith("hf:"):
        from niwt_core.backbones.transformers_models import load_transformers

        network, preprocess = load_transformers(name, weights=weights, layer=layer, seed=seed)
    elif name.startswith("timm:"):
        from niwt_core.backbones.timm_models import load_timm

        network, preprocess = load_timm(name, weights=weights, layer=layer, seed=seed)
    elif name == SMALL_RESNET:
        from niwt_core.backbones.small_resnet import load_small_resnet

        network, preprocess = load_small_resnet(weights=weights, layer=layer, seed=seed)
    else:
        from niwt_core.backbones.torchvision_models import load_torchvision

        names = backbone_names()
        if name not in names:
            near = get_close_matches(name, names, n=3, cutoff=0.4) or ("mobilenet_v2", "resnet50", "vgg16")
            fix = f"use {', '.join(near)}, hf:<hub id or folder> for a transformers classifier, or timm:<name>"
            raise NiwtError(f"unknown backbone '{name}'", where="--backbone", fix=fix)
        network, preprocess = load_torchvision(name, weights=weights, layer=layer, seed=seed)
    return network.to(device), preprocess
