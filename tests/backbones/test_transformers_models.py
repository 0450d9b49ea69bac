"""The split networks of transformers classifiers, made from tiny configurations, against the library's forward pass."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from niwt_core.backbones import Preprocess, SplitNetwork, load_backbone
from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.backbones.weights import read_weights
from niwt_core.errors import NiwtError

TOKENS = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "image_size": 64,
    "patch_size": 16,
}
CONVNEXT = {"hidden_sizes": [8, 8, 12, 12], "depths": [1, 1, 2, 1], "drop_path_rate": 0.1}
# (configuration class, its arguments, default layer, neurons there, is the tail pooling alone?)
CASES = {
    "bottleneck": ("ResNetConfig", {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 2]}, -1, 16, True),
    "basic": (
        "ResNetConfig",
        {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [2, 1], "layer_type": "basic"},
        -1,
        16,
        True,
    ),
    "convnext": ("ConvNextConfig", CONVNEXT, -1, 12, False),
    "convnextv2": ("ConvNextV2Config", CONVNEXT, -1, 12, False),
    "regnetx": (
        "RegNetConfig",
        {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 2], "groups_width": 4, "layer_type": "x"},
        -1,
        16,
        True,
    ),
    "regnety": (
        "RegNetConfig",
        {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [2, 1], "groups_width": 4},
        -1,
        16,
        True,
    ),
    "vit": ("ViTConfig", {**TOKENS, "intermediate_size": 24}, -2, 16, False),
    "deit": ("DeiTConfig", {**TOKENS, "intermediate_size": 24}, -2, 16, False),
    "dinov2": ("Dinov2Config", TOKENS, -1, 16, False),  # its head reads the mean of the places beside the class token
    "swin": (
        "SwinConfig",
        {"image_size": 64, "patch_size": 4, "embed_dim": 8, "depths": [2, 2], "num_heads": [2, 4], "window_size": 4},
        -1,
        16,
        False,
    ),
}


def shaken(case: str) -> Any:
    ensure_torchvision()
    import transformers

    torch.manual_seed(3)
    kind, arguments = CASES[case][:2]
    classifier = getattr(transformers, kind.replace("Config", "ForImageClassification"))
    model = classifier(getattr(transformers, kind)(num_labels=7, **arguments))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model.eval()


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory) -> tuple[str, Any, SplitNetwork, Preprocess]:
    model = shaken(request.param)
    return request.param, model, *load_backbone(f"hf:{saved(model, tmp_path_factory.mktemp('model'))}")


def saved(model: Any, folder: Path, **more: Any) -> Path:
    """The model with a configuration of its preprocessing that ViT's image processor reads."""
    model.save_pretrained(folder)
    settings = {
        "image_processor_type": "ViTImageProcessor",
        "size": {"height": 64, "width": 64},
        "image_mean": [0.5, 0.4, 0.3],
        "image_std": [0.2, 0.3, 0.4],
        "resample": 3,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(settings | more))
    return folder


@torch.no_grad()
def test_every_cut_gives_the_logits_of_transformers(case):
    name, model, network, _ = case
    _, _, position, neurons, pooling = CASES[name]
    assert (network.layer, network.neurons) == (network.layers[position], neurons)
    assert network.at(network.layers[-1]).identity_tail == pooling
    x = torch.randn(2, 3, 64, 64)
    expected = model(x).logits
    assert expected.std() > 1e-2
    for layer in network.layers:
        cut = network.at(layer)
        activations = cut.stem(x)
        assert activations.shape[:2] == (2, cut.neurons)
        assert isinstance(model.get_submodule(layer), nn.Module)
        torch.testing.assert_close(cut(x), expected, rtol=1e-5, atol=1e-5)
    assert network.layer_table(64)[0].name == network.layers[0]


def test_gradients_reach_the_activations(case):
    network = case[2]
    activations = network.stem(torch.randn(2, 3, 64, 64)).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(network.head(network.tail(activations))[:, 0].sum(), activations)
    assert gradient.abs().amax((0, 2)).min() > 0 if gradient.ndim == 3 else gradient.abs().max() > 0


def test_tokens_become_a_map():
    model = shaken("vit")
    network = load_via_folder(model)
    assert network.tokens == 1
    activations = network.stem(torch.randn(2, 3, 64, 64))  # (B, N, T)
    assert activations.shape == (2, 16, 17)
    maps = network.spatial(activations)  # (B, N, h, w)
    assert maps.shape == (2, 16, 4, 4)
    assert torch.equal(maps[:, :, 1, 2], activations[:, :, 1 + 4 + 2])
    # in the last block only the class token reaches the head, hence the default of one before
    last = network.at("vit.layers.2")
    activations = last.stem(torch.randn(1, 3, 64, 64)).detach().requires_grad_()
    (gradient,) = torch.autograd.grad(last.head(last.tail(activations)).sum(), activations)
    assert not gradient[..., 1:].any()


def load_via_folder(model: Any) -> Any:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        return load_backbone(f"hf:{saved(model, Path(folder))}")[0]


def test_preprocessing_comes_from_the_folder(case):
    preprocess = case[3]
    assert (preprocess.size, preprocess.interpolation) == (64, "bicubic")
    assert preprocess.mean == (0.5, 0.4, 0.3)


@pytest.mark.parametrize("design", ["basic", "vit"])
def test_weights_of_a_file_or_a_seed(design, tmp_path):
    folder = saved(shaken(design), tmp_path)
    network, _ = load_backbone(f"hf:{folder}", weights=folder / "model.safetensors")
    published, _ = load_backbone(f"hf:{folder}")
    assert all(torch.equal(value, published.state_dict()[name]) for name, value in network.state_dict().items())
    first, second = (load_backbone(f"hf:{folder}", weights="none", seed=2)[0] for _ in range(2))
    assert all(torch.equal(value, second.state_dict()[name]) for name, value in first.state_dict().items())
    assert not torch.equal(first.head.weight, published.head.weight)
    state = read_weights(folder / "model.safetensors")
    lost = next(name for name in state if name.endswith("weight") and not name.startswith("classifier"))
    torch.save({name: value for name, value in state.items() if name != lost}, tmp_path / "lost.pt")
    with pytest.raises(NiwtError, match=r"lacks weights: .*lost\.pt"):
        load_backbone(f"hf:{folder}", weights=tmp_path / "lost.pt")


def test_the_number_of_classes_is_the_files(tmp_path):
    model = shaken("basic")
    saved(model, tmp_path)
    state = model.state_dict() | {"classifier.1.weight": torch.rand(3, 16), "classifier.1.bias": torch.rand(3)}
    torch.save(state, tmp_path / "three.pth")
    network, _ = load_backbone(f"hf:{tmp_path}", weights=tmp_path / "three.pth")
    assert torch.equal(network.head.weight, state["classifier.1.weight"])


def test_a_folder_that_cannot_be_used(tmp_path):
    model = shaken("basic")
    with pytest.raises(NiwtError, match="cannot load the model"):
        load_backbone(f"hf:{tmp_path}")
    saved(model, tmp_path)
    weights = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(NiwtError, match="cannot load the model"):
        load_backbone(f"hf:{tmp_path}")
    (tmp_path / "model.safetensors").write_bytes(weights)
    (tmp_path / "preprocessor_config.json").write_text("{")
    with pytest.raises(NiwtError, match=r"preprocessor_config\.json"):
        load_backbone(f"hf:{tmp_path}")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"model_type": "segformer"}, r"is a segformer, which cannot be split.*convnextv2"),
        ({"model_type": "vit", "num_channels": 1}, "pictures of 1 channels"),
        ({"model_type": "vit", "image_size": [64, 96]}, "pictures of 64 x 96"),
        ({"architecture": "resnet18"}, r"in timm's form.*timm:resnet18 --weights .*model\.safetensors"),
    ],
)
def test_what_cannot_be_split_is_refused_by_name(config, words, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "preprocessor_config.json").write_text("{}")
    with pytest.raises(NiwtError, match=words):
        load_backbone(f"hf:{tmp_path}")


def test_two_heads_are_refused(tmp_path):
    ensure_torchvision()
    from transformers import DeiTConfig, DeiTForImageClassificationWithTeacher

    config = DeiTConfig(num_labels=7, **CASES["deit"][1])
    saved(DeiTForImageClassificationWithTeacher(config), tmp_path)
    with pytest.raises(NiwtError, match="averages two heads"):
        load_backbone(f"hf:{tmp_path}")


def test_a_head_of_its_own_must_be_there_where_it_is_wanted(tmp_path):
    model = shaken("basic")
    saved(model, tmp_path)
    state = {name.replace("classifier.1", "fc"): value for name, value in model.state_dict().items()}
    torch.save(state, tmp_path / "renamed.pth")
    load_backbone(f"hf:{tmp_path}", weights=tmp_path / "renamed.pth")  # a head will be fitted
    with pytest.raises(NiwtError, match=r"no head that fits \(classifier\.1.*fc\..* is unknown"):
        load_backbone(f"hf:{tmp_path}", weights=tmp_path / "renamed.pth", own_head=True)


def test_loading_is_silent(tmp_path, capfd):
    folder = saved(shaken("basic"), tmp_path)
    capfd.readouterr()
    load_backbone(f"hf:{folder}")
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("transformers").level == logging.WARNING
