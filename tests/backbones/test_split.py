"""What a split network promises, on a tiny one that torchvision builds in milliseconds."""

import copy

import pytest
import torch
from torch import nn

from niwt_core.backbones import LayerInfo, SplitNetwork, load_backbone
from niwt_core.backbones.operations import StochasticDepth
from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.backbones.trace import split_model
from niwt_core.errors import NiwtError


class Small(nn.Module):
    """A convolution, another, and `pool` down to features; the head reads `width` of them."""

    def __init__(self, *pool: nn.Module, width: int = 6) -> None:
        super().__init__()
        self.first, self.act, self.second = nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True), nn.Conv2d(4, 6, 3)
        self.pool, self.head = nn.Sequential(*pool), nn.Linear(width, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.pool(self.act(self.second(self.act(self.first(x))))))


def small(*pool: nn.Module, width: int = 6) -> SplitNetwork:
    torch.manual_seed(1)
    return split_model(Small(*pool, width=width), "first|second|act", name="small", size=12)


def average() -> SplitNetwork:
    return small(nn.AdaptiveAvgPool2d((1, 1)), nn.Dropout(0.5), nn.Flatten())


@pytest.mark.parametrize(
    ("pool", "width", "identity"),
    [
        ((nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout()), 6, True),
        ((nn.Identity(), nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten()), 6, True),
        ((nn.AdaptiveAvgPool2d((1, 2)), nn.Flatten()), 12, False),
        ((nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()), 6, False),
        ((nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 6)), 6, False),
        ((nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(6)), 6, False),
        ((nn.MaxPool2d(8), nn.Flatten()), 6, False),
        ((nn.AvgPool2d(8), nn.Flatten()), 6, False),  # pools all only at this one input size
    ],
)
def test_identity_tail_is_what_the_jacobian_says(pool, width, identity):
    network = small(*pool, width=width).at("act")
    assert network.identity_tail == identity
    assert not network.at("second").identity_tail
    if identity:
        activations = torch.randn(1, 6, 8, 8)
        jacobian = torch.autograd.functional.jacobian(lambda a: network.tail(a)[0], activations)  # (D, 1, N, H, W)
        torch.testing.assert_close(jacobian.sum((1, 3, 4)), torch.eye(6))


def test_a_reused_activation_becomes_two_modules():
    network = average()
    relus = [module for module in network.modules() if isinstance(module, nn.ReLU)]
    assert len(relus) == 2
    assert network.layers == ("first", "second", "act")


def test_shared_modules_and_own_cut():
    network = average()
    other = network.at("first")
    assert (network.layer, other.layer, other.neurons) == ("act", "first", 4)
    assert other.chain[0] is network.chain[0]
    assert other.dictionary is network.chain[0]
    x = torch.randn(2, 3, 12, 12)
    assert torch.equal(other(x), network(x))
    with pytest.raises(NiwtError, match="no layer 'third'"):
        network.at("third")


def test_replace_head_is_seeded():
    network = average()
    one = network.replace_head(9, seed=5)
    assert network.head is one
    assert one.weight.shape == (9, 6)
    assert network.data["head"] == {"in": 6, "out": 9, "bias": True}
    assert torch.equal(network.replace_head(9, seed=5).weight, one.weight)
    assert not torch.equal(network.replace_head(9, seed=6).weight, one.weight)
    assert network.replace_head(2, seed=0, bias=False).bias is None
    assert one.weight.abs().max() <= 6**-0.5


def test_layer_table():
    assert average().train().layer_table(12) == (
        LayerInfo("first", 4, 10, 10),
        LayerInfo("second", 6, 8, 8),
        LayerInfo("act", 6, 8, 8),
    )


def test_asking_leaves_the_mode_alone():
    network = average().train()
    assert network.identity_tail
    assert network.training
    assert all(module.training for module in network.modules())
    assert not average().training


def test_copies_are_independent():
    network = average()
    twin = copy.deepcopy(network)
    x = torch.randn(2, 3, 12, 12)
    expected = network(x)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    assert torch.equal(network(x), expected)
    assert not twin(x).any()


def test_a_network_in_training_learns():
    network = small(nn.AdaptiveAvgPool2d(1), nn.Flatten()).train()
    x, y = torch.randn(8, 3, 12, 12), torch.arange(8) % 5
    optimiser = torch.optim.SGD(network.parameters(), lr=0.1)
    losses = []
    for _ in range(5):
        loss = nn.functional.cross_entropy(network(x), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_stochastic_depth_drops_whole_branches_and_keeps_the_mean():
    torch.manual_seed(0)
    depth, x = StochasticDepth(0.25), torch.ones(4000, 2, 3)
    kept = depth(x)
    torch.testing.assert_close(kept.unique(), torch.tensor([0.0, 1 / 0.75]))
    assert (kept.amax((1, 2)) == kept.amin((1, 2))).all()
    assert abs(kept.mean() - 1) < 0.05
    assert depth.eval()(x) is x


def test_deep_lift_is_complete_on_a_resnet():
    """It would not be if the blocks' activations were the library's re-used ones."""
    ensure_torchvision()
    from captum.attr import DeepLift

    network, _ = load_backbone("resnet18", weights="none")
    x = torch.rand(1, 3, 64, 64)
    _, delta = DeepLift(network).attribute(x, torch.zeros_like(x), target=3, return_convergence_delta=True)
    change = (network(x) - network(torch.zeros_like(x)))[0, 3]
    assert delta.abs().item() < 0.01 * change.abs().item()
