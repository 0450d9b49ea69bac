"""transformers image classifiers (ResNet, ConvNeXt, ConvNeXt V2, ViT), from the hub or a local folder.

Their own forward methods check shapes and build output objects, which torch.fx cannot trace. Each is therefore written
down again as the bare chain of the library's modules, under the library's names; tests hold that the logits are those
of the library.
"""

import json
import re
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from niwt_core.backbones.preprocess import IMAGENET_MEAN, IMAGENET_STD, Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.backbones.trace import split_model
from niwt_core.backbones.weights import read_weights
from niwt_core.errors import NiwtError

_OPTION = "--backbone"
_HEAD = re.compile(r"classifier(\.1)?\.weight")


class _ResNet(nn.Module):
    layers, default, tokens = r"resnet\.embedder(\.embedder)?|resnet\.encoder\.stages\.\d+\.layers\.\d+", -1, 0

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.resnet, self.classifier = model.resnet, model.classifier

    def forward(self, x: Tensor) -> Tensor:
        x = self.resnet.embedder.pooler(self.resnet.embedder.embedder(x))
        for stage in self.resnet.encoder.stages:
            x = stage(x)
        logits: Tensor = self.classifier(self.resnet.pooler(x))
        return logits


class _ConvNext(nn.Module):
    layers, default, tokens = r"convnext(v2)?\.(embeddings\.layernorm|encoder\.stages\.\d+\.layers\.\d+)", -1, 0

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.prefix, self.classifier = model.base_model_prefix, model.classifier
        self.add_module(self.prefix, model.base_model)

    def forward(self, x: Tensor) -> Tensor:
        base: Any = self.get_submodule(self.prefix)
        x = base.embeddings.layernorm(base.embeddings.patch_embeddings(x))
        for stage in base.encoder.stages:
            x = stage(x)
        logits: Tensor = self.classifier(base.layernorm(x.mean([-2, -1])))
        return logits


class _ViT(nn.Module):
    """Between the blocks activations are (B, N, T), neurons before positions as everywhere; the two transpositions cost
    no copy.

    The default dictionary is the last block but one: of the last block's output only the class token reaches the head,
    so that all other places would have importance 0.
    """

    layers, default, tokens = r"vit\.layers\.\d+", -2, 1

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.vit, self.classifier = model.vit, model.classifier
        self.vit.layers = nn.ModuleList(_ViTBlock(block) for block in self.vit.layers)

    def forward(self, x: Tensor) -> Tensor:
        parts = self.vit.embeddings
        patches = parts.patch_embeddings.projection(x).flatten(2).transpose(1, 2)  # (B, T - 1, N)
        tokens = torch.cat((parts.cls_token.expand(x.size(0), -1, -1), patches), dim=1)  # (B, T, N)
        x = parts.dropout(tokens + parts.position_embeddings).transpose(1, 2)  # (B, N, T)
        for block in self.vit.layers:
            x = block(x)
        logits: Tensor = self.classifier(self.vit.layernorm(x.transpose(1, 2))[:, 0, :])
        return logits


class _ViTBlock(nn.Module):
    def __init__(self, block: Any) -> None:
        super().__init__()
        self.attention, self.mlp, self.dropout = _Attention(block.attention), block.mlp, block.dropout
        self.layernorm_before, self.layernorm_after = block.layernorm_before, block.layernorm_after

    def forward(self, x: Tensor) -> Tensor:
        x = x.transpose(1, 2)  # (B, T, N)
        x = self.dropout(self.attention(self.layernorm_before(x))) + x
        return (self.dropout(self.mlp(self.layernorm_after(x))) + x).transpose(1, 2)  # (B, N, T)


class _Attention(nn.Module):
    def __init__(self, attention: Any) -> None:
        super().__init__()
        self.heads: int = attention.num_attention_heads
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (
            attention.q_proj,
            attention.k_proj,
            attention.v_proj,
            attention.o_proj,
        )

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = (
            project(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, heads, T, N / heads)
            for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        mixed = F.scaled_dot_product_attention(query, key, value)
        result: Tensor = self.o_proj(mixed.transpose(1, 2).flatten(2))  # (B, T, N)
        return result


_KINDS: dict[str, Any] = {"resnet": _ResNet, "convnext": _ConvNext, "convnextv2": _ConvNext, "vit": _ViT}


def load_transformers(
    name: str, *, weights: Path | str | None, layer: str | None, seed: int
) -> tuple[SplitNetwork, Preprocess]:
    """The split network of "hf:<hub id or folder>", and its preprocessing.

    weights: a file; "none" for weights drawn from `seed`; None or "default" for those published with the model. Raises
    NiwtError.
    """
    ensure_torchvision()
    source = name.removeprefix("hf:")
    config = _config(source)
    if config.model_type not in _KINDS:
        fix = f"use one of {', '.join(_KINDS)}"
        raise NiwtError(f"'{source}' is a {config.model_type}, which cannot be split", where=_OPTION, fix=fix)
    model = _model(source, config, weights, seed)
    chain = _KINDS[config.model_type](model)
    size = _side(getattr(config, "image_size", None), 64)
    network = split_model(chain, chain.layers, name=name, size=size, tokens=chain.tokens)
    default = network.layers[max(chain.default, -len(network.layers))]
    return network.at(layer or default), _preprocess(source, _side(getattr(config, "image_size", None), 224))


def _config(source: str) -> Any:
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(source)
    except (OSError, ValueError, KeyError) as error:
        raise _unavailable(source, error) from error


def _model(source: str, config: Any, weights: Path | str | None, seed: int) -> nn.Module:
    """The library's model in float32, in evaluation mode."""
    from transformers import AutoModelForImageClassification

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # of all weights, or of a head that the given ones lack
        if weights == "none":
            model: nn.Module = AutoModelForImageClassification.from_config(config, dtype=torch.float32)
        elif weights in (None, "default"):
            model = _filled(source, source, config)
        else:
            state = read_weights(str(weights))
            head = next((value for name, value in state.items() if _HEAD.fullmatch(name)), None)
            config.num_labels = config.num_labels if head is None else len(head)
            model = _filled(None, weights, config, state_dict=state)
    return model.eval()


def _filled(source: str | None, where: str | Path | None, config: Any, **options: Any) -> nn.Module:
    """The model with published weights, or with a `state_dict`: either way transformers renames what it has renamed
    since."""
    from transformers import AutoModelForImageClassification
    from transformers.utils import logging

    cls: Any = AutoModelForImageClassification._model_mapping[type(config)]
    options |= {"config": config, "dtype": torch.float32, "output_loading_info": True}
    level, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # the report on missing weights is read below
    logging.disable_progress_bar()
    try:
        model, report = cls.from_pretrained(source, **options)
    except Exception as error:  # no network, no such model, a damaged file: each layer below has errors of its own
        raise _unavailable(str(where), error) from error
    finally:
        logging.set_verbosity(level)
        if bar:
            logging.enable_progress_bar()
    missing = sorted(key for key in report["missing_keys"] if not key.startswith("classifier"))
    if missing:
        fix = "use the weights of a complete image classifier of this kind"
        raise NiwtError(f"the model lacks weights: {', '.join(missing[:3])}", where=where, fix=fix)
    result: nn.Module = model
    return result


def _unavailable(source: str, error: Exception) -> NiwtError:
    reason = str(error).strip().partition("\n")[0][:200]
    fix = "give hf:<folder> with config.json and model.safetensors, or a hub id while the network is there"
    return NiwtError(f"cannot load the model: {reason or type(error).__name__}", where=source, fix=fix)


def _preprocess(source: str, size: int) -> Preprocess:
    """From the model's preprocessor_config.json, as far as it goes; ImageNet's values otherwise."""
    from transformers.utils import cached_file

    found: dict[str, Any] = {}
    try:
        path = cached_file(source, "preprocessor_config.json", _raise_exceptions_for_missing_entries=False)
        found = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError) as error:
        raise NiwtError(
            f"cannot read preprocessor_config.json: {error}", where=source, fix="repair or remove the file"
        ) from error
    side = _side(found.get("crop_size") or found.get("size"), size)
    normal = found.get("do_normalize", True)
    mean, std = (
        tuple(found.get(key, default)) for key, default in (("image_mean", IMAGENET_MEAN), ("image_std", IMAGENET_STD))
    )
    filters = {2: "bilinear", 3: "bicubic"}  # PIL's numbers
    return Preprocess(
        size=side,
        mean=mean if normal else (0.0, 0.0, 0.0),
        std=std if normal else (1.0, 1.0, 1.0),
        interpolation=filters.get(found.get("resample", 2), "bicubic"),
    )


def _side(value: Any, default: int) -> int:
    """224 from 224, [224, 224], {"height": 224, "width": 224} or {"shortest_edge": 224}."""
    if isinstance(value, dict):
        value = next(iter(value.values()), default)
    if isinstance(value, list | tuple):
        value = value[0] if value else default
    return int(value) if value else default
