"""One piece of a network as data: the steps to run.

A `Program` does what a traced `torch.fx` graph does, but is read from JSON (never from code) and needs nothing but
`torch.nn`, so that a study can rebuild its network without the library that the network came from (importing
torchvision alone costs 1.2 s).
"""

import math
import re
from collections.abc import Mapping
from operator import attrgetter
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from niwt_core.backbones.operations import FUNCTIONS, build_module, refuse

_NAME = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")
_MOST_ELEMENTS = 2**31  # of one weight; keeps a damaged file from asking for the moon


class Ref(NamedTuple):
    """Result of an earlier step; 0 is the input of the program."""

    step: int


class Weight(NamedTuple):
    """A parameter or constant that a step reads directly."""

    name: str


class Program(nn.Module):
    """Run steps on one tensor: (B, ...) -> (B, ...). Parameters keep the library's qualified names.

    Raises NiwtError unless every module, function, argument and name of `spec` (see `graph`) is one that is known and
    well formed.
    """

    def __init__(self, spec: Mapping[str, Any]) -> None:
        super().__init__()
        self.name: str = _name(spec.get("name"))
        modules, weights, steps = (spec.get(key) for key in ("modules", "weights", "steps"))
        constants = spec.get("constants", {})  # read directly like weights, but never trained
        tables = (modules, weights, constants)
        if not (all(isinstance(table, Mapping) for table in tables) and isinstance(steps, list) and steps):
            raise refuse(f"'{self.name}' lacks its modules, weights or steps")
        assert isinstance(modules, Mapping)
        assert isinstance(weights, Mapping)
        fixed = {_name(name): _shape(shape, least=0) for name, shape in constants.items()}
        self._weights = {_name(name): _shape(shape) for name, shape in weights.items()} | fixed
        self.steps = tuple(_step(step, index, modules, self._weights) for index, step in enumerate(steps))
        for name, entry in modules.items():
            parent, leaf = self._container(_name(name))
            parent.add_module(leaf, build_module(entry))
        for name, shape in self._weights.items():
            parent, leaf = self._container(name)
            if name in fixed:
                parent.register_buffer(leaf, torch.empty(shape, device="meta"))
            else:
                parent.register_parameter(leaf, nn.Parameter(torch.empty(shape, device="meta")))
        self._fetch = {name: attrgetter(name) for name in (*modules, *self._weights)}
        last_use = {reference: index for index, step in enumerate(self.steps) for reference in _references(step[2:])}
        self._done = tuple(
            tuple(ref for ref, last in last_use.items() if last == index) for index in range(len(self.steps))
        )

    def forward(self, x: Tensor) -> Tensor:
        """x (B, ...) -> result of the last step."""
        values: list[Any] = [x]
        for (kind, target, args, kwargs), done in zip(self.steps, self._done, strict=True):
            run = self._fetch[target](self) if kind == "module" else FUNCTIONS[target]
            values.append(
                run(*self._fill(args, values), **{key: self._fill(value, values) for key, value in kwargs.items()})
            )
            for reference in done:  # free what no later step reads, as plain Python code would
                values[reference] = None
        return values[-1]

    def _fill(self, value: Any, values: list[Any]) -> Any:
        if isinstance(value, Ref):
            return values[value.step]
        if isinstance(value, Weight):
            return self._fetch[value.name](self)
        if isinstance(value, tuple):
            return tuple(self._fill(part, values) for part in value)
        return value

    def _container(self, name: str) -> tuple[nn.Module, str]:
        """The (possibly new) plain module that holds `name`, and the last part of the name."""
        *path, leaf = name.split(".")
        module: nn.Module = self
        for part in path:
            if part not in module._modules:
                _free(module, part, name)
                module.add_module(part, nn.Module())
            module = module._modules[part]  # type: ignore[assignment]
        _free(module, leaf, name)
        return module, leaf


def _free(module: nn.Module, part: str, name: str) -> None:
    if hasattr(module, part):
        raise refuse(f"the name '{name}' is taken")


def _name(value: Any) -> str:
    if not (isinstance(value, str) and len(value) < 200 and _NAME.fullmatch(value)):
        raise refuse(f"{value!r} is not a name")
    return value


def _shape(value: Any, *, least: int = 1) -> tuple[int, ...]:
    if not (
        isinstance(value, list)
        and len(value) < 8
        and all(type(side) is int and least <= side < _MOST_ELEMENTS for side in value)
    ):
        raise refuse(f"{value!r} is not a shape")
    if math.prod(value) > _MOST_ELEMENTS:
        raise refuse(f"a weight of shape {value} is too large")
    return tuple(value)


def _step(
    step: Any, index: int, modules: Mapping[str, Any], weights: Mapping[str, Any]
) -> tuple[str, str, tuple[Any, ...], dict[str, Any]]:
    """(kind, target, args, kwargs) of step number `index` from its JSON form [kind, target, [args], {kwargs}]."""
    if not (isinstance(step, list) and len(step) == 4 and isinstance(step[2], list) and isinstance(step[3], Mapping)):
        raise refuse(f"step {index} is malformed")
    kind, target = step[:2]
    table: Mapping[str, Any] = {"module": modules, "function": FUNCTIONS}.get(kind if isinstance(kind, str) else "", {})
    if not isinstance(target, str) or target not in table:
        raise refuse(f"step {index} calls the unknown {kind} '{target}'")
    kwargs = {_name(key): _argument(value, index, weights) for key, value in step[3].items()}
    return kind, target, _argument(step[2], index, weights), kwargs


def _argument(value: Any, index: int, weights: Mapping[str, Any]) -> Any:
    """Decode one JSON argument: scalars as they are, lists as tuples, {"step": i}, {"weight": name}, {"slice": [start,
    stop, step]}."""
    if value is None or isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) < 50):
        return value
    if isinstance(value, list):
        return tuple(_argument(part, index, weights) for part in value)
    if isinstance(value, Mapping) and len(value) == 1:
        ((kind, content),) = value.items()
        if kind == "step" and type(content) is int and 0 <= content <= index:
            return Ref(content)
        if kind == "weight" and isinstance(content, str) and content in weights:
            return Weight(content)
        if kind == "slice" and isinstance(content, list) and all(part is None or type(part) is int for part in content):
            return slice(*content)
    raise refuse(f"{value!r} is not an argument")


def _references(value: Any) -> set[int]:
    """Numbers of the earlier steps that an argument reads."""
    if isinstance(value, Ref):
        return {value.step}
    if isinstance(value, Mapping):
        value = tuple(value.values())
    return (
        set().union(*(_references(part) for part in value))
        if isinstance(value, tuple) and not isinstance(value, Weight)
        else set()
    )
