"""The project's own network: where it can be cut, what its seed means, and that a study can rebuild it."""

import pytest
import torch

from niwt_core.backbones import backbone_names, load_backbone
from niwt_core.backbones.graph import network_from_dict, network_to_dict
from niwt_core.backbones.small_resnet import CLASSES, SmallResNet, load_small_resnet
from niwt_core.errors import NiwtError


def pictures(count: int = 2, size: int = 64) -> torch.Tensor:
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(1))


def test_it_is_a_backbone_like_any_other():
    network, preprocess = load_backbone("small_resnet")
    assert "small_resnet" in backbone_names()
    assert network.name == "small_resnet"
    assert preprocess.size == 128
    assert not network.identity_tail  # the default dictionary has a tail that bends: the operator has something to do
    assert network.at("stages.3").identity_tail


def test_the_dictionary_keeps_a_grid_that_can_point_and_is_never_negative():
    network, _ = load_backbone("small_resnet")
    layers = {info.name: info for info in network.layer_table(128)}
    assert (layers[network.layer].height, layers[network.layer].width) == (16, 16)
    with torch.no_grad():
        for layer in network.layers:
            assert float(network.at(layer).stem(pictures()).min()) >= 0


def test_the_seed_is_all_that_its_weights_depend_on():
    one, again, other = (load_small_resnet(weights=None, layer=None, seed=seed)[0] for seed in (3, 3, 4))
    torch.manual_seed(99)
    before = torch.get_rng_state()
    load_small_resnet(weights="none", layer=None, seed=3)
    assert torch.equal(torch.get_rng_state(), before)  # the caller's randomness is left alone
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), again.state_dict().values(), strict=True))
    assert not torch.equal(one(pictures()), other(pictures()))


def test_a_study_can_rebuild_it():
    network, _ = load_small_resnet(weights=None, layer="stages.1", seed=0)
    rebuilt = network_from_dict(network_to_dict(network), network.state_dict())
    assert torch.equal(rebuilt(pictures()), network(pictures()))
    assert rebuilt.layer == "stages.1"


def test_weights_of_a_file_are_taken(tmp_path):
    torch.manual_seed(5)
    model = SmallResNet(classes=CLASSES).eval()
    torch.save(model.state_dict(), tmp_path / "net.pth")
    network, _ = load_backbone("small_resnet", weights=tmp_path / "net.pth")
    torch.testing.assert_close(network(pictures()), model(pictures()))


def test_an_unknown_layer_is_named_with_the_known():
    with pytest.raises(NiwtError, match=r"stages\.2"):
        load_backbone("small_resnet", layer="stages.9")
