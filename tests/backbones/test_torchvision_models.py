"""The split networks of torchvision's models, against torchvision's own forward pass."""

import socket
from urllib.error import URLError

import pytest
import torch
from torch import nn

from niwt_core.backbones import SplitNetwork, backbone_names, load_backbone
from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.backbones.torchvision_models import _PATIENCE
from niwt_core.errors import NiwtError

# name -> (default layer, neurons there, features, layers, is the tail pooling alone?)
EXPECTED = {
    "mobilenet_v2": ("features.18", 1280, 1280, 19, True),
    "mobilenet_v3_small": ("features.12", 576, 1024, 13, False),
    "resnet18": ("layer4.1", 512, 512, 10, True),
    "vgg11_bn": ("features.25", 512, 4096, 29, False),
    "convnext_tiny": ("features.7.2", 768, 768, 22, False),
    "efficientnet_b0": ("features.8", 1280, 1280, 18, True),
}


def shaken(name: str) -> nn.Module:
    """torchvision's model with random weights of which none is neutral (a fresh ConvNeXt hardly uses its blocks)."""
    ensure_torchvision()
    import torchvision

    torch.manual_seed(7)
    model = torchvision.models.get_model(name, weights=None, num_classes=11).eval()
    with torch.no_grad():
        for tensor in (*model.parameters(), *(buffer for buffer in model.buffers() if buffer.is_floating_point())):
            tensor.mul_(torch.empty_like(tensor).uniform_(0.8, 1.2)).add_(0.02 * torch.rand_like(tensor))
    return model


@pytest.fixture(scope="module", params=EXPECTED)
def pair(request, tmp_path_factory) -> tuple[nn.Module, SplitNetwork]:
    model = shaken(request.param)
    path = tmp_path_factory.mktemp("weights") / "model.pth"
    torch.save(model.state_dict(), path)
    return model, load_backbone(request.param, weights=path)[0]


@torch.no_grad()
def test_every_cut_gives_the_logits_of_torchvision(pair):
    model, network = pair
    default, neurons, features, layers, pooling = EXPECTED[network.name]
    assert (network.layer, network.neurons, network.features, len(network.layers)) == (
        default,
        neurons,
        features,
        layers,
    )
    assert network.identity_tail == pooling
    x = torch.randn(2, 3, 64, 64)
    expected = model(x)
    assert expected.std() > 1e-3
    for layer in network.layers:
        cut = network.at(layer)
        activations = cut.stem(x)
        assert activations.shape[:2] == (2, cut.neurons)
        before = activations.clone()
        phi = cut.tail(activations)
        assert torch.equal(activations, before), f"the tail after {layer} overwrites A"
        assert phi.shape == (2, features)
        torch.testing.assert_close(cut.head(phi), expected, rtol=1e-5, atol=1e-5)
        assert torch.equal(cut.spatial(activations), activations)


@torch.no_grad()
def test_activations_are_those_of_the_module_so_named(pair):
    model, network = pair
    seen: dict[str, torch.Tensor] = {}

    def watch(layer: str) -> None:
        def keep(module: nn.Module, args: object, result: torch.Tensor) -> None:
            seen[layer] = result.clone()  # the next activation overwrites it

        model.get_submodule(layer).register_forward_hook(keep)

    for layer in network.layers:
        watch(layer)
    x = torch.randn(1, 3, 64, 64)
    model(x)
    for layer, program in zip(network.layers, network.chain, strict=False):
        x = program(x)
        torch.testing.assert_close(x, seen[layer], rtol=1e-5, atol=1e-5)


def test_no_two_steps_share_a_relu_and_none_is_in_place(pair):
    _, network = pair
    for program in network.chain:
        called = [target for kind, target, *_ in program.steps if kind == "module"]
        assert len(called) == len(set(called))
        assert not any(getattr(module, "inplace", False) for module in program.modules())


@torch.no_grad()
def test_channels_last_and_autocast(pair):
    _, network = pair
    x = torch.randn(2, 3, 64, 64)
    expected = network(x)
    last = network(x.contiguous(memory_format=torch.channels_last))
    assert (last - expected).abs().max() < 1e-3 * expected.abs().max()
    with torch.autocast("cpu", torch.bfloat16):
        half = network(x)
    assert (half.float() - expected).abs().max() < 0.1 * expected.abs().max()


def test_the_tail_is_differentiable_though_the_stem_is_not_recorded(pair):
    _, network = pair
    with torch.no_grad():
        activations = network.stem(torch.randn(2, 3, 64, 64))
    activations.requires_grad_()
    (gradient,) = torch.autograd.grad(network.head(network.tail(activations))[:, 3].sum(), activations)
    assert gradient.shape == activations.shape
    assert gradient.abs().max() > 0


def test_vgg_layers_have_the_names_of_the_paper():
    network, _ = load_backbone("vgg11", weights="none", layer="conv5_2")
    assert network.layer == "features.18"
    assert network.at("conv1_1").layer == "features.0"


def test_a_stage_may_be_named_instead_of_its_last_block():
    network, _ = load_backbone("resnet18", weights="none", layer="layer3")
    assert network.layer == "layer3.1"


def test_weights_drawn_from_a_seed_are_the_same_again():
    first, second, other = (load_backbone("mobilenet_v3_small", weights="none", seed=seed)[0] for seed in (3, 3, 4))
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[name])
    assert not torch.equal(first.head.weight, other.head.weight)


def test_preprocessing_is_that_of_the_published_weights():
    assert load_backbone("mobilenet_v3_small", weights="none")[1].size == 224
    preprocess = load_backbone("efficientnet_b0", weights="none")[1]
    assert (preprocess.size, preprocess.interpolation) == (224, "bicubic")


def test_names():
    names = backbone_names()
    assert {"mobilenet_v2", "resnet18", "resnet50", "resnet101", "vgg16", "convnext_tiny"} <= set(names)
    with pytest.raises(NiwtError, match=r"unknown backbone 'restnet50'.*resnet50"):
        load_backbone("restnet50", weights="none")
    with pytest.raises(NiwtError, match=r"no layer 'layer4.9'.*layer4.1"):
        load_backbone("resnet18", weights="none", layer="layer4.9")


def test_a_failed_download_says_to_give_a_file(monkeypatch, tmp_path, capfd):
    asked = []

    def fail(*args, **kwargs):
        asked.append(socket.getdefaulttimeout())
        raise URLError("no route to host")

    monkeypatch.setattr("torch.hub.urlopen", fail)
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
    with pytest.raises(NiwtError, match=r"cannot download the weights.*no route to host.*--weights FILE"):
        load_backbone("mobilenet_v3_small")
    assert asked == [_PATIENCE]
    assert capfd.readouterr() == ("", "")  # the error is the one line; torch.hub would put its own before it
    assert socket.getdefaulttimeout() is None
