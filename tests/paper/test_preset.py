"""Presets: the published numbers, and what is no preset; the layers that they name are there."""

import pytest
import torch
import yaml
from torch import nn

from niwt_core.backbones import load_backbone
from niwt_core.errors import NiwtError
from niwt_core.paper.preset import FOLDER, Preset, preset_names, read_preset

GOOD = {"backbone": "resnet18", "layer": "layer4.0"}
BAD = {
    "unknown key": ({**GOOD, "lambda": 1}, "unknown entry 'lambda'"),
    "unknown key of the loop": ({**GOOD, "transfer": {"rate": 1e-4}}, "unknown entry 'rate'"),
    "no layer": ({"backbone": "vgg16"}, "no entry 'layer'"),
    "no text": ({**GOOD, "layer": 4}, "layer is 4"),
    "set": ({**GOOD, "set": "birds"}, "unknown kind of set 'birds'"),
    "count": ({**GOOD, "count": 0}, "count is 0"),
    "part count": ({**GOOD, "count": 2.5}, "count is 2.5"),
    "word": ({**GOOD, "map": {"epochs": "many"}}, "map.epochs is 'many'"),
    "negative": ({**GOOD, "transfer": {"learning_rate": -1}}, "transfer.learning_rate is -1"),
    "not finite": ({**GOOD, "transfer": {"learning_rate": float("inf")}}, "transfer.learning_rate is inf"),
    "list": ([1, 2], "not a preset"),
    "map is a number": ({**GOOD, "map": 3}, "map is 3"),
}


def test_published_numbers():
    assert preset_names() == ("paper-awa2-resnet101", "paper-awa2-vgg16", "paper-cub-resnet101", "paper-cub-vgg16")
    for name in preset_names():
        preset = read_preset(name)
        assert (preset.name, f"paper-{preset.set}-{preset.backbone}") == (name, name)
        assert preset.layer == {"vgg16": "features.29", "resnet101": "layer4.0"}[preset.backbone]
        hyperparameters = {"cub": (1e-2, 1e-4), "awa2": (1e-3, 1e-3)}[preset.set]
        assert (preset.transfer.regularisation, preset.transfer.learning_rate) == hyperparameters
        assert (preset.count, preset.transfer.patience, preset.transfer.tolerance) == (3000, 40, 0.01)
        assert Preset.from_dict(preset.to_dict(), name=name, where="study") == preset


def test_a_users_own_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("backbone: resnet18\nlayer: layer4.0\ntransfer: {learning_rate: 1e-4}\n")  # a text to YAML 1.1
    preset = read_preset(str(path))
    assert (preset.name, preset.set, preset.transfer.learning_rate) == ("mine", "", 1e-4)
    preset.check_set("folder")
    with pytest.raises(NiwtError, match="preset paper-cub-vgg16 is for cub, not awa2"):
        read_preset("paper-cub-vgg16").check_set("awa2")


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_preset(tmp_path, name):
    values, words = BAD[name]
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(values))
    with pytest.raises(NiwtError, match=words):
        read_preset(str(path))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(NiwtError, match="did you mean paper-cub-resnet101"):
        read_preset("paper-cub-resnet")
    path = tmp_path / "bad.yaml"
    path.write_text("backbone: [\n")
    with pytest.raises(NiwtError, match="not valid YAML in line 2"):
        read_preset(str(path))
    path.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(NiwtError, match="cannot read the preset"):
        read_preset(str(path))
    with pytest.raises(NiwtError, match="no preset"):
        read_preset(str(tmp_path))


@pytest.mark.parametrize(
    "text",
    [
        "count: !!int ''",
        "count: 2001-01-01",
        "count: &a 1",
        "count: {<<: {}}",
        "count: 1\ncount: 2",
        "count: !!float q",
    ],
)
def test_values_that_are_none_of_a_preset(tmp_path, text):
    path = tmp_path / "bad.yaml"
    path.write_text(f"backbone: resnet18\nlayer: layer4.0\n{text}\n")
    with pytest.raises(NiwtError, match=r"bad.yaml"):
        read_preset(str(path))


def test_presets_are_packaged():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == set(preset_names())
    assert '"*.yaml"' in (FOLDER.parents[2] / "setup.py").read_text()


@pytest.mark.parametrize(("backbone", "grid"), [("vgg16", (512, 4, 4)), ("resnet101", (2048, 2, 2))])
def test_the_layers_are_the_papers(backbone, grid):
    """With random weights, at 64 pixels. Both end in their ReLU, as the layers of the authors' network do."""
    layer = read_preset(f"paper-cub-{backbone}").layer
    network, _ = load_backbone(backbone, weights="none", layer=layer)
    assert network.layer == layer
    assert not network.identity_tail
    with torch.no_grad():
        activations = network.eval().stem(torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)))
        assert activations.shape == (1, *grid)
        assert float(activations.min()) == 0
        if backbone == "vgg16":
            before = network.at("conv5_3")  # the same convolution before its ReLU, by the paper's name for it
            assert before.layer == "features.28"
            x = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
            torch.testing.assert_close(nn.functional.relu(before.stem(x)), network.stem(x))
    with pytest.raises(NiwtError, match="has no layer"):
        network.at("block4")
