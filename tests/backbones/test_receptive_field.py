"""Centres of receptive fields, against where the input's gradient of one place really lies."""

import pytest
import torch
from torch import nn

from niwt_core.backbones import load_backbone
from niwt_core.backbones.receptive_field import centres, enlarge

CASES = [
    ("small_resnet", "stages.1", 64),
    ("small_resnet", "stages.2", 128),
    ("resnet18", "layer2.1", 160),
    ("mobilenet_v2", "features.6", 96),
    ("convnext_tiny", "features.1", 96),
]


@pytest.mark.parametrize(("name", "layer", "size"), CASES)
def test_centre_is_the_middle_of_what_a_place_sees(name, layer, size):
    network, _ = load_backbone(name, weights="none", layer=layer)
    for module in network.modules():  # a network in which every pixel of a window counts the same
        if isinstance(module, nn.Conv2d):
            module.weight.data.fill_(1 / module.weight[0].numel())
    network.eval()
    x = (torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0)) * 0.01 + 1).requires_grad_()
    maps = network.stem(x)
    place = maps.shape[-1] // 2
    start, jump = centres(network)
    assert jump == size / maps.shape[-1]
    (gradient,) = torch.autograd.grad(maps[0, :, place, place].sum(), x)
    reached = gradient.abs().sum((0, 1)).sum(0).nonzero().flatten()  # columns that the place sees
    low, high = int(reached.min()), int(reached.max())
    assert low > 0, "the picture is too small to hold the whole window"
    assert high < size - 1, "the picture is too small to hold the whole window"
    assert (low + high) / 2 == pytest.approx(start + place * jump, abs=0.01)


def test_patches_are_centred_and_padded_strides_are_not():
    assert centres(load_backbone("convnext_tiny", weights="none", layer="features.0")[0]) == (1.5, 4.0)
    assert centres(load_backbone("small_resnet", layer="stages.2")[0]) == (0.0, 8.0)
    assert centres(load_backbone("vgg11", weights="none", layer="features.10")[0]) == (
        3.5,
        8.0,
    )  # three poolings of 2 x 2


def test_a_lone_place_is_brightest_at_its_centre():
    network, _ = load_backbone("small_resnet")
    maps = torch.zeros(1, 1, 16, 16)
    maps[0, 0, 3, 5] = 1
    large = enlarge(network, maps, 128)[0, 0]
    assert divmod(int(large.argmax()), 128) == (24, 40)
    assert large.max() == pytest.approx(1)
