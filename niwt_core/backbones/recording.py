"""What a library model computes, recorded by `torch.export`: its steps in order, and the weights and constants that they read."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn

from niwt_core.backbones.trace import class_name
from niwt_core.errors import NiwtError

_MOST = 4096  # pictures in a batch


@dataclass(frozen=True)
class Unit:
    """One step of the network: a call of a known module, or one operation. `node` is its result, `paths` the modules that it belongs to."""

    node: fx.Node
    module: str | None
    inputs: tuple[fx.Node, ...]  # results of other steps that it reads, in order
    paths: tuple[str, ...]


class Recording:
    """What a model computes: its steps, and the weights and constants that they read."""

    def __init__(self, model: nn.Module, size: int, name: str) -> None:
        self.model = model
        try:
            with torch.no_grad(), _silent():
                free = ({0: torch.export.Dim("batch", min=1, max=_MOST)},)
                program = torch.export.export(
                    model, (torch.zeros(3, 3, size, size),), dynamic_shapes=free, strict=False
                )
        except Exception as error:  # what cannot be exported fails in as many ways as models can be written
            reason = str(error).strip().partition("\n")[0][:160] or type(error).__name__
            raise NiwtError(
                f"the model cannot be written down: {reason}", where=name, fix="choose another backbone or --size"
            ) from error
        program.graph.eliminate_dead_code()
        signature = program.graph_signature
        self.weights: dict[fx.Node, tuple[str, Tensor]] = {}
        self.constants: dict[fx.Node, Tensor] = {}
        self.numbers: set[fx.Node] = set()  # what follows from the size of the batch alone
        flow: list[fx.Node] = []
        for node in program.graph.nodes:
            if node.op == "placeholder":
                self._placeholder(node, program, signature)
            elif node.op == "call_function" and "_assert" not in str(node.target):  # assertions have no result
                read = node.all_input_nodes
                if isinstance(node.meta["val"], torch.SymInt | int):
                    self.numbers.add(node)
                elif all(other in self.constants or other in self.weights for other in read):
                    self._fold(node)
                elif all(self._given(other) for other in read):  # a class token for each picture
                    self.numbers.add(node)
                else:
                    flow.append(node)
        self.units = self._grouped(flow)

    def head(self, name: str) -> tuple[Tensor, Tensor | None]:
        """(rows (C, D), biases (C,) or None) of the linear layer that the model ends in. Raises NiwtError where it ends in another."""
        node = self.units[-1].node
        given = [self.weights.get(argument) for argument in node.args[1:3] if isinstance(argument, fx.Node)]
        if str(node.target) != "aten.linear.default" or not given or None in given:
            raise refused(name, f"does not end in a linear layer (but in {self.units[-1].module or node.target})")
        tensors = [tensor.detach() for recorded in given if recorded is not None for tensor in (recorded[1],)]
        return tensors[0], tensors[1] if len(tensors) > 1 else None

    def _placeholder(self, node: fx.Node, program: Any, signature: Any) -> None:
        if node.name in signature.inputs_to_parameters:
            name = signature.inputs_to_parameters[node.name]
            self.weights[node] = (name, program.state_dict[name])
        elif node.name in signature.inputs_to_buffers:
            name = signature.inputs_to_buffers[node.name]
            stored = program.state_dict if name in program.state_dict else program.constants
            self.constants[node] = stored[name]
        elif node.name in signature.inputs_to_lifted_tensor_constants:
            self.constants[node] = program.constants[signature.inputs_to_lifted_tensor_constants[node.name]]
        else:
            self.picture = node

    @torch.no_grad()
    def _fold(self, node: fx.Node) -> None:
        """The value of a step that reads no picture."""

        def value(other: fx.Node) -> Tensor:
            return self.constants[other] if other in self.constants else self.weights[other][1].detach()

        assert callable(node.target)
        self.constants[node] = node.target(*fx.map_arg(node.args, value), **fx.map_arg(node.kwargs, value))

    def _grouped(self, flow: Sequence[fx.Node]) -> list[Unit]:
        """Operations in order, those of one call of a known module together."""
        groups: list[tuple[str | None, list[fx.Node]]] = []
        open_call = None
        for node in flow:
            call, module = self._known_module(node)
            if call is None or call != open_call:
                groups.append((module, []))
            groups[-1][1].append(node)
            open_call = call
        units = []
        for module, nodes in groups:
            outside = {
                node: None
                for part in nodes
                for node in part.all_input_nodes
                if node not in nodes and not self._given(node)
            }
            if module is not None and len(outside) != 1:
                units += [self._unit(node, None) for node in nodes]
            else:
                units.append(self._unit(nodes[-1], module, tuple(outside)))
        return units

    def hides_nothing(self, node: Any) -> bool:
        """A mask of attention that is true everywhere, however large the batch: libraries record one for want of an `if`."""
        if node in self.constants:
            mask = self.constants[node]
            return mask.dtype is torch.bool and bool(mask.all())
        return node in self.numbers and str(node.target) == "aten.expand.default" and self.hides_nothing(node.args[0])

    def _given(self, node: fx.Node) -> bool:
        return node in self.weights or node in self.constants or node in self.numbers

    def _unit(self, node: fx.Node, module: str | None, inputs: tuple[fx.Node, ...] | None = None) -> Unit:
        read = (
            inputs if inputs is not None else tuple(other for other in node.all_input_nodes if not self._given(other))
        )
        return Unit(node, module, read, tuple(_path(path) for path, _ in _stack(node).values()))

    def _known_module(self, node: fx.Node) -> tuple[str | None, str | None]:
        """(the call, the module's name) of the outermost module on the node's way that a program knows."""
        for call, (path, _) in _stack(node).items():
            module = self.model.get_submodule(_path(path)) if path else self.model
            if class_name(module) is not None:
                return call, _path(path)
        return None, None


def _stack(node: fx.Node) -> Mapping[str, tuple[str, Any]]:
    modules: Mapping[str, tuple[str, Any]] = node.meta.get("nn_module_stack") or {}
    return {call: entry for call, entry in modules.items() if not entry[0].startswith("_empty_nn_module_stack")}


def _path(path: str) -> str:
    return re.sub(r"@\d+", "", path)


def refused(name: str, why: str) -> NiwtError:
    return NiwtError(f"backbone '{name}' {why}", where="--backbone", fix="choose another backbone")


@contextmanager
def _silent() -> Iterator[None]:
    """PyTorch logs what it then raises."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
