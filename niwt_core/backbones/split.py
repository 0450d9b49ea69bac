"""A classifier cut at its dictionary layer: stem x -> A, tail A -> phi, head phi -> o."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import Any

import torch
from torch import Tensor, nn

from niwt_core.backbones.program import Program
from niwt_core.errors import NiwtError

# Steps that change no value, in evaluation and after pooling.
_NO_CHANGE = {"Dropout", "Flatten", "Identity", "StochasticDepth", "contiguous", "flatten"}


@dataclass(frozen=True)
class LayerInfo:
    """A layer that can be the dictionary: its neurons (channels), and its grid of positions for one input size."""

    name: str
    neurons: int
    height: int
    width: int


class SplitNetwork(nn.Module):
    """A chain of programs, one per usable layer and one from the last layer to the features phi, then a linear head.

    name: the backbone's. layer: the dictionary layer, one of `layers`. tokens: number of leading positions of A that
    are not places in the picture (1 for the class token of a ViT, else 0). data: the network's structure as plain JSON
    (see `graph`).
    """

    def __init__(self, chain: Sequence[Program], head: nn.Linear, *, data: dict[str, Any]) -> None:
        super().__init__()
        self.chain = nn.ModuleList(chain)
        self.head = head
        self._data = data
        self.name: str = data["name"]
        self.layers: tuple[str, ...] = tuple(data["layers"])
        self.tokens: int = data["tokens"]
        self.layer: str = data["layer"]
        self._cut = self.layers.index(self.layer) + 1

    @property
    def data(self) -> dict[str, Any]:
        """Structure with the present layer and head."""
        head = {"in": self.head.in_features, "out": self.head.out_features, "bias": self.head.bias is not None}
        return {**self._data, "layer": self.layer, "head": head}

    def stem(self, x: Tensor) -> Tensor:
        """Dictionary activations A (B, N, H, W), or (B, N, T) for token networks, of pictures x (B, 3, s, s)."""
        for program in islice(self.chain, self._cut):
            x = program(x)
        return x

    def tail(self, activations: Tensor) -> Tensor:
        """Features phi (B, D) of activations A (B, N, H, W) or (B, N, T); differentiable."""
        for program in islice(self.chain, self._cut, None):
            activations = program(activations)
        return activations

    def forward(self, x: Tensor) -> Tensor:
        """Logits o (B, C) of pictures x (B, 3, s, s)."""
        logits: Tensor = self.head(self.tail(self.stem(x)))
        return logits

    def spatial(self, activations: Tensor) -> Tensor:
        """A, or anything of its shape, as maps (B, N, h, w): no class token, tokens back on their square grid."""
        if activations.ndim == 4:
            return activations
        places = activations[..., self.tokens :]  # (B, N, h * w)
        side = math.isqrt(places.shape[-1])
        return places.unflatten(-1, (side, -1))

    @property
    def dictionary(self) -> Program:
        """The module whose output is A, for tools that hook modules (Captum)."""
        program = self.chain[self._cut - 1]
        assert isinstance(program, Program)
        return program

    @property
    def neurons(self) -> int:
        """N, the number of channels of A."""
        return int(self._data["neurons"][self._cut - 1])

    @property
    def features(self) -> int:
        """D, the length of phi."""
        return self.head.in_features

    @property
    def identity_tail(self) -> bool:
        """True when the tail is exactly global average pooling, phi_n = mean_ij A_nij: then N = D, and G = I."""
        if self._cut != len(self.layers) or self.neurons != self.features:
            return False
        last = self.chain[-1]
        return isinstance(last, Program) and _pools_only(last) and self._averages()

    @torch.no_grad()
    def _averages(self) -> bool:
        """Ask the tail itself, with random activations on a grid that no rule about shapes could take for another."""
        anchor = self.head.weight
        probe = torch.rand(1, self.neurons, 2, 3, generator=torch.Generator().manual_seed(0)).to(anchor)  # (B, N, H, W)
        mode = self.training
        pooled = self.eval().tail(probe)
        self.train(mode)
        return pooled.shape == probe.shape[:2] and torch.allclose(pooled, probe.mean((2, 3)), rtol=1e-3, atol=1e-3)

    def at(self, layer: str) -> "SplitNetwork":
        """The same network (shared modules) with another dictionary layer; NiwtError when there is no such layer."""
        layer = self._data["aliases"].get(layer, layer)
        if layer not in self.layers:
            near = get_close_matches(layer, self.layers, n=3) or self.layers[-3:]
            raise NiwtError(
                f"'{self.name}' has no layer '{layer}'",
                where="--layer",
                fix=f"use one of its layers, such as {', '.join(near)}",
            )
        moved = SplitNetwork([*self.chain], self.head, data={**self._data, "layer": layer})
        moved.training = self.training
        return moved

    def replace_head(self, classes: int, *, seed: int, bias: bool = True) -> nn.Linear:
        """Put a fresh head (D -> `classes`), drawn from `seed` as `nn.Linear` draws its own, in place of the present
        one, and return it."""
        generator = torch.Generator().manual_seed(seed)
        bound = 1 / math.sqrt(self.features)
        head = nn.Linear(self.features, classes, bias=bias, device="meta").to_empty(device="cpu")
        with torch.no_grad():
            for parameter in head.parameters():
                parameter.uniform_(-bound, bound, generator=generator)
        self.head = head.to(self.head.weight)
        return self.head

    @torch.no_grad()
    def layer_table(self, size: int) -> tuple[LayerInfo, ...]:
        """Every usable layer with its neurons and grid for square pictures of `size` pixels."""
        mode, rows = self.training, []
        self.eval()
        x = torch.zeros(1, 3, size, size).to(self.head.weight)  # (1, 3, s, s)
        for name, program in zip(self.layers, self.chain, strict=False):
            x = program(x)
            maps = self.spatial(x)
            rows.append(LayerInfo(name, *maps.shape[1:]))
        self.train(mode)
        return tuple(rows)


def _pools_only(program: Program) -> bool:
    """True when the steps are one global average pooling and otherwise only what changes no value in evaluation."""
    pools = 0
    for kind, target, args, _ in program.steps:
        module = program.get_submodule(target) if kind == "module" else None
        name = type(module).__name__ if module is not None else target
        one = (getattr(module, "output_size", None) if module is not None else args[1]) if "daptive" in name else None
        if one in (1, (1, 1)) or (name == "mean" and args[1] in ((-2, -1), (2, 3), (-1, -2), (3, 2))):
            pools += 1
        elif name not in _NO_CHANGE:
            return False
    return pools == 1
