"""The operations that a network's data may name, and nothing else: modules by class, functions by name.

Reading a network can therefore never run code that came with it.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from niwt_core.errors import NiwtError

_LARGEST = 2**31  # any one size; keeps a damaged file from asking for the moon


class StochasticDepth(nn.Module):
    """In training, drop the residual branch of single pictures ("row" mode; Huang et al. 2016); else identity."""

    def __init__(self, p: float = 0.0) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """x (B, ...) -> (B, ...)."""
        if not self.training or self.p == 0:
            return x
        shape = (len(x),) + (1,) * (x.ndim - 1)  # (B, 1, ...)
        keep = torch.empty(shape, dtype=x.dtype, device=x.device).bernoulli_(1 - self.p)
        return x * keep / (1 - self.p) if self.p < 1 else x * keep


# Constructor arguments that matter, by class. `inplace` is never among them: an activation that overwrites its input
# would destroy the dictionary activations A of the layer before it (VGG: conv5_3, then ReLU(inplace=True)), and with
# them every importance taken there.
_CONV = "in_channels out_channels kernel_size stride padding dilation groups bias padding_mode"
_POOL = "kernel_size stride padding ceil_mode"
_PLAIN = (nn.Identity, nn.ReLU, nn.ReLU6, nn.SiLU, nn.Hardswish, nn.Hardsigmoid, nn.Sigmoid, nn.Tanh)
MODULES: dict[str, tuple[type[nn.Module], tuple[str, ...]]] = {
    cls.__name__: (cls, tuple(names.split()))
    for cls, names in (
        (nn.Conv2d, _CONV),
        (nn.Linear, "in_features out_features bias"),
        (nn.BatchNorm2d, "num_features eps momentum affine track_running_stats"),
        (nn.LayerNorm, "normalized_shape eps elementwise_affine bias"),
        (nn.GroupNorm, "num_groups num_channels eps affine"),
        (nn.MaxPool2d, _POOL + " dilation"),
        (nn.AvgPool2d, _POOL + " count_include_pad divisor_override"),
        (nn.ZeroPad2d, "padding"),
        (nn.AdaptiveAvgPool2d, "output_size"),
        (nn.Flatten, "start_dim end_dim"),
        (nn.Dropout, "p"),
        (StochasticDepth, "p"),
        (nn.GELU, "approximate"),
        (nn.Softmax, "dim"),
        *((cls, "") for cls in _PLAIN),
    )
}
_TENSOR_METHODS = (
    *(
        "chunk",
        "contiguous",
        "expand",
        "expand_as",
        "flatten",
        "mean",
        "permute",
        "reshape",
        "select",
        "size",
        "softmax",
        "split",
        "squeeze",
    ),
    *("transpose", "unbind", "unflatten", "unsqueeze"),
)
_FUNCTIONAL = (
    *(
        "adaptive_avg_pool1d",
        "adaptive_avg_pool2d",
        "conv2d",
        "gelu",
        "hardsigmoid",
        "hardswish",
        "layer_norm",
        "linear",
        "pad",
        "relu",
    ),
    *("scaled_dot_product_attention", "silu"),
)


def cut(x: Tensor, dim: int = 0, start: int | None = None, stop: int | None = None, step: int = 1) -> Tensor:
    """Every `step`-th position of one dimension, from `start` until before `stop`."""
    return x[(slice(None),) * (dim % x.ndim) + (slice(start, stop, step),)]


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "mul": operator.mul,
    "div": operator.truediv,
    "sub": operator.sub,
    "floordiv": operator.floordiv,
    "pow": operator.pow,
    "matmul": torch.matmul,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "roll": torch.roll,
    "addcmul": torch.addcmul,
    "clamp_min": torch.clamp_min,
    "cut": cut,
    "getitem": operator.getitem,
    "cat": torch.cat,
    "norm": torch.linalg.vector_norm,
    **{name: getattr(Tensor, name) for name in _TENSOR_METHODS},
    **{name: getattr(F, name) for name in _FUNCTIONAL},
}
# The same classes, but without drawing initial weights: a rebuilt network gets its own, and drawing costs time even on
# the meta device.
_UNDRAWN = {
    cls: type(cls.__name__, (cls,), {"reset_parameters": lambda self: None})
    for cls in (nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm)
}


def refuse(what: str) -> NiwtError:
    """The error for network data that this program cannot have written."""
    return NiwtError(f"unreadable network: {what}", where="network", fix="prepare the study again")


def build_module(entry: Any) -> nn.Module:
    """A module without weights (on the meta device) from ["Conv2d", {"in_channels": 3, ...}]."""
    if not (isinstance(entry, list) and len(entry) == 2 and isinstance(entry[1], Mapping)):
        raise refuse(f"{entry!r} is not a module")
    name, given = entry
    cls, known = MODULES.get(name, (None, ())) if isinstance(name, str) else (None, ())
    if cls is None or set(given) - set(known):
        raise refuse(f"module '{name}' with arguments {sorted(map(str, given))} is not known")
    arguments = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    for value in arguments.values():
        if not all(_plain(part) for part in (value if isinstance(value, tuple) else (value,))):
            raise refuse(f"module '{name}' with an argument {value!r}")
    try:
        if cls not in _UNDRAWN:
            return cls(**arguments)
        module = _UNDRAWN[cls](**arguments, device="meta")
        module.__class__ = cls
        return module
    except (TypeError, ValueError, ArithmeticError, RuntimeError, AttributeError) as error:
        raise refuse(f"module '{name}': {error}") from error


def _plain(value: Any) -> bool:
    return value is None or isinstance(value, bool | str | float) or (isinstance(value, int) and -1 <= value < _LARGEST)
