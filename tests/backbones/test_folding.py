"""Batch normalisation folded into convolutions: the same logits and activations, the original untouched, only where it may be."""

import torch
from torch import nn

from niwt_core.backbones import load_backbone
from niwt_core.backbones.folding import folded
from niwt_core.backbones.trace import split_model


def randomised(network: nn.Module) -> None:
    """Statistics that matter: fresh ones are 0 and 1."""
    generator = torch.Generator().manual_seed(1)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.2, generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)


def norms(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def test_a_mobilenet_computes_the_same_with_no_norm_left() -> None:
    network, _ = load_backbone("mobilenet_v2", weights="none")
    randomised(network)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    twin = folded(network)
    x = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected, actual = network.stem(x), twin.stem(x)
        assert torch.allclose(actual, expected, atol=1e-4 * float(expected.abs().max()))
        assert torch.allclose(twin(x), network(x), rtol=1e-3, atol=1e-5)
    assert norms(network) == 52
    assert norms(twin) == 0
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


class Shared(nn.Module):
    """A convolution that two things read, and one that is called twice: neither may be folded."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.norm = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.again, self.norm_again = nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.act, self.pool, self.head = nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Linear(4, 2)

    def forward(self, x):  # type: ignore[no-untyped-def]
        y = self.one(x)
        y = self.act(self.norm(y) + y)
        y = self.norm_again(self.again(self.again(y)))
        return self.head(self.pool(y).flatten(1))


def test_what_others_read_is_left_alone() -> None:
    torch.manual_seed(0)
    network = split_model(Shared().eval(), r"act", name="shared", size=16)
    randomised(network)
    twin = folded(network)
    x = torch.rand(2, 3, 16, 16)
    with torch.inference_mode():
        assert torch.allclose(twin(x), network(x), atol=1e-6)
    assert norms(twin) == 2
