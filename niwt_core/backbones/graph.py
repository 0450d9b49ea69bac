"""A network as data: JSON for the structure, tensors for the weights, rebuilt with nothing but `torch.nn`.

The data of a network:

    {"version": 1, "name": "mobilenet_v2", "tokens": 0, "layer": "features.18", "layers": [...], "neurons": [...],
    "aliases": {"features": "features.18"},
     "head": {"in": 1280, "out": 1000, "bias": true},
     "chain": [{"name": "features.0",
                "modules": {"features.0.0": ["Conv2d", {"in_channels": 3, ...}], ...},
                "weights": {"features.1.0.layer_scale": [96, 1, 1]},    parameters that steps read directly
                "constants": {},                tensors that they read and that are never trained; may be absent
                "steps": [["module", "features.0.0", [{"step": 0}], {}],
                          ["function", "add", [{"step": 1}, {"step": 3}], {}], ...]}]}

Step 0 is the input; a step reads earlier steps only; the last step is the result. `chain` has one program per layer and
one for the rest. Nothing in it is ever evaluated: modules, functions and argument forms are looked up in the tables of
`operations`, and all else is refused.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from niwt_core.backbones.operations import build_module, refuse
from niwt_core.backbones.program import Program
from niwt_core.backbones.split import SplitNetwork

VERSION = 1
_KEYS = {"version", "name", "tokens", "layer", "layers", "aliases", "neurons", "head", "chain"}
_WIDEST = 2**24
_MOST_TOKENS = 64  # before the places: a class token, a distillation token, some registers


def network_to_dict(network: SplitNetwork) -> dict[str, Any]:
    """Structure of a network as plain JSON; its tensors are `network.state_dict()`."""
    return network.data


def network_from_dict(
    data: Mapping[str, Any], tensors: Mapping[str, Tensor], *, trainable: bool = False
) -> SplitNetwork:
    """The network of `network_to_dict` with the weights of `tensors` (half precision is widened), in evaluation mode.

    The tensors are used as they are (a memory map stays one) unless their type must change. `trainable` sets
    `requires_grad` of the weights; gradients with respect to activations work either way. Raises NiwtError when data
    and tensors are not a network that fits together.
    """
    if not isinstance(data, Mapping) or set(data) != _KEYS or data["version"] != VERSION:
        raise refuse("not the data of a network of this version")
    layers, neurons, chain, head = data["layers"], data["neurons"], data["chain"], data["head"]
    if not (_all(layers, str) and _all(neurons, int) and _all(chain, Mapping) and isinstance(data["name"], str)):
        raise refuse("names, layers or chain are malformed")
    if not (
        len(layers) == len(neurons) == len(chain) - 1
        and data["layer"] in layers
        and data["tokens"] in range(_MOST_TOKENS)
    ):
        raise refuse("layers and chain do not belong together")
    aliases = data["aliases"]
    if not (
        isinstance(aliases, Mapping)
        and all(isinstance(alias, str) and layer in layers for alias, layer in aliases.items())
    ):
        raise refuse("an alias of no layer")
    if [piece.get("name") for piece in chain[:-1]] != layers or len(set(layers)) != len(layers):
        raise refuse("layers and chain have different names")
    network = SplitNetwork([Program(piece) for piece in chain], _head(head), data=dict(data))
    _assign(network, tensors)
    return network.requires_grad_(trainable).eval()


def _all(values: Any, kind: type) -> bool:
    return (
        isinstance(values, list)
        and bool(values)
        and all(isinstance(value, kind) and value is not True for value in values)
    )


def _head(head: Any) -> nn.Linear:
    if not (isinstance(head, Mapping) and set(head) == {"in", "out", "bias"} and type(head["bias"]) is bool):
        raise refuse("the head is malformed")
    if not all(type(head[key]) is int and 0 < head[key] < _WIDEST for key in ("in", "out")):
        raise refuse(f"a head of {head['in']!r} x {head['out']!r}")
    linear = build_module(["Linear", {"in_features": head["in"], "out_features": head["out"], "bias": head["bias"]}])
    assert isinstance(linear, nn.Linear)
    return linear


def _assign(network: SplitNetwork, tensors: Mapping[str, Tensor]) -> None:
    """Give the network, still on the meta device, its tensors."""
    expected = network.state_dict()
    wrong = list(expected.keys() ^ tensors.keys())
    wrong += [name for name in expected.keys() & tensors.keys() if expected[name].shape != tensors[name].shape]
    if wrong:
        raise refuse(f"tensors {', '.join(sorted(wrong)[:3])} do not fit its structure")
    widened = {
        name: value.float() if value.dtype in (torch.float16, torch.bfloat16) else value
        for name, value in tensors.items()
    }
    network.load_state_dict(widened, strict=True, assign=True)
