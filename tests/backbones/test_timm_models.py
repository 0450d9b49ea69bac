"""The split networks of timm models of every design that is promised, against timm's own forward pass and transform."""

from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from niwt_core.backbones import InputOptions, load_backbone
from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.errors import NiwtError

TOKENS = {"depth": 3, "embed_dim": 16, "num_heads": 2}
# name -> (what makes it small, default layer, neurons there, positions before the places, is the tail pooling alone?)
CASES: dict[str, tuple[dict[str, Any], str, int, int, bool]] = {
    "vit_tiny_patch16_224": (TOKENS, "blocks.1", 16, 1, False),
    "deit_tiny_patch16_224": (TOKENS, "blocks.1", 16, 1, False),
    "swin_tiny_patch4_window7_224": (
        {"depths": (2, 2), "embed_dim": 8, "num_heads": (2, 4), "window_size": 4},
        "layers.1.blocks.1",
        16,
        0,
        False,
    ),
    "convnext_atto": ({"depths": (1, 1, 1, 1), "dims": (8, 8, 8, 12)}, "stages.3.blocks.0", 12, 0, False),
    "convnextv2_atto": ({"depths": (1, 1, 1, 1), "dims": (8, 8, 8, 12)}, "stages.3.blocks.0", 12, 0, False),
    "regnetx_002": ({}, "s4.b7", 368, 0, True),
    "regnety_002": ({}, "s4.b7", 368, 0, True),
    "mobilenetv3_small_050": ({}, "blocks.5.0", 288, 0, False),
    "densenet121": ({"block_config": (2, 2), "growth_rate": 4}, "features.norm5", 0, 0, True),
    "resnet18": ({}, "layer4.1", 512, 0, True),
    "tf_efficientnet_lite0": ({}, "bn2", 1280, 0, True),
}


@pytest.fixture(params=CASES)
def pair(request, monkeypatch) -> tuple[str, nn.Module, Any, Any]:
    """(name, timm's model, the split network with its weights, its preprocessing)."""
    ensure_torchvision()
    import timm

    real, small = timm.create_model, CASES[request.param][0]
    model: list[nn.Module] = []

    def create(name: str, **more: Any) -> nn.Module:
        model.append(real(name, num_classes=7, **small, **more).eval())
        with torch.no_grad():
            for parameter in model[-1].parameters():  # of which none is neutral
                parameter.add_(0.05 * torch.randn_like(parameter))
        return model[-1]

    monkeypatch.setattr(timm, "create_model", create)
    network, preprocess = load_backbone(f"timm:{request.param}", weights="none", inputs=InputOptions(size=64))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        try:
            theirs = create(request.param, img_size=64)
        except TypeError:
            torch.manual_seed(0)
            theirs = create(request.param)
    return request.param, theirs, network, preprocess


@torch.no_grad()
def test_every_cut_gives_the_logits_of_timm(pair):
    name, model, network, _ = pair
    _, layer, neurons, tokens, pooling = CASES[name]
    assert (network.layer, network.tokens) == (layer, tokens)
    assert network.neurons == (neurons or network.neurons)
    assert network.at(network.layers[-1]).identity_tail == pooling
    x = torch.randn(3, 3, 64, 64)
    expected = model(x)
    assert expected.std() > 1e-3
    for cut in map(network.at, network.layers):
        activations = cut.stem(x)
        assert activations.shape[:2] == (3, cut.neurons)
        assert cut.spatial(activations).ndim == 4
        torch.testing.assert_close(cut(x), expected, rtol=1e-4, atol=1e-4 * float(expected.abs().max()))
    assert torch.equal(network.head.weight, model.get_classifier().weight)
    assert torch.equal(network.head.bias, model.get_classifier().bias)
    with torch.enable_grad():
        activations = network.stem(x).detach().requires_grad_()
        (gradient,) = torch.autograd.grad(network.head(network.tail(activations))[:, 0].sum(), activations)
    assert network.spatial(gradient).abs().amax(1).min() > 0 or not tokens
    assert gradient.abs().max() > 0


@pytest.mark.parametrize("name", ["vit_tiny_patch16_224", "convnext_atto", "regnety_002", "mobilenetv3_small_050"])
def test_pixels_are_those_of_timm(name):
    ensure_torchvision()
    import timm

    model = timm.create_model(name, num_classes=3)
    transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=model))
    picture = Image.fromarray(np.random.default_rng(2).integers(0, 255, (301, 417, 3), np.uint8))
    _, preprocess = load_backbone(f"timm:{name}", weights="none")
    torch.testing.assert_close(preprocess(picture), transform(picture), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("deit_tiny_distilled_patch16_224", "averages two heads"),
        ("vit_small_patch14_dinov2", "has no head"),
        ("no_such_model", "has no model"),
    ],
)
def test_what_cannot_be_had_is_refused_by_name(name, words):
    with pytest.raises(NiwtError, match=words):
        load_backbone(f"timm:{name}", weights="none")
