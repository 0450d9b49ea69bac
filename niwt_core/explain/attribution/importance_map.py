"""Maps over the network's input: of a class, of a neuron, of a mixture of neurons."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from niwt_core.backbones.receptive_field import enlarge
from niwt_core.backbones.split import SplitNetwork
from niwt_core.classify.answer import EncodedPicture
from niwt_core.errors import NiwtError


@dataclass(frozen=True, eq=False)
class ImportanceMap:
    """values (s,s) float32 at input resolution, positive speaks for the class; ``delta`` is what completeness misses, as a share of
    the score's difference to the baseline (integrated gradients only, else 0)."""

    method: str
    values: Tensor
    delta: float = 0.0

    def scaled(self) -> Tensor:
        """(s,s) divided by the largest magnitude: -1..1."""
        return self.values / self.values.abs().max().clamp_min(1e-12)

    def peak(self) -> tuple[int, int]:
        """(row, column) of the highest value."""
        place = int(self.values.argmax())
        return place // self.values.shape[1], place % self.values.shape[1]


def neuron_map(network: SplitNetwork, picture: EncodedPicture, neuron: int) -> ImportanceMap:
    """Where one neuron of the dictionary is active, at input resolution. Raises NiwtError when there is no such neuron."""
    if not 0 <= neuron < network.neurons:
        raise NiwtError(f"no neuron {neuron}", where=network.layer, fix=f"use 0 to {network.neurons - 1}")
    activation = network.spatial(picture.activations)[:, neuron : neuron + 1]  # (1, 1, h, w)
    return ImportanceMap(f"neuron {neuron}", enlarged(network, activation, picture))


def weighted_map(network: SplitNetwork, picture: EncodedPicture, weights: Tensor) -> ImportanceMap:
    """The sum of all neurons' maps with ``weights`` (N,), only what speaks for it: the map of a word or of any neuron mixture."""
    mixed = torch.einsum("n,bnhw->bhw", weights, network.spatial(picture.activations)).unsqueeze(1).clamp_min(0)
    return ImportanceMap("weighted", enlarged(network, mixed, picture))


def enlarged(network: SplitNetwork, maps: Tensor, picture: EncodedPicture) -> Tensor:
    """Maps (1,1,h,w) of the dictionary layer as one (s,s) at the size of the picture's input."""
    return enlarge(network, maps, picture.input.shape[-1])[0, 0].detach()
