"""A small residual network of the project's own, to be trained from scratch: no download, minutes on a CPU.

Made for the Aviary (pictures of 128 px). Four stages of one basic block (He et al., CVPR 2016, figure 5 left) after a
strided convolution; the last two keep one grid of 16 x 16, so that a map of the dictionary can point at a bill. Every
stage ends in a ReLU: neurons are silent where their concept is not. The default dictionary is the last stage but one,
with a whole residual block between it and the features.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.backbones.trace import split_model
from niwt_core.backbones.weights import fit_weights, read_weights

NAME = "small_resnet"
SIZE = 128
WIDTHS = (32, 64, 128, 192)  # channels of the stages
STRIDES = (2, 2, 1)  # of the stages after the first
LAYER = "stages.2"
CLASSES = 10  # of the head until one is fitted


class Block(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut: (B, i, H, W) -> (B, o, H/stride, W/stride), not negative."""

    def __init__(self, inputs: int, outputs: int, *, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        inner = self.norm2(self.conv2(self.relu1(self.norm1(self.conv1(x)))))  # (B, o, H', W')
        result: Tensor = self.relu2(inner + self.shortcut(x))
        return result


class SmallResNet(nn.Module):
    """(B, 3, s, s) -> (B, classes). Weights are drawn from the global generator, as torch.nn does."""

    def __init__(self, *, classes: int, widths: tuple[int, ...] = WIDTHS, strides: tuple[int, ...] = STRIDES) -> None:
        super().__init__()
        first, *rest = widths
        entry = nn.Sequential(nn.Conv2d(3, first, 3, 2, 1, bias=False), nn.BatchNorm2d(first), nn.ReLU())
        pairs = zip([first, *rest[:-1]], rest, strides, strict=True)
        self.stages = nn.Sequential(entry, *(Block(i, o, stride=stride) for i, o, stride in pairs))
        self.pool, self.flatten = nn.AdaptiveAvgPool2d(1), nn.Flatten()
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.flatten(self.pool(self.stages(x))))
        return logits


def load_small_resnet(
    *,
    weights: Path | str | None,
    layer: str | None,
    seed: int,
    widths: tuple[int, ...] = WIDTHS,
    strides: tuple[int, ...] = STRIDES,
) -> tuple[SplitNetwork, Preprocess]:
    """The split network with the weights of a file, or drawn from `seed`: it has no publisher. Raises NiwtError."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = SmallResNet(classes=CLASSES, widths=widths, strides=strides)
    if weights not in (None, "default", "none"):
        fit_weights(model, read_weights(str(weights)), where=str(weights), seed=seed)
    network = split_model(model, r"stages\.\d", name=NAME, size=SIZE // 2)
    return network.at(layer or LAYER), Preprocess(size=SIZE, mean=(0.5,) * 3, std=(0.25,) * 3)
