"""Library model to network data by `torch.export`: for models whose own Python cannot be traced symbolically.

`torch.export` runs the model once and records what PyTorch computes, whatever control flow, window arithmetic or output objects the library
puts around it, and remembers the module that each operation belongs to. Known modules (convolutions, normalisations, activations) become
modules of the program again; what depends on no picture (relative position tables, window masks) becomes a constant; the size of the batch is
asked anew in each piece. What was written down must give the model's own logits, or is refused.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, fx, nn

from niwt_core.backbones.exported_operations import function_of
from niwt_core.backbones.graph import VERSION, network_from_dict
from niwt_core.backbones.recording import Recording, Unit, refused
from niwt_core.backbones.split import SplitNetwork
from niwt_core.backbones.trace import arguments_of, class_name

_SAME = 1e-4  # of the largest logit: the same operations in the same order, but for merged constants


def split_exported(
    model: nn.Module, pattern: str, *, name: str, size: int, tokens: int = 0, channels_last: bool = False
) -> SplitNetwork:
    """The split network of a library model that maps pictures (B, 3, s, s) to logits (B, C) through a last `nn.Linear`; as `split_model`.

    Layers with results (B, T, N), and (B, H, W, N) where `channels_last`, are turned so that neurons come first. tokens: leading positions that
    are no places. The default layer is the last one whose every place reaches the head. Raises NiwtError when the model cannot be split, or the
    split network would not give its logits.
    """
    recording = Recording(model.eval(), size, name)
    weight, bias = recording.head(name)
    units = recording.units[:-1]
    chosen = _layers(recording, units, pattern, tokens, channels_last)
    if not chosen:
        raise refused(name, "has no layer that it can be cut at")
    layers = [layer for layer, _ in chosen]
    chain, tensors = [], {"head.weight": weight} | ({} if bias is None else {"head.bias": bias})
    ends = [-1, *(position for _, position in chosen), len(units) - 1]
    for index, (start, end) in enumerate(pairwise(ends)):
        entry = recording.picture if start < 0 else units[start].node
        spec, parameters = _Piece(recording, entry).written(
            units[start + 1 : end + 1], channels_last, last=index == len(layers)
        )
        chain.append({"name": (*layers, "features")[index], **spec})
        tensors |= {f"chain.{index}.{key}": value for key, value in parameters.items()}
    data = {
        "version": VERSION, "name": name, "tokens": tokens, "layer": layers[-1], "layers": layers,
        "neurons": [_neurons(units[position].node, channels_last) for _, position in chosen],
        "aliases": _aliases(recording, units, chosen),
        "head": {"in": weight.shape[1], "out": len(weight), "bias": bias is not None}, "chain": chain,
    }  # fmt: skip
    network = network_from_dict(data, tensors, trainable=True)
    _check(network, model, size, name)
    return network.at(_default(network, size) if tokens else layers[-1])


def _layers(
    recording: Recording, units: Sequence[Unit], pattern: str, tokens: int, channels_last: bool
) -> list[tuple[str, int]]:
    """(layer, position of its result) of every module that matches and that all which follows depends on alone, in order."""
    last_use = {recording.picture: -1} | {unit.node: i for i, unit in enumerate(units)}
    for i, unit in enumerate(units):
        last_use |= dict.fromkeys(unit.inputs, i)
    cuts, reach = set(), last_use[recording.picture]
    for i, unit in enumerate(units[:-1]):
        if reach <= i and unit.node.meta["val"].ndim in (3, 4):
            cuts.add(i)
        reach = max(reach, last_use[unit.node])
    results = {path: i for i, unit in enumerate(units) for path in unit.paths if path}
    offered: dict[int, str] = {}
    for path, i in results.items():
        inner = class_name(recording.model.get_submodule(path)) is not None and re.fullmatch(
            pattern, path.rpartition(".")[0]
        )
        if i in cuts and re.fullmatch(pattern, path) and not inner and path.count(".") >= offered.get(i, "").count("."):
            offered[i] = path  # of modules with one result, the inner one
    places = {i: _places(units[i].node, channels_last) for i in offered}
    grids = {i for i in offered if units[i].node.meta["val"].ndim == 4 or _is_square(places[i] - tokens)}
    wide = {i for i in grids if places[i] > 1}  # after the pooling there is one place only
    return [(offered[i], i) for i in sorted(wide or grids)]


def _places(node: fx.Node, channels_last: bool) -> int:
    shape = node.meta["val"].shape
    if len(shape) == 3:
        return int(shape[1])
    return int(shape[1] * shape[2]) if channels_last else int(shape[2] * shape[3])


def _is_square(places: int) -> bool:
    return places >= 1 and math.isqrt(places) ** 2 == places


def _neurons(node: fx.Node, channels_last: bool) -> int:
    shape = node.meta["val"].shape
    return int(shape[-1] if len(shape) == 3 or channels_last else shape[1])


def _aliases(recording: Recording, units: Sequence[Unit], chosen: Sequence[tuple[str, int]]) -> dict[str, str]:
    """Names of outer modules with the result of a layer."""
    results = {path: i for i, unit in enumerate(units) for path in unit.paths if path}
    return {
        path: layer for layer, i in chosen for path, at in results.items() if at == i and layer.startswith(path + ".")
    }


class _Piece:
    """One piece of the network, written down as a program that begins with the result of `entry`."""

    def __init__(self, recording: Recording, entry: fx.Node) -> None:
        self.recording, self.entry = recording, entry
        self.steps: list[Any] = []
        self.at: dict[fx.Node, int] = {entry: 0}  # node -> number of its step
        self.modules: dict[str, Any] = {}
        self.weights: dict[str, list[int]] = {}
        self.constants: dict[str, list[int]] = {}
        self.tensors: dict[str, Tensor] = {}

    def written(
        self, units: Sequence[Unit], channels_last: bool, *, last: bool
    ) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """(spec, tensors) of the piece; it takes neurons first, and gives them first unless it is the last piece."""
        if self.entry is not self.recording.picture:
            self._turn(self.entry, channels_last, back=True)
        for unit in units:
            if unit.module is not None:
                self._module(unit)
            else:
                name, args, kwargs = function_of(unit.node)
                if name == "scaled_dot_product_attention" and len(args) > 3 and self.recording.hides_nothing(args[3]):
                    args = (*args[:3], None, *args[4:])
                self._step(
                    unit.node,
                    ["function", name, self._argument(args), {k: self._argument(v) for k, v in kwargs.items()}],
                )
        if not last:
            self._turn(units[-1].node if units else self.entry, channels_last, back=False)
        spec = {"modules": self.modules, "weights": self.weights, "constants": self.constants, "steps": self.steps}
        return spec, self.tensors

    def _step(self, node: fx.Node, step: list[Any]) -> None:
        self.steps.append(step)
        self.at[node] = len(self.steps)

    def _turn(self, node: fx.Node, channels_last: bool, *, back: bool) -> None:
        """Neurons before places, (B, N, T) or (B, N, H, W), or back to where the library has them."""
        shape = node.meta["val"].shape
        if len(shape) == 3:
            self._step(node, ["function", "transpose", [{"step": self.at[node]}, 1, 2], {}])
        elif channels_last:
            self._step(
                node, ["function", "permute", [{"step": self.at[node]}, [0, 2, 3, 1] if back else [0, 3, 1, 2]], {}]
            )

    def _module(self, unit: Unit) -> None:
        assert unit.module is not None
        module, target = self.recording.model.get_submodule(unit.module), unit.module
        state = module.state_dict()
        while target in self.modules and not state:  # a re-used activation: a module of its own for each use
            target += "_again"
        self.modules[target] = [class_name(module), arguments_of(module)]
        self.tensors |= {f"{target}.{key}": value for key, value in state.items()}
        self._step(unit.node, ["module", target, [{"step": self.at[unit.inputs[0]]}], {}])

    def _argument(self, value: Any) -> Any:
        recording = self.recording
        if isinstance(value, list | tuple):
            return [self._argument(part) for part in value]
        if not isinstance(value, fx.Node):
            return value
        if value in recording.weights:
            name, tensor = recording.weights[value]
            self.weights[name], self.tensors[name] = list(tensor.shape), tensor.detach()
            return {"weight": name}
        if value in recording.constants:
            name, tensor = f"constants.{value.name}", recording.constants[value]
            self.constants[name], self.tensors[name] = list(tensor.shape), tensor.detach().clone().contiguous()
            return {"weight": name}
        if value in recording.numbers and value not in self.at:
            self._number(value)
        return {"step": self.at[value]}

    def _number(self, node: fx.Node) -> None:
        """What follows from the size of the batch, which is the first dimension of whatever enters the piece."""
        if node.target is torch.ops.aten.sym_size.int:
            if node.args[1:] != (0,):
                raise refused(str(node), "computes with a size that is not the batch's")
            self._step(node, ["function", "size", [{"step": 0}, 0], {}])
            return
        name, args, kwargs = function_of(node)
        self._step(node, ["function", name, self._argument(args), {k: self._argument(v) for k, v in kwargs.items()}])


@torch.no_grad()
def _check(network: SplitNetwork, model: nn.Module, size: int, name: str) -> None:
    """Raises NiwtError unless both give the same logits, for a batch of another size than was recorded."""
    x = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    expected, actual = model(x), network(x)
    if not (actual - expected).abs().max() <= _SAME * expected.abs().max():
        raise refused(name, "does not give its library's logits when written down")


def _default(network: SplitNetwork, size: int) -> str:
    """The last layer of which every place reaches the head: of a class token's last block, only the token does."""
    x = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    for layer in reversed(network.layers):
        cut = network.at(layer)
        with torch.no_grad():
            activations = cut.stem(x)
        weight = torch.randn(cut.features, generator=torch.Generator().manual_seed(0))
        with torch.enable_grad():
            activations.requires_grad_()
            (gradient,) = torch.autograd.grad((cut.tail(activations) @ weight).sum(), activations)
        if cut.spatial(gradient).abs().amax(1).min() > 0:
            return layer
    return network.layers[-1]
