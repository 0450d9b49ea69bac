"""Library model to network data: trace it, find where it can be cut, and write each piece down as a program."""

import operator
import re
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn

from niwt_core.backbones.graph import VERSION, network_from_dict
from niwt_core.backbones.operations import FUNCTIONS, MODULES
from niwt_core.backbones.split import SplitNetwork
from niwt_core.errors import NiwtError

# What torch.fx records, by the name that `operations.FUNCTIONS` has for it. In-place additions become plain ones: the
# same bits, but A survives.
_NAMES: dict[Any, str] = {function: name for name, function in FUNCTIONS.items()}
_NAMES |= {operator.iadd: "add", operator.imul: "mul", F.adaptive_avg_pool2d: "adaptive_avg_pool2d"}
_NAMES |= {
    getattr(torch, name): name for name in ("add", "mul", "div", "flatten", "mean", "permute", "relu", "reshape")
}


def split_model(
    model: nn.Module, pattern: str, *, name: str, size: int, tokens: int = 0, aliases: Mapping[str, str] | None = None
) -> SplitNetwork:
    """The split network of a library model that maps pictures (B, 3, s, s) to logits (B, C) through a last `nn.Linear`.

    Dictionary layers are the modules whose qualified name matches `pattern` and whose result, (B, N, H, W) or (B, N,
    T), is a cut vertex: all that follows depends on the picture through it alone. A ReLU that the library re-uses
    becomes one module per use, because DeepLift and its kin keep one record per module and would be silently wrong.

    name, tokens: as in `SplitNetwork`. size: of pictures that the model takes, pixels. aliases: further names of
    layers. Raises NiwtError when the model cannot be split.
    """
    tracer = _Tracer()
    graph = tracer.trace(model.eval())
    source, *flow, logits = _flow(graph)
    head = model.get_submodule(str(logits.target)) if logits.op == "call_module" else None
    if not isinstance(head, nn.Linear):
        raise _cannot_split(name, "does not end in a linear layer")
    shapes = _shapes(model, graph, size)
    cuts = {node for node in _cut_vertices(source, flow) if len(shapes[node]) in (3, 4) and node is not flow[-1]}
    offered = [layer for layer, node in tracer.results.items() if node in cuts and tracer.offers(layer, pattern)]
    names = {tracer.results[layer]: layer for layer in reversed(offered)}  # of modules with one result, the inner one
    if not names:
        raise _cannot_split(name, "has no layer that it can be cut at")
    ends = [node for node in flow if node in names]
    layers = [names[node] for node in ends]
    chain, tensors = [], {f"head.{key}": value for key, value in head.state_dict().items()}
    for index, (start, end) in enumerate(zip([source, *ends], [*ends, flow[-1]], strict=True)):
        piece = flow[0 if start is source else flow.index(start) + 1 : flow.index(end) + 1]
        spec, parameters = _program(model, start, piece, names.get(end, "features"))
        chain.append(spec)
        tensors |= {f"chain.{index}.{key}": value for key, value in parameters.items()}
    blocks = {other: names[node] for other, node in tracer.results.items() if node in names}
    outer = {other: layer for other, layer in blocks.items() if layer.startswith(other + ".")}
    data = {
        "version": VERSION,
        "name": name,
        "tokens": tokens,
        "layer": layers[-1],
        "layers": layers,
        "neurons": [shapes[node][1] for node in ends],
        "aliases": outer | dict(aliases or {}),
        "head": {"in": head.in_features, "out": head.out_features, "bias": head.bias is not None},
        "chain": chain,
    }
    return network_from_dict(data, tensors, trainable=True)


def _cannot_split(name: str, why: str) -> NiwtError:
    return NiwtError(f"backbone '{name}' {why}", where="--backbone", fix="choose another backbone")


def _flow(graph: fx.Graph) -> list[fx.Node]:
    """The picture and every result that is read, in order of computation; the last is the logits."""
    for node in reversed(graph.nodes):
        if node.op.startswith("call") and not node.users:
            graph.erase_node(node)
    return [node for node in graph.nodes if node.op == "placeholder" or node.op.startswith("call")]


class _Tracer(fx.Tracer):
    """Stops at the modules that a program knows, enters all others, and remembers which node is the result of which
    module."""

    def __init__(self) -> None:
        super().__init__()
        self.results: dict[str, fx.Node] = {}

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return class_name(m) is not None

    def call_module(self, m: nn.Module, forward: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = super().call_module(m, forward, args, kwargs)
        if isinstance(result, fx.Proxy):
            self.results[self.path_of_module(m)] = result.node
        return result

    def offers(self, layer: str, pattern: str) -> bool:
        """Is this a layer to choose? Of a block that is one, the single convolutions and activations inside are not."""
        inner = class_name(self.root.get_submodule(layer)) is not None and re.fullmatch(
            pattern, layer.rpartition(".")[0]
        )
        return bool(re.fullmatch(pattern, layer)) and not inner


def class_name(module: nn.Module) -> str | None:
    """Name of a module in `operations.MODULES`; exact classes only, for a subclass may compute something else. Stochastic depth
    goes by many names."""
    name = type(module).__name__
    if name in MODULES and type(module) is MODULES[name][0]:
        return name
    return "StochasticDepth" if name == "StochasticDepth" or name.endswith("DropPath") else None


@torch.no_grad()
def _shapes(model: nn.Module, graph: fx.Graph, size: int) -> dict[fx.Node, tuple[int, ...]]:
    """Shape of the result of each node (empty if it is no tensor), found by running the model once."""
    shapes: dict[fx.Node, tuple[int, ...]] = {}

    class Recorder(fx.Interpreter):
        def run_node(self, n: fx.Node) -> Any:
            result = super().run_node(n)
            shapes[n] = tuple(result.shape) if isinstance(result, Tensor) else ()
            return result

    Recorder(model, graph=graph).run(torch.zeros(1, 3, size, size))
    return shapes


def _cut_vertices(source: fx.Node, flow: list[fx.Node]) -> set[fx.Node]:
    """Nodes that every path from the picture to the features runs through: no edge jumps over them."""
    position = {node: index for index, node in enumerate([source, *flow])}
    cuts, reach = set(), 0
    for node, index in position.items():
        if index and reach <= index:
            cuts.add(node)
        reach = max([reach, *(position.get(user, index) for user in node.users)])
    return cuts


def _program(
    model: nn.Module, start: fx.Node, piece: list[fx.Node], name: str
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """(spec, tensors) of the piece of the graph that begins after `start`."""
    step = {start: 0} | {node: index + 1 for index, node in enumerate(piece)}
    modules: dict[str, Any] = {}
    weights: dict[str, list[int]] = {}
    tensors: dict[str, Tensor] = {}

    def encode(value: Any) -> Any:
        if isinstance(value, fx.Node) and value.op == "get_attr":
            tensor = _attribute(model, str(value.target))
            weights[str(value.target)], tensors[str(value.target)] = list(tensor.shape), tensor.detach()
            return {"weight": str(value.target)}
        if isinstance(value, fx.Node):
            return {"step": step[value]}
        if isinstance(value, slice):
            return {"slice": [value.start, value.stop, value.step]}
        return [encode(part) for part in value] if isinstance(value, tuple | list) else value

    steps = []
    for node in piece:
        kind, target = "function", _function(node)
        if node.op == "call_module":
            kind, target, module = "module", str(node.target), model.get_submodule(str(node.target))
            state = module.state_dict()
            while target in modules and not state:  # a re-used activation: a module of its own for each use
                target += "_again"
            modules[target] = [class_name(module), arguments_of(module)]
            tensors |= {f"{target}.{key}": value for key, value in state.items()}
        elif target not in FUNCTIONS:
            raise NiwtError(
                f"'{model.__class__.__name__}' computes '{target}', which no program knows", where="--backbone"
            )
        steps.append(
            [
                kind,
                target,
                encode(node.args),
                {key: encode(value) for key, value in node.kwargs.items() if key != "inplace"},
            ]
        )
    return {"name": name, "modules": modules, "weights": weights, "steps": steps}, tensors


def _function(node: fx.Node) -> str:
    """Name in `operations.FUNCTIONS`, or what the library calls it when there is none. A method counts only as the
    tensor's own."""
    name = str(node.target)
    if node.op == "call_method":
        return name if FUNCTIONS.get(name) is getattr(Tensor, name, None) else f"Tensor.{name}"
    return _NAMES.get(node.target, name)


def arguments_of(module: nn.Module) -> dict[str, Any]:
    """Constructor arguments of a known module, read back from its attributes."""
    arguments = {}
    for name in MODULES[class_name(module) or ""][1]:
        value = (
            getattr(module, "drop_prob", None) if name == "p" and not hasattr(module, "p") else getattr(module, name)
        )
        if name == "bias":
            value = value is not None
        arguments[name] = list(value) if isinstance(value, tuple) else value
    return arguments


def _attribute(model: nn.Module, target: str) -> Tensor:
    path, _, leaf = target.rpartition(".")
    tensor: Tensor = getattr(model.get_submodule(path), leaf)
    return tensor
