"""Image classifiers, split into stem, tail and head at a named dictionary layer."""

from collections import Counter
from difflib import get_close_matches
from pathlib import Path

import torch

from niwt_core.backbones.preprocess import InputOptions, Preprocess
from niwt_core.backbones.split import LayerInfo, SplitNetwork
from niwt_core.errors import NiwtError

__all__ = [
    "InputOptions",
    "LayerInfo",
    "Preprocess",
    "SplitNetwork",
    "backbone_names",
    "library_classes",
    "load_backbone",
]

SMALL_RESNET = "small_resnet"
# torchvision models of designs that are taken from another library, and their names there
_ELSEWHERE = {
    "vit_b_16": "timm:vit_base_patch16_224 or hf:google/vit-base-patch16-224",
    "vit_b_32": "timm:vit_base_patch32_224",
    "vit_l_16": "timm:vit_large_patch16_224",
    "vit_l_32": "timm:vit_large_patch32_224",
    "swin_t": "timm:swin_tiny_patch4_window7_224",
    "swin_s": "timm:swin_small_patch4_window7_224",
    "swin_b": "timm:swin_base_patch4_window7_224",
    "densenet121": "timm:densenet121",
    "densenet161": "timm:densenet161",
    "densenet169": "timm:densenet169",
    "densenet201": "timm:densenet201",
}


def backbone_names() -> tuple[str, ...]:
    """Names of the torchvision backbones, and of the project's own; besides these, `hf:<hub id or folder>` names a
    transformers image classifier."""
    from niwt_core.backbones.torchvision_models import torchvision_names

    return (SMALL_RESNET, *torchvision_names())


def library_classes(name: str) -> tuple[str, ...] | None:
    """What a library calls the classes of a backbone's published head, in order, told apart where two are alike; None where it does not say."""
    if name.startswith("hf:"):
        from niwt_core.backbones.transformers_models import transformers_classes

        names = transformers_classes(name)
    elif name.startswith("timm:"):
        from niwt_core.backbones.timm_models import timm_classes

        names = timm_classes()
    else:
        from niwt_core.backbones.torchvision_models import torchvision_classes

        names = torchvision_classes(name)
    return None if names is None else _distinct(names)


def _distinct(names: tuple[str, ...]) -> tuple[str, ...]:
    """ImageNet has two cranes and two maillots: the second of a name gets a number."""
    count: Counter[str] = Counter()
    out = []
    for name in names:
        count[name] += 1
        out.append(name if count[name] == 1 else f"{name} ({count[name]})")
    return tuple(out)


def load_backbone(
    name: str,
    *,
    weights: Path | str | None = None,
    layer: str | None = None,
    seed: int = 0,
    device: str | torch.device = "cpu",
    inputs: InputOptions | None = None,
    own_head: bool = False,
) -> tuple[SplitNetwork, Preprocess]:
    """A pretrained classifier in evaluation mode, and what it expects of its input.

    name: a torchvision model ("resnet50"), "small_resnet" (to be trained from scratch: nobody publishes weights for it,
    so None draws them), "hf:<hub id or folder>", "timm:<name>", or "study:<folder>" for the network of a study, weights
    included. weights: a .safetensors, .pth or .pt file; None
    or "default" for the publisher's own, from the network; "none" for weights drawn from `seed`. layer: the dictionary
    layer, None for the backbone's default. inputs: what is said in place of the model's own preprocessing. own_head: the
    head that came with the weights is what is wanted: weights without one are refused, and a torchvision model gets
    torchvision's own crop. Raises NiwtError when the name, layer or weights are unknown, cannot be had,
    or do not fit together.
    """
    if name.startswith("hf:"):
        from niwt_core.backbones.transformers_models import load_transformers

        network, preprocess = load_transformers(
            name, weights=weights, layer=layer, seed=seed, inputs=inputs, own_head=own_head
        )
    elif name.startswith("timm:"):
        from niwt_core.backbones.timm_models import load_timm

        network, preprocess = load_timm(name, weights=weights, layer=layer, seed=seed, inputs=inputs, own_head=own_head)
    elif name.startswith("study:"):
        from niwt_core.backbones.from_study import load_from_study

        if weights is not None:
            fix = "leave --weights out, or name the network that they belong to"
            raise NiwtError("the network of a study has weights of its own", where="--weights", fix=fix)
        network, preprocess = load_from_study(name, layer=layer, inputs=inputs)
    elif name == SMALL_RESNET:
        from niwt_core.backbones.small_resnet import load_small_resnet

        network, preprocess = load_small_resnet(weights=weights, layer=layer, seed=seed)
        preprocess = (inputs or InputOptions()).over(preprocess)
    else:
        from niwt_core.backbones.torchvision_models import all_torchvision_names, load_torchvision

        names = backbone_names()
        if name not in names:
            if name in all_torchvision_names():
                fix = f"use {_ELSEWHERE.get(name, 'the same design of timm (timm:<name>) or of transformers (hf:<hub id or folder>)')}"
                raise NiwtError(f"torchvision's '{name}' cannot be split here", where="--backbone", fix=fix)
            near = get_close_matches(name, names, n=3, cutoff=0.4) or ("mobilenet_v2", "resnet50", "vgg16")
            fix = f"use {', '.join(near)}, hf:<hub id or folder> for a transformers classifier, or timm:<name>"
            raise NiwtError(f"unknown backbone '{name}'", where="--backbone", fix=fix)
        network, preprocess = load_torchvision(name, weights=weights, layer=layer, seed=seed, own_head=own_head)
        preprocess = (inputs or InputOptions()).over(preprocess)
    if inputs is not None and inputs.size is not None:
        _check_size(network, inputs.size)
    return network.to(device), preprocess


def _check_size(network: SplitNetwork, size: int) -> None:
    """Raises NiwtError unless the network takes inputs of this size: a ViT takes one only, and deep pooling leaves nothing of a small one."""
    try:
        with torch.no_grad():
            network(torch.zeros(1, 3, size, size))
    except (RuntimeError, ValueError):
        what = f"{network.name} does not take pictures of {size} pixels"
        raise NiwtError(what, where="--size", fix="leave --size out, or give another") from None
