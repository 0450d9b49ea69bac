"""torchvision classifiers: which there are, where each can be cut, and its default dictionary layer."""

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

import torch
from torch import nn

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.backbones.trace import split_model
from niwt_core.backbones.weights import fit_weights, read_weights
from niwt_core.errors import NiwtError

ensure_torchvision()

from torchvision import models  # noqa: E402 - it cannot be imported before


@dataclass(frozen=True)
class Family:
    """Models of one design.

    names: pattern of their torchvision names. layers: pattern of the qualified names of the layers to offer (those
    that turn out to be no cut vertex are left out). kind: the default dictionary is the last layer whose module is of
    this class. For most that is the last one before the pooling, where the tail is pooling alone and everything is
    exact and fast.
    """

    names: str
    layers: str
    kind: type[nn.Module] = nn.Module


FAMILIES = (
    Family(r"mobilenet_v[23]\w*", r"features\.\d+"),
    Family(r"(resnet|resnext|wide_resnet)\d\w*", r"relu|maxpool|layer\d\.\d+"),
    Family(r"vgg\d+(_bn)?", r"features\.\d+", nn.Conv2d),  # conv5_3, as in the paper
    Family(r"convnext_\w+", r"features\.[0246]|features\.[1357]\.\d+"),
    Family(r"efficientnet_\w+", r"features\.\d+(\.\d+)?"),
)
_PROBE = 64  # pixels; the smallest picture that every family takes
_PATIENCE = 20.0  # seconds without a byte before a download counts as failed


def torchvision_names() -> tuple[str, ...]:
    """Names of the torchvision models of these families."""
    return tuple(name for name in models.list_models(module=models) if _family(name))


def all_torchvision_names() -> tuple[str, ...]:
    """Names of all classifiers that torchvision has."""
    return tuple(models.list_models(module=models))


def torchvision_classes(name: str) -> tuple[str, ...] | None:
    """Names of a published head's classes, in order; None where torchvision has no such model."""
    return tuple(models.get_model_weights(name).DEFAULT.meta["categories"]) if name in models.list_models() else None


def load_torchvision(
    name: str, *, weights: Path | str | None, layer: str | None, seed: int, own_head: bool = False
) -> tuple[SplitNetwork, Preprocess]:
    """The split network of a torchvision model, and its preprocessing.

    weights: a file; "none" for weights drawn from `seed`; None or "default" for torchvision's own, downloaded. own_head: weights
    without a head are refused, and the crop is torchvision's. Raises NiwtError.
    """
    family = _family(name)
    assert family is not None, name
    default = models.get_model_weights(name).DEFAULT
    if weights == "none":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = models.get_model(name, weights=None)
    else:
        state = _download(name, default) if weights in (None, "default") else read_weights(str(weights))
        with torch.device("meta"):  # no time lost on initial weights that are replaced at once
            model = models.get_model(name, weights=None)
        fit_weights(model, state, where=str(weights or name), seed=seed, own_head=own_head)
    network = split_model(
        model, family.layers, name=name, size=_PROBE, aliases=_vgg_names(model) if name.startswith("vgg") else None
    )
    preferred = [known for known in network.layers if isinstance(model.get_submodule(known), family.kind)]
    preprocess = library_preprocess(name) if own_head else _preprocess(default.transforms())
    return network.at(layer or preferred[-1]), preprocess


def _family(name: str) -> Family | None:
    return next((family for family in FAMILIES if re.fullmatch(family.names, name)), None)


def library_preprocess(name: str) -> Preprocess:
    """torchvision's own evaluation transform of a model, its crop included: the pixels that its published head was judged on."""
    transform: Any = models.get_model_weights(name).DEFAULT.transforms()
    (resize,) = transform.resize_size
    return replace(_preprocess(transform), resize=int(resize), two_steps=True)


def _preprocess(transform: Any) -> Preprocess:
    """From torchvision's evaluation transform, but without its loss of the border: the whole shorter side is kept."""
    (size,) = transform.crop_size
    return Preprocess(
        size=size, mean=tuple(transform.mean), std=tuple(transform.std), interpolation=transform.interpolation.value
    )


def _vgg_names(model: nn.Module) -> dict[str, str]:
    """The names that the paper and its readers use: conv5_3 is the third convolution of the fifth block."""
    names, block, number = {}, 1, 0
    for name, module in model.get_submodule("features").named_children():
        if isinstance(module, nn.Conv2d):
            number += 1
            names[f"conv{block}_{number}"] = f"features.{name}"
        elif isinstance(module, nn.MaxPool2d):
            block, number = block + 1, 0
    return names


def _download(name: str, weights: Any) -> dict[str, torch.Tensor]:
    try:
        with (
            _timeout(),
            redirect_stdout(StringIO()),
            redirect_stderr(StringIO()),
        ):  # of torch.hub's own line, before the error
            return dict(weights.get_state_dict(progress=False, check_hash=True))
    except (OSError, RuntimeError) as error:  # no network, no such file, or a wrong hash
        where = f"{name}, from {weights.url}"
        raise NiwtError(
            f"cannot download the weights: {error}", where=where, fix="give a file with --weights FILE"
        ) from error


@contextmanager
def _timeout() -> Iterator[None]:
    """`torch.hub` sets no time limit; without one a silent network would hang the command for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
