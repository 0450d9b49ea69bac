"""Networks as data: there and back again without the library, and no further than the whitelist."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from niwt_core.backbones import SplitNetwork, load_backbone
from niwt_core.backbones.graph import network_from_dict, network_to_dict
from niwt_core.backbones.trace import split_model
from niwt_core.errors import NiwtError

ROOT = Path(__file__).resolve().parents[2]


class Block(nn.Module):
    """A residual block with everything that a program can hold: a module, functions, a parameter read directly."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.scale = nn.Conv2d(4, 4, 3, padding=1), nn.Parameter(torch.rand(4, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        y *= self.scale
        y += x
        return nn.functional.gelu(y.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.blocks = nn.Conv2d(3, 4, 3), nn.Sequential(Block(), Block())
        self.head = nn.Linear(4, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks(self.stem(x)).mean([2, 3]))


@pytest.fixture(scope="module")
def small() -> SplitNetwork:
    torch.manual_seed(0)
    return split_model(Small(), r"stem|blocks\.\d", name="small", size=12)


def back(network: SplitNetwork) -> SplitNetwork:
    return network_from_dict(json.loads(json.dumps(network_to_dict(network))), network.state_dict())


def assert_same(first: SplitNetwork, second: SplitNetwork, size: int) -> None:
    x = torch.randn(2, 3, size, size)
    assert (first.layers, first.layer, first.tokens) == (second.layers, second.layer, second.tokens)
    for layer in first.layers:
        one, two = first.at(layer), second.at(layer)
        assert (one.neurons, one.features, one.identity_tail) == (two.neurons, two.features, two.identity_tail)
        activations = one.stem(x).detach()
        assert torch.equal(activations, two.stem(x))
        gradients = []
        for network in (one, two):
            leaf = activations.clone().requires_grad_()
            logits = network.head(network.tail(leaf))
            gradients.append((logits, *torch.autograd.grad(logits[:, 1].sum(), leaf)))
        assert all(torch.equal(ours, theirs) for ours, theirs in zip(*gradients, strict=True))


def test_round_trip_of_a_small_network(small):
    assert_same(small, back(small), 12)
    assert small.identity_tail
    assert not any(parameter.requires_grad for parameter in back(small).parameters())
    assert not back(small).training


@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18", "convnext_tiny"])
def test_round_trip_of_torchvision_networks(name):
    network, _ = load_backbone(name, weights="none", layer=None)
    network.replace_head(7, seed=1)
    third = network.at(network.layers[-3])
    assert_same(third, back(third), 32)


def test_round_trip_of_a_vision_transformer(tmp_path):
    from transformers import ViTConfig

    shape = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 24}
    ViTConfig(image_size=32, patch_size=8, num_labels=5, **shape).save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text('{"size": 32}')
    network, _ = load_backbone(f"hf:{tmp_path}", weights="none")
    assert_same(network, back(network), 32)


def test_half_precision_is_widened(small):
    tensors = {name: value.half() for name, value in small.state_dict().items()}
    network = network_from_dict(network_to_dict(small), tensors)
    assert {value.dtype for value in network.state_dict().values()} == {torch.float32}


def test_rebuilding_needs_neither_library(small, tmp_path):
    (tmp_path / "network.json").write_text(json.dumps(network_to_dict(small)))
    save_file(
        {name: value.contiguous() for name, value in small.state_dict().items()}, tmp_path / "network.safetensors"
    )
    code = (
        "import json, sys, torch\n"
        "from safetensors.torch import load_file\n"
        "from niwt_core.backbones.graph import network_from_dict\n"
        f"data = json.load(open({str(tmp_path / 'network.json')!r}))\n"
        f"network = network_from_dict(data, load_file({str(tmp_path / 'network.safetensors')!r}))\n"
        "assert network(torch.zeros(1, 3, 12, 12)).shape == (1, 5)\n"
        "heavy = {'torchvision', 'transformers', 'torch._dynamo', 'scipy', 'pandas', 'captum'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def change(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with one place changed; `path` like "chain.0.name"."""
    data = copy.deepcopy(data)
    place: Any = data
    *parts, last = [int(part) if part.isdecimal() else part for part in path.split("/")]
    for part in parts:
        place = place[part]
    place[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", 2),
        ("extra", 1),
        ("layer", "nowhere"),
        ("layer", []),
        ("layers", []),
        ("layers/0", "blocks.0"),
        ("layers/0", 3),
        ("neurons", [4]),
        ("neurons/0", "4"),
        ("tokens", 70),
        ("name", None),
        ("aliases", {"x": "nowhere"}),
        ("aliases", []),
        ("head", None),
        ("head", {"in": 4, "out": 5}),
        ("head/out", 6),
        ("head/out", 2**40),
        ("head/bias", "yes"),
        ("chain", {}),
        ("chain/0", []),
        ("chain/0/name", "../up"),
        ("chain/0/modules", []),
        ("chain/0/modules/stem", "Conv2d"),
        ("chain/0/modules/stem/0", "LSTM"),
        ("chain/0/modules/stem/0", ["Conv2d"]),
        ("chain/0/modules/stem/1/device", "cpu"),
        ("chain/0/modules/stem/1/groups", 0),
        ("chain/0/modules/stem/1/in_channels", -1),
        ("chain/0/modules/stem/1/out_channels", 2**50),
        ("chain/0/modules/stem/1/out_channels", {}),
        ("chain/0/modules/stem/1/kernel_size", [[3]]),
        ("chain/0/modules/forward", ["ReLU", {}]),
        ("chain/0/modules/stem.weight", ["ReLU", {}]),
        ("chain/0/modules/a b", ["ReLU", {}]),
        ("chain/1/weights/blocks.0.scale", [4, -1]),
        ("chain/1/weights/blocks.0.scale", [2**30, 2**30]),
        ("chain/1/weights/blocks.0.scale", [5, 1, 1]),
        ("chain/1/weights/blocks.0.other", [1]),
        ("chain/0/steps", []),
        ("chain/0/steps/0", ["module", "stem"]),
        ("chain/0/steps/0/0", "method"),
        ("chain/0/steps/0/0", []),
        ("chain/0/steps/0/1", "blocks.0.conv"),
        ("chain/0/steps/0/1", None),
        ("chain/0/steps/0/2", {"step": 0}),
        ("chain/0/steps/0/2/0", {"step": 1}),
        ("chain/0/steps/0/2/0", {"step": -1}),
        ("chain/0/steps/0/2/0", {"step": True}),
        ("chain/0/steps/0/2/0", {"weight": "stem.weight"}),
        ("chain/0/steps/0/2/0", {"slice": ["a"]}),
        ("chain/0/steps/0/2/0", {"call": "os.system"}),
        ("chain/0/steps/0/3", []),
        ("chain/1/steps/1/1", "eval"),
        ("chain/1/steps/1/1", "__import__"),
    ],
)
def test_anything_else_is_refused(small, path, value):
    data = network_to_dict(small)
    network_from_dict(data, small.state_dict())
    with pytest.raises(NiwtError, match="unreadable network"):
        network_from_dict(change(data, path, value), small.state_dict())


def test_tensors_must_fit(small):
    data, tensors = network_to_dict(small), small.state_dict()
    for wrong in (
        {name: value for name, value in tensors.items() if name != "head.bias"},
        tensors | {"more": torch.ones(1)},
        tensors | {"head.bias": torch.ones(6)},
    ):
        with pytest.raises(NiwtError, match=r"tensors .* do not fit"):
            network_from_dict(data, wrong)


def test_what_no_program_knows_is_refused_when_traced():
    class Odd(Small):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(torch.special.erfcx(self.blocks(self.stem(x))).mean([2, 3]))

    with pytest.raises(NiwtError, match="erfcx"):
        split_model(Odd(), "stem", name="odd", size=12)

    class Headless(Small):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.blocks(self.stem(x)).mean([2, 3])

    with pytest.raises(NiwtError, match="does not end in a linear layer"):
        split_model(Headless(), "stem", name="odd", size=12)
    with pytest.raises(NiwtError, match="no layer that it can be cut at"):
        split_model(Small(), "nothing", name="odd", size=12)


def test_a_result_that_is_read_across_is_no_layer():
    class Skip(Small):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.stem(x)
            return self.head((self.blocks[1](self.blocks[0](x)) + x).mean([2, 3]))

    assert split_model(Skip(), r"stem|blocks\.\d", name="skip", size=12).layers == ("stem",)
