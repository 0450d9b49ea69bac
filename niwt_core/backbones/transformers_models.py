"""transformers image classifiers, from the hub or a local folder, written down as `exported` does it.

Tests hold that the logits are the library's.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from niwt_core.backbones.exported import split_exported
from niwt_core.backbones.preprocess import InputOptions, Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.backbones.transformers_inputs import read_preprocess
from niwt_core.backbones.weights import no_head, read_weights
from niwt_core.errors import NiwtError

ensure_torchvision()

from transformers import AutoConfig, AutoModelForImageClassification  # noqa: E402 - it imports torchvision
from transformers.utils import logging  # noqa: E402

_OPTION = "--backbone"
_HEAD = re.compile(r"classifier(\.1)?\.weight")


@dataclass(frozen=True)
class _Kind:
    """layers: pattern of the modules that can be the dictionary; tokens: positions before the places."""

    layers: str
    tokens: int = 0


_STAGES = r"\w+\.encoder\.stages\.\d+\.layers\.\d+"
_KINDS = {
    "resnet": _Kind(rf"resnet\.embedder(\.embedder)?|{_STAGES}"),
    "regnet": _Kind(rf"regnet\.embedder(\.embedder)?|{_STAGES}"),
    "convnext": _Kind(rf"convnext\.embeddings\.layernorm|{_STAGES}"),
    "convnextv2": _Kind(rf"convnextv2\.embeddings\.layernorm|{_STAGES}"),
    "vit": _Kind(r"vit\.(encoder\.)?layers?\.\d+", 1),
    "deit": _Kind(r"deit\.(encoder\.)?layers?\.\d+", 2),
    "dinov2": _Kind(r"dinov2\.(encoder\.)?layers?\.\d+", 1),
    "swin": _Kind(r"swin\.encoder\.layers\.\d+(\.blocks\.\d+)?"),
}


class _Logits(nn.Module):
    """The library's model without its output object."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        for name, module in model.named_children():  # under the library's names
            self.add_module(name, module)
        self._call = [model]  # not as a module: its names would be doubled

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self._call[0](pixel_values=x).logits
        return logits


def load_transformers(
    name: str,
    *,
    weights: Path | str | None,
    layer: str | None,
    seed: int,
    inputs: InputOptions | None = None,
    own_head: bool = False,
) -> tuple[SplitNetwork, Preprocess]:
    """The split network of "hf:<hub id or folder>", and its preprocessing.

    weights: a file; "none" for weights drawn from `seed`; None or "default" for those published with the model. inputs: in place of the
    model's own preprocessing. own_head: weights without a head are refused. Raises NiwtError.
    """
    source = name.removeprefix("hf:")
    config = _config(source)
    kind = _KINDS.get(config.model_type)
    if kind is None:
        fix = f"use one of {', '.join(_KINDS)}"
        raise NiwtError(f"'{source}' is a {config.model_type}, which cannot be split", where=_OPTION, fix=fix)
    if getattr(config, "num_channels", 3) != 3:
        raise NiwtError(
            f"it takes pictures of {config.num_channels} channels", where=source, fix="choose one for colour pictures"
        )
    preprocess = read_preprocess(source, inputs or InputOptions(), _sides(config, source))
    model = _model(source, config, weights, seed, own_head)
    if hasattr(model, "distillation_classifier"):
        fix = "choose the model without its teacher's head, or another"
        raise NiwtError("it averages two heads (a distilled network)", where=source, fix=fix)
    network = split_exported(_Logits(model).eval(), kind.layers, name=name, size=preprocess.size, tokens=kind.tokens)
    return (network.at(layer) if layer else network), preprocess


def transformers_classes(name: str) -> tuple[str, ...] | None:
    """Names of the classes of "hf:<hub id or folder>", in order; None where its configuration has only numbers. Raises NiwtError."""
    labels = _config(name.removeprefix("hf:")).id2label
    names = tuple(str(labels[c]) for c in range(len(labels)))
    return None if all(known == f"LABEL_{c}" for c, known in enumerate(names)) else names


def _sides(config: Any, source: str) -> int | None:
    """The side of the pictures that the network was made for, if it says so. Raises NiwtError where they are not square."""
    size = getattr(config, "image_size", None)
    if not isinstance(size, list | tuple):
        return None if size is None else int(size)
    if len(set(size)) != 1:
        raise NiwtError(
            f"it takes pictures of {' x '.join(map(str, size))}", where=source, fix="choose one for square pictures"
        )
    return int(size[0])


def _config(source: str) -> Any:
    _refuse_timm_form(source)
    try:
        return AutoConfig.from_pretrained(source)
    except (OSError, ValueError, KeyError) as error:
        raise _unavailable(source, error) from error


def _refuse_timm_form(source: str) -> None:
    """timm saves folders of the same look: config.json with an `architecture` instead of a model type."""
    path = Path(source) / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, ValueError):
        return
    name = config.get("architecture") if isinstance(config, dict) else None
    if isinstance(name, str):
        fix = f"use --backbone timm:{name} --weights {Path(source) / 'model.safetensors'}"
        raise NiwtError("the folder is in timm's form", where=source, fix=fix)


def _model(source: str, config: Any, weights: Path | str | None, seed: int, own_head: bool) -> nn.Module:
    """The library's model in float32, in evaluation mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # of all weights, or of a head that the given ones lack
        if weights == "none":
            model: nn.Module = _class(config)._from_config(config, dtype=torch.float32)
        elif weights in (None, "default"):
            model = _filled(source, source, config, own_head)
        else:
            state = read_weights(str(weights))
            head = next((value for name, value in state.items() if _HEAD.fullmatch(name)), None)
            config.num_labels = config.num_labels if head is None else len(head)
            model = _filled(None, weights, config, own_head, state_dict=state)
    return model.eval()


def _class(config: Any) -> Any:
    """The library's classifier of this kind: the one that the configuration names, where there are several."""
    model_class: Any = AutoModelForImageClassification._model_mapping[type(config)]
    choices = model_class if isinstance(model_class, list | tuple) else (model_class,)
    named = getattr(config, "architectures", None) or ()
    return next((cls for cls in choices if cls.__name__ in named), choices[0])


def _filled(source: str | None, where: str | Path | None, config: Any, own_head: bool, **options: Any) -> nn.Module:
    """The model with published weights, or with a `state_dict`: either way transformers renames what it has renamed
    since."""
    options |= {"config": config, "dtype": torch.float32, "output_loading_info": True}
    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # the report on missing weights is read below
    logging.disable_progress_bar()
    try:
        model, report = _class(config).from_pretrained(source, **options)
    except Exception as error:  # no network, no such model, a damaged file: each layer below has errors of its own
        raise _unavailable(str(where), error) from error
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()
    head = [key for key in report["missing_keys"] if key.startswith("classifier")]
    missing = sorted(set(report["missing_keys"]) - set(head))
    if missing:
        fix = "use the weights of a complete image classifier of this kind"
        raise NiwtError(f"the model lacks weights: {', '.join(missing[:3])}", where=where, fix=fix)
    if head and own_head:
        raise no_head(head[0], sorted(report["unexpected_keys"]), str(where))
    result: nn.Module = model
    return result


def _unavailable(source: str, error: Exception) -> NiwtError:
    reason = str(error).strip().partition("\n")[0][:200]
    fix = "give hf:<folder> with config.json and model.safetensors, or a hub id while the network is there"
    return NiwtError(f"cannot load the model: {reason or type(error).__name__}", where=source, fix=fix)
