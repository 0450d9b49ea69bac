"""timm classifiers (`timm:NAME`), written down as `exported` does it, with the preprocessing of their own configuration.

timm's own layers that must stay modules (a batch normalisation with its activation inside, padding that follows the picture's size, a pooling that
selects its kind) are replaced first by the library modules that compute the same; tests hold that the logits are timm's. Windows, positions and
padding are those of one picture size, which is why such a network takes that size only.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from niwt_core.backbones.exported import split_exported
from niwt_core.backbones.preprocess import InputOptions, Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.backbones.weights import fit_weights, read_weights
from niwt_core.errors import NiwtError

OPTION = "--backbone"
# Where a model of each design can be cut; what turns out to be no cut vertex is left out.
LAYERS = (
    r"conv_stem|bn1|blocks\.\d+(\.\d+)?|bn2|conv_head|norm_head"  # EfficientNet, MobileNetV3, ViT, DeiT and kin
    r"|act1|maxpool|layer\d\.\d+"  # ResNet and kin
    r"|stem|s\d(\.b\d+)?|final_conv"  # RegNet
    r"|stages\.\d+(\.blocks\.\d+)?|norm_pre|head\.norm"  # ConvNeXt
    r"|layers\.\d+(\.blocks\.\d+)?"  # Swin
    r"|features\.(\d+|conv0|pool0|denseblock\d+|transition\d+|norm5)"  # VGG, DenseNet
)
_INTERPOLATIONS = ("bilinear", "bicubic", "lanczos")


def load_timm(
    name: str,
    *,
    weights: Path | str | None,
    layer: str | None,
    seed: int,
    inputs: InputOptions | None = None,
    own_head: bool = False,
) -> tuple[SplitNetwork, Preprocess]:
    """The split network of "timm:NAME", and its preprocessing.

    weights: a file, whose names may also be another library's if shapes agree one by one in order; "none" for weights drawn from ``seed``; None or
    "default" for those that timm publishes. inputs: in place of the configuration's preprocessing. own_head: weights without a head are refused.
    Raises NiwtError.
    """
    timm = _timm()
    short = name.removeprefix("timm:")
    if not timm.is_model(short):
        near = timm.list_models(f"*{short.split('_')[0]}*")[:3]
        raise NiwtError(
            f"timm has no model '{short}'",
            where=OPTION,
            fix=f"use timm:{near[0]}" if near else "see timm.list_models()",
        )
    model = _created(timm, short, weights, seed, None if inputs is None else inputs.size)
    if not getattr(model, "num_classes", 1):
        raise NiwtError(
            "it has no head: timm publishes its features only", where=name, fix="choose a model with classes"
        )
    if hasattr(model, "head_dist"):
        raise NiwtError(
            "it averages two heads (a distilled network)",
            where=name,
            fix="choose the model without `distilled` in its name",
        )
    if weights not in (None, "default", "none"):
        fit_weights(
            model, in_order(model, read_weights(str(weights))), where=str(weights), seed=seed, own_head=own_head
        )
    config, inputs = timm.data.resolve_data_config({}, model=model), inputs or InputOptions()
    preprocess = replace(inputs, crop=inputs.crop or config["crop_pct"]).over(_preprocess(config, name))
    plain = plain_model(model.eval(), preprocess.size, name)
    network = split_exported(
        plain, LAYERS, name=name, size=preprocess.size, tokens=int(getattr(model, "num_prefix_tokens", 0)),
        channels_last=getattr(model, "output_fmt", "NCHW") == "NHWC",
    )  # fmt: skip
    return (network.at(layer) if layer else network), preprocess


def _created(timm: Any, short: str, weights: Path | str | None, seed: int, size: int | None) -> nn.Module:
    """timm's model; one that takes a single picture size is asked for ``size``. Raises NiwtError where it cannot be had."""
    pretrained = weights in (None, "default")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            try:
                model: nn.Module = timm.create_model(
                    short, pretrained=pretrained, **({"img_size": size} if size else {})
                )
            except TypeError:  # a convolutional model takes any size, and no such argument
                torch.manual_seed(seed)
                model = timm.create_model(short, pretrained=pretrained)
        except Exception as error:  # no network, no published weights: each layer below timm has errors of its own
            reason = str(error).strip().partition("\n")[0][:200] or type(error).__name__
            raise NiwtError(
                f"cannot load the model: {reason}", where=f"timm:{short}", fix="give a file with --weights FILE"
            ) from error
    return model


def in_order(model: nn.Module, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """``state`` under the names of ``model``, where it has other names but the same shapes one by one; else as it is.

    Counters of batch normalisation do not count: no forward pass reads them.
    """
    expected = [(key, value) for key, value in model.state_dict().items() if not key.endswith("num_batches_tracked")]
    given = [(key, value) for key, value in state.items() if not key.endswith("num_batches_tracked")]
    if {key for key, _ in expected} == {key for key, _ in given} or len(expected) != len(given):
        return state
    if any(a.shape != b.shape for (_, a), (_, b) in zip(expected, given, strict=True)):
        return state
    return {key: value for (key, _), (_, value) in zip(expected, given, strict=True)}


def plain_model(model: nn.Module, size: int, name: str) -> nn.Module:
    """``model`` with timm's own layers replaced by PyTorch's, in place. Raises NiwtError at one that is not known."""
    sizes: dict[str, tuple[int, int]] = {}
    hooks = [
        module.register_forward_pre_hook(lambda _, args, key=key: sizes.__setitem__(key, tuple(args[0].shape[-2:])))
        for key, module in model.named_modules()
        if type(module).__name__ in ("Conv2dSame", "AvgPool2dSame", "MaxPool2dSame")
    ]
    try:
        with torch.no_grad():
            model(torch.zeros(1, 3, size, size))
    except (RuntimeError, AssertionError, ValueError) as error:
        raise NiwtError(
            f"the model takes no pictures of {size} pixels: {str(error)[:120]}", where=name, fix="give another --size"
        ) from None
    finally:
        for hook in hooks:
            hook.remove()
    for key, module in [*model.named_modules()]:
        made = _plain(module, sizes.get(key), name)
        if made is not None:
            model.set_submodule(key, made)
    return model


def _plain(module: Any, size: tuple[int, int] | None, name: str) -> nn.Module | None:
    """What computes the same in PyTorch's own modules; None where nothing has to change."""
    kind = type(module).__name__
    if kind == "BatchNormAct2d":
        norm = nn.BatchNorm2d(
            module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats
        )
        norm.load_state_dict({key: value for key, value in module.state_dict().items() if "." not in key})
        return nn.Sequential(
            norm, module.drop if not isinstance(module.drop, nn.Identity) else nn.Identity(), module.act
        ).eval()
    if kind == "Conv2dSame":
        assert size is not None
        conv = nn.Conv2d(module.in_channels, module.out_channels, module.kernel_size, module.stride, 0, module.dilation, module.groups,
                         module.bias is not None)  # fmt: skip
        conv.load_state_dict(module.state_dict())
        return nn.Sequential(
            nn.ZeroPad2d(same_padding(size, module.kernel_size, module.stride, module.dilation)), conv
        ).eval()
    if kind == "SelectAdaptivePool2d":
        if module.pool_type not in ("avg", "fast", "fastavg", ""):
            raise NiwtError(
                f"its pooling is '{module.pool_type}'", where=name, fix="choose a model that pools by the average"
            )
        if module.pool_type == "":
            return nn.Identity()
        if not isinstance(module.pool, nn.AdaptiveAvgPool2d):  # a mean over the places, wherever the library has them
            return None
        flat = not isinstance(module.flatten, nn.Identity)
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(1)) if flat else nn.AdaptiveAvgPool2d(1)
    return None


def same_padding(
    size: tuple[int, int], kernel: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int]
) -> tuple[int, int, int, int]:
    """(left, right, top, bottom) so that the result has ceil(size / stride) places, what is odd going right and below, as TensorFlow pads."""
    total = [
        max((math.ceil(s / step) - 1) * step + (k - 1) * d + 1 - s, 0)
        for s, k, step, d in zip(size, kernel, stride, dilation, strict=True)
    ]
    (top, left) = (part // 2 for part in total)
    return left, total[1] - left, top, total[0] - top


def _preprocess(config: dict[str, Any], name: str) -> Preprocess:
    """From timm's data configuration. Raises NiwtError at what cannot be honoured."""
    channels, height, width = config["input_size"]
    if channels != 3 or height != width:
        raise NiwtError(
            f"it takes inputs of {config['input_size']}", where=name, fix="choose a model for square colour pictures"
        )
    if config["interpolation"] not in _INTERPOLATIONS:
        raise NiwtError(
            f"its interpolation is '{config['interpolation']}'",
            where=name,
            fix=f"choose a model with {', '.join(_INTERPOLATIONS)}",
        )
    mode = config.get("crop_mode", "center")
    if mode not in ("center", "squash"):
        raise NiwtError(f"its crop mode is '{mode}'", where=name, fix="choose a model that crops the centre")
    return Preprocess(
        size=height, mean=tuple(config["mean"]), std=tuple(config["std"]), interpolation=config["interpolation"],
        resize=math.floor(height / config["crop_pct"]), two_steps=True, whole=mode == "squash",
    )  # fmt: skip


def timm_classes() -> tuple[str, ...]:
    """Names of ImageNet's classes, in the order of timm's heads. Raises NiwtError where timm is not installed."""
    _timm()
    from timm.data import ImageNetInfo

    info = ImageNetInfo()
    return tuple(info.index_to_description(c).split(",")[0] for c in range(info.num_classes()))


def _timm() -> Any:
    # timm is an extra: it may be absent
    ensure_torchvision()
    try:
        import timm
    except ImportError:
        raise NiwtError("timm is not installed", where=OPTION, fix="pip install 'timm>=1.0.20,<2'") from None
    return timm


def is_timm(name: str) -> bool:
    """The name asks for a timm model."""
    return bool(re.match(r"timm:\S", name))
