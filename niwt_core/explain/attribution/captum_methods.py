"""What Captum computes: Grad-CAM at the dictionary layer, integrated gradients and occlusion at the input."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from niwt_core.backbones.split import SplitNetwork
from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.classify.answer import EncodedPicture
from niwt_core.explain.attribution.importance_map import ImportanceMap, enlarged

ensure_torchvision()

from captum.attr import IntegratedGradients, LayerGradCam, Occlusion  # noqa: E402 - it imports torchvision

OCCLUSION_GRID = 8  # windows across the picture, half overlapping


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


def grad_cam(network: SplitNetwork, picture: EncodedPicture, row: Tensor) -> ImportanceMap:
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


def integrated_gradients(network: SplitNetwork, picture: EncodedPicture, row: Tensor) -> ImportanceMap:
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


def occlusion(network: SplitNetwork, picture: EncodedPicture, row: Tensor) -> ImportanceMap:
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
