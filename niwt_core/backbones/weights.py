"""Weights of a library model: read a file of the user's, and refuse what does not fit."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from niwt_core.errors import NiwtError

_NESTED = (
    "state_dict",
    "model",
    "model_state_dict",
    "model_ema",
)  # where training scripts put the weights in a checkpoint
_WRAPPERS = ("module.", "_orig_mod.")  # prefixes of DistributedDataParallel and torch.compile
_COUNTER = "num_batches_tracked"  # a buffer of batch normalisation that no forward pass reads; exports often lack it
_OPTION = "--weights"


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """State dict (name -> tensor, floating ones float32) of a .safetensors file or of a .pt or .pth opened with
    `weights_only=True`.

    A state dict nested in a training checkpoint is found, and `module.` prefixes are dropped. Raises NiwtError when the
    file is missing, damaged, of another kind, or holds numbers that are not finite.
    """
    path = Path(path)
    if not path.is_file():
        raise NiwtError(
            "no such weights file", where=path, fix=f"give {_OPTION} an existing .safetensors, .pth or .pt file"
        )
    try:
        found = _open(path)
    except Exception as error:  # a damaged archive raises nearly anything: zip, pickle, JSON, unicode, OS errors
        reason = str(error).strip().partition("\n")[0][:200]
        raise NiwtError(
            f"cannot read the weights: {reason or type(error).__name__}", where=path, fix="get the file again"
        ) from error
    for key in _NESTED:
        inner = found.get(key) if isinstance(found, Mapping) else None
        found = inner if isinstance(inner, Mapping) else found
    if not isinstance(found, Mapping) or not found or not all(isinstance(value, Tensor) for value in found.values()):
        raise NiwtError(
            "the file holds no state dict (names and tensors)", where=path, fix="save `model.state_dict()` to a file"
        )
    state = {
        _unwrapped(str(name)): value.float() if value.is_floating_point() else value for name, value in found.items()
    }
    bad = [name for name, value in state.items() if value.is_floating_point() and not value.isfinite().all()]
    if bad:
        raise NiwtError(f"weights with NaN or infinity: {_first(bad)}", where=path, fix="get the file again")
    return state


def fit_weights(model: nn.Module, state: Mapping[str, Tensor], *, where: str | Path, seed: int = 0) -> None:
    """Put `state` into a library model (on the meta device, or not), without copying.

    The classifier, which is the last `nn.Linear`, takes the number of classes that the file has; where the file has
    none that fits, it is drawn from `seed`. Raises NiwtError that names the first weights that are missing, left over,
    or of another shape.
    """
    state = dict(state)
    head_name, head = [(name, module) for name, module in model.named_modules() if isinstance(module, nn.Linear)][-1]
    weight, bias = state.pop(f"{head_name}.weight", None), state.pop(f"{head_name}.bias", None)
    if (
        weight is None
        or weight.ndim != 2
        or weight.shape[1] != head.in_features
        or (bias is not None and bias.shape != weight.shape[:1])
    ):
        weight, bias = _fresh_head(head.out_features, head.in_features, seed)
    classes, width = weight.shape
    model.set_submodule(head_name, nn.Linear(width, classes, bias=bias is not None, device="meta"))
    state |= {f"{head_name}.weight": weight} | ({f"{head_name}.bias": bias} if bias is not None else {})
    expected = model.state_dict()
    state |= {name: torch.tensor(0) for name in expected if name.endswith(_COUNTER) and name not in state}
    wrong = {
        "lacks": [name for name in expected if name not in state],
        "has the unknown": [name for name in state if name not in expected],
        "has another shape for": [
            name for name in expected if name in state and expected[name].shape != state[name].shape
        ],
    }
    if any(wrong.values()):
        what = "; ".join(f"{verb} {_first(names)}" for verb, names in wrong.items() if names)
        raise NiwtError(
            f"these weights do not fit the backbone: the file {what}",
            where=where,
            fix="name the backbone that they belong to",
        )
    model.load_state_dict(state, assign=True)


def _open(path: Path) -> Any:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def _unwrapped(name: str) -> str:
    for prefix in _WRAPPERS:
        name = name.removeprefix(prefix)
    return name


def _first(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


def _fresh_head(classes: int, width: int, seed: int) -> tuple[Tensor, Tensor]:
    """Weight (C, D) and bias (C,) drawn as `nn.Linear` draws its own."""
    generator = torch.Generator().manual_seed(seed)
    bound = width**-0.5
    return torch.empty(classes, width).uniform_(-bound, bound, generator=generator), torch.empty(classes).uniform_(
        -bound, bound, generator=generator
    )
