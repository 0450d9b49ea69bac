"""What PyTorch's recorded operations are called in a program (`operations.FUNCTIONS`), and which of their arguments count."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx

from niwt_core.errors import NiwtError

# recorded name -> (name in FUNCTIONS, how many leading arguments it takes)
_NAMES: dict[str, tuple[str, int]] = {
    # In-place forms become plain ones; where a program needed the overwritten value, its logits would differ, and are compared.
    **{f"{name}{form}.Tensor": (name, 2) for name in ("add", "sub", "mul", "div") for form in ("", "_")},
    "addcmul.default": ("addcmul", 3),
    "clamp_min.default": ("clamp_min", 2),
    "expand_as.default": ("expand_as", 2),
    "matmul.default": ("matmul", 2),
    "pow.Tensor_Scalar": ("pow", 2),
    "cat.default": ("cat", 2),
    "view.default": ("reshape", 2),
    "reshape.default": ("reshape", 2),
    "permute.default": ("permute", 2),
    "transpose.int": ("transpose", 3),
    "expand.default": ("expand", 2),
    "flatten.using_ints": ("flatten", 3),
    "unflatten.int": ("unflatten", 3),
    "unsqueeze.default": ("unsqueeze", 2),
    "squeeze.dim": ("squeeze", 2),
    "squeeze.dims": ("squeeze", 2),
    "select.int": ("select", 3),
    "slice.Tensor": ("cut", 5),
    "unbind.int": ("unbind", 2),
    "chunk.default": ("chunk", 3),
    "split.Tensor": ("split", 3),
    "split_with_sizes.default": ("split", 3),
    "roll.default": ("roll", 3),
    "pad.default": ("pad", 4),
    "mean.dim": ("mean", 3),
    "norm.ScalarOpt_dim": ("norm", 4),
    "linalg_vector_norm.default": ("norm", 4),
    "softmax.int": ("softmax", 2),
    "linear.default": ("linear", 3),
    "conv2d.default": ("conv2d", 7),
    "layer_norm.default": ("layer_norm", 5),
    "scaled_dot_product_attention.default": ("scaled_dot_product_attention", 6),
    "adaptive_avg_pool2d.default": ("adaptive_avg_pool2d", 2),
    "adaptive_avg_pool1d.default": ("adaptive_avg_pool1d", 2),
    "gelu.default": ("gelu", 1),
    **{
        f"{name}{form}.default": (name, 1)
        for name in ("relu", "silu", "sigmoid", "tanh", "hardswish", "hardsigmoid")
        for form in ("", "_")
    },
    # in evaluation, these change no value
    **{
        f"{name}.default": ("contiguous", 1)
        for name in ("contiguous", "alias", "detach", "dropout", "clone", "detach_")
    },
}
_TYPES = dict.fromkeys(
    ("to.dtype", "to.dtype_layout", "_to_copy.default"), ("", 0)
)  # known where the type stays the same
_KEYWORDS = {
    "gelu": ("approximate",),
    "scaled_dot_product_attention": ("scale", "enable_gqa", "is_causal"),
    "mean": ("keepdim",),
}
_IGNORED = ("memory_format", "train")
_ON_NUMBERS = {
    operator.mul: "mul",
    operator.add: "add",
    operator.sub: "sub",
    operator.floordiv: "floordiv",
    operator.getitem: "getitem",
}


def function_of(node: fx.Node) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """(name in `operations.FUNCTIONS`, arguments, keywords) of a recorded operation. Raises NiwtError at one that no program knows."""
    if node.target in _ON_NUMBERS:
        return _ON_NUMBERS[node.target], tuple(node.args), {}
    recorded = str(node.target).removeprefix("aten.")
    if not str(node.target).startswith("aten.") or recorded not in {**_NAMES, **_TYPES}:
        raise _unknown(str(node.target))
    source = node.args[0] if node.args else None
    if recorded in _TYPES and isinstance(source, fx.Node) and node.meta["val"].dtype is source.meta["val"].dtype:
        return "contiguous", node.args[:1], {}
    name, count = {**_NAMES, **_TYPES}[recorded]
    if not name:
        raise _unknown(f"{node.target} to another type")
    kept = _KEYWORDS.get(name, ())
    keywords = {key: value for key, value in node.kwargs.items() if key in kept}
    odd = {key: value for key, value in node.kwargs.items() if key not in kept and key not in _IGNORED}
    alpha = odd.pop("alpha", 1)
    if odd or alpha != 1 or any(isinstance(value, torch.dtype | torch.device) for value in node.args):
        raise _unknown(f"{node.target} with {', '.join(sorted(odd)) or 'another type'}")
    if recorded == "dropout.default" and node.args[2]:
        raise _unknown("dropout outside training")
    args = tuple(node.args[:count])
    return name, (args[:1] if name == "contiguous" else args), keywords


def _unknown(what: str) -> NiwtError:
    return NiwtError(
        f"the model computes '{what}', which no program knows", where="--backbone", fix="choose another backbone"
    )
