"""Importance maps of a class for a picture, by Captum, and maps of single neurons.

Every method explains the same score: ``row . phi(x)``, one class's logit without its bias. Methods that start at the dictionary layer
(Grad-CAM, neurons) run on the activations of the encoded picture, through the tail only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from niwt_core.backbones.receptive_field import enlarge
from niwt_core.backbones.split import SplitNetwork
from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.classify.answer import EncodedPicture
from niwt_core.errors import NiwtError

Method = Literal["grad-cam", "integrated-gradients", "occlusion"]
METHODS: tuple[Method, ...] = get_args(Method)
OCCLUSION_GRID = 8  # windows across the picture, half overlapping


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


class ClassScore(nn.Module):
    """x (B,3,s,s) -> (B,), the score of one head row (D,); ``dictionary`` is the layer to hook."""

    def __init__(self, network: SplitNetwork, row: Tensor) -> None:
        super().__init__()
        self.network, self.row = network, row

    def forward(self, x: Tensor) -> Tensor:
        return self.network.tail(self.network.stem(x)) @ self.row


class TailScore(nn.Module):
    """A (B,N,...) -> (B,): the same score from the dictionary layer on. ``entry`` passes A through, for Captum to hook."""

    def __init__(self, network: SplitNetwork, row: Tensor) -> None:
        super().__init__()
        self.network, self.row, self.entry = network, row, nn.Identity()

    def forward(self, activations: Tensor) -> Tensor:
        return self.network.tail(self.entry(activations)) @ self.row


def class_map(
    network: SplitNetwork, picture: EncodedPicture, row: Tensor, *, method: Method = "grad-cam"
) -> ImportanceMap:
    """The importance map of one head row (D,) for an encoded picture.

    "grad-cam" (Selvaraju et al., 2017) at the dictionary layer; "integrated-gradients" (Sundararajan et al., 2017) from a grey picture, summed over
    colours; "occlusion" (Zeiler and Fergus, 2014) by grey windows. Raises NiwtError on an unknown method.
    """
    methods: dict[str, Callable[[SplitNetwork, EncodedPicture, Tensor], ImportanceMap]] = {
        "grad-cam": _grad_cam,
        "integrated-gradients": _integrated_gradients,
        "occlusion": _occlusion,
    }
    if method not in methods:
        raise NiwtError(f"no method {method!r}", where="importance map", fix=f"use {', '.join(METHODS)}")
    ensure_torchvision()
    return methods[method](network, picture, row)


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


def _grad_cam(network: SplitNetwork, picture: EncodedPicture, row: Tensor) -> ImportanceMap:
    from captum.attr import LayerGradCam

    score = TailScore(network, row)
    activations = picture.activations.clone().requires_grad_()
    if (
        network.tokens
    ):  # Captum averages over dimensions after the second, the class token among them: give it the grid alone
        return ImportanceMap("grad-cam", enlarged(network, _token_grad_cam(network, activations, row), picture))
    with torch.enable_grad():
        cam = LayerGradCam(score, score.entry).attribute(activations, relu_attributions=True)  # (1, 1, h, w)
    return ImportanceMap("grad-cam", enlarged(network, cam, picture))


def _token_grad_cam(network: SplitNetwork, activations: Tensor, row: Tensor) -> Tensor:
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad((network.tail(activations) @ row).sum(), activations)
    weight = network.spatial(gradient).mean((2, 3), keepdim=True)
    return (weight * network.spatial(activations.detach())).sum(1, keepdim=True).clamp_min(0)


def _integrated_gradients(network: SplitNetwork, picture: EncodedPicture, row: Tensor) -> ImportanceMap:
    from captum.attr import IntegratedGradients

    score = ClassScore(network, row)
    baseline = torch.zeros_like(picture.input)  # the training mean in every channel: grey
    values, delta = IntegratedGradients(score).attribute(
        picture.input, baseline, n_steps=24, internal_batch_size=4, return_convergence_delta=True
    )
    with torch.no_grad():
        difference = float((score(picture.input) - score(baseline)).abs())
    return ImportanceMap(
        "integrated-gradients", values.sum(1)[0].detach().float(), float(delta.abs()) / max(difference, 1e-6)
    )


def _occlusion(network: SplitNetwork, picture: EncodedPicture, row: Tensor) -> ImportanceMap:
    from captum.attr import Occlusion

    side = picture.input.shape[-1]
    stride = max(1, side // OCCLUSION_GRID)
    with torch.no_grad():
        values = Occlusion(ClassScore(network, row)).attribute(
            picture.input,
            sliding_window_shapes=(3, 2 * stride, 2 * stride),
            strides=(3, stride, stride),
            baselines=0,
            perturbations_per_eval=4,
        )
    return ImportanceMap("occlusion", values[0, 0].float())
