"""What stands in a study for a network that nobody has: features were computed elsewhere, and no picture can be read."""

from __future__ import annotations

import torch
from torch import nn

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.backbones.trace import split_model

NAME = "features"
SIZE = 8  # pixels, of pictures that are never given


def network_of_features(width: int) -> tuple[SplitNetwork, Preprocess]:
    """A stand-in with ``width`` neurons that are its features: its tail is global average pooling, so that each feature is a neuron.

    Its convolution is zero, and the classifier refuses pictures before it would be asked (`reads_pictures`).
    """
    convolution = nn.Conv2d(3, width, 1, bias=False)
    with torch.no_grad():
        convolution.weight.zero_()
    model = nn.Sequential(convolution, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 2, device="cpu"))
    with torch.no_grad():
        for parameter in model[3].parameters():
            parameter.zero_()
    return split_model(model, "0", name=NAME, size=SIZE), Preprocess(size=SIZE)


def reads_pictures(network: SplitNetwork) -> bool:
    """Whether the network is one that pictures can be given to."""
    return network.name != NAME
