"""Weights of a library model: read a file of the user's, and refuse what does not fit."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from niwt_core.errors import NiwtError

_NESTED = (
    "state_dict",
    "model",
    "model_state_dict",
    "model_ema",
)  # where training scripts put the weights in a checkpoint
_WRAPPERS = ("module.", "_orig_mod.", "model.")  # prefixes of DistributedDataParallel, torch.compile and Lightning
_COUNTER = "num_batches_tracked"  # a buffer of batch normalisation that no forward pass reads; exports often lack it
_OPTION = "--weights"
_ALONE = "save the weights alone, with torch.save(model.state_dict(), FILE)"


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """State dict (name -> tensor, floating ones float32) of a safetensors file, whatever its name, or of a .pt or .pth
    opened with `weights_only=True`.

    A state dict nested in a training checkpoint is found, and prefixes of wrappers (`module.`, `_orig_mod.`, Lightning's
    `model.`) are dropped. Raises NiwtError when the file is missing, damaged, of another kind, holds two sets of weights, numbers
    that are not finite, or tensors that are no plain weights (quantised, sparse, complex ...).
    """
    path = Path(path)
    if not path.is_file():
        raise NiwtError(
            "no such weights file", where=path, fix=f"give {_OPTION} an existing .safetensors, .pth or .pt file"
        )
    try:
        content = _open(path)
    except Exception as error:  # a damaged archive raises nearly anything: zip, pickle, JSON, unicode, OS errors
        first_line = str(error).strip().partition("\n")[0][:200] or type(error).__name__
        code = isinstance(error, pickle.UnpicklingError) or "TorchScript" in str(error)  # objects, not tensors alone
        fix = _ALONE if code else "get the file again"
        raise NiwtError(f"cannot read the weights: {first_line}", where=path, fix=fix) from error
    state = _state_dict(content, path)
    for name, value in state.items():
        if (reason := _unusual(value)) is not None:
            raise NiwtError(
                f"{name} is {reason}", where=path, fix="save plain float weights (before quantising or compressing)"
            )
    state = {name: value.float() if value.is_floating_point() else value for name, value in _unwrapped(state).items()}
    bad = [name for name, value in state.items() if value.is_floating_point() and not value.isfinite().all()]
    if bad:
        raise NiwtError(f"weights with NaN or infinity: {_first(bad)}", where=path, fix="get the file again")
    return state


def _state_dict(content: Any, path: Path) -> dict[str, Tensor]:
    """The state dict in what a file holds. Raises NiwtError where there is none, or there are two to choose from."""
    if (
        isinstance(content, Mapping)
        and isinstance(content.get("model"), Mapping)
        and isinstance(content.get("model_ema"), Mapping)
    ):
        what = "the file holds two sets of weights, `model` and `model_ema`"
        raise NiwtError(what, where=path, fix=f"choose: {_ALONE}")
    for key in _NESTED:
        inner = content.get(key) if isinstance(content, Mapping) else None
        content = inner if isinstance(inner, Mapping) else content
    if (
        not isinstance(content, Mapping)
        or not content
        or not all(isinstance(value, Tensor) for value in content.values())
    ):
        raise NiwtError("the file holds no state dict (names and tensors)", where=path, fix=_ALONE)
    return {str(name): value for name, value in content.items()}


def _unusual(value: Tensor) -> str | None:
    """Why a tensor is no plain weight; None if it is one, or a counter."""
    if value.is_nested or value.is_meta or value.layout is not torch.strided:
        return "nested" if value.is_nested else "without values (meta)" if value.is_meta else f"sparse ({value.layout})"
    if value.is_quantized or value.is_complex() or value.dtype in (torch.int8, torch.uint8, torch.bool):
        return f"of {str(value.dtype).removeprefix('torch.')}, not of floats"
    return None


def _unwrapped(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors without the prefixes that all names share with a wrapper, however often they were wrapped."""
    names = {name: name for name in state}
    while prefix := next((item for item in _WRAPPERS if all(name.startswith(item) for name in names.values())), None):
        names = {old: name.removeprefix(prefix) for old, name in names.items()}
    return {name: state[old] for old, name in names.items()}


def fit_weights(
    model: nn.Module, state: Mapping[str, Tensor], *, where: str | Path, seed: int = 0, own_head: bool = False
) -> None:
    """Put `state` into a library model (on the meta device, or not), without copying.

    The classifier, which is the last `nn.Linear`, takes the number of classes that the file has; where the file has
    none that fits, it is drawn from `seed`, or refused if the file's `own_head` is what is wanted. Raises NiwtError that
    names the first weights that are missing, left over, or of another shape.
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
        if own_head:
            raise no_head(head_name, [name for name in state if name not in model.state_dict()], where)
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


def no_head(name: str, unknown: list[str], where: str | Path) -> NiwtError:
    """The error for weights without a head of their own where that is what is wanted; `unknown`: names that the model does not have."""
    also = f"; {_first(unknown)} is unknown" if unknown else ""
    return NiwtError(
        f"the weights have no head that fits ({name}{also})", where=where,
        fix="give weights with their classifier, under the library's name for it",
    )  # fmt: skip


def _open(path: Path) -> Any:
    with open(path, "rb") as file:
        length, brace = int.from_bytes(file.read(8), "little"), file.read(1)
    if path.suffix == ".safetensors" or (brace == b"{" and length < path.stat().st_size):
        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


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
