"""Importance and its operator against finite differences, full Jacobians and plain loops, in float64."""

import pytest
import torch

from niwt_core.errors import NiwtError
from niwt_core.method.importance import class_targets, importance, operator, unit
from tests.support.tiny_networks import CUTS, activations, normal, tiny

BENT = [cut for cut in CUTS if cut not in (("pooled", "second.1"), ("residual", "last"))]  # G is not the identity


def finite_differences(network, one, row, step=1e-5):
    """(N,): raise a whole channel of A (1,N,...) a little, lower it a little, and look at the score."""
    slopes = []
    for n in range(network.neurons):
        shift = torch.zeros_like(one)
        shift[:, n] = step
        up, down = (float((network.tail(one + sign * shift)[0] * row).sum()) for sign in (1, -1))
        slopes.append((up - down) / (2 * step))
    return torch.tensor(slopes, dtype=torch.float64)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("design", "layer"), CUTS)
def test_importance_against_finite_differences(design, layer, seed):
    network = tiny(design, layer, seed=seed)
    A, rows = activations(network, 3, seed=seed), normal(3, network.features, seed=seed)
    got = importance(network, A, rows)
    assert got.shape == (3, network.neurons)
    for i in range(3):
        wanted = finite_differences(network, A[i : i + 1], rows[i])
        torch.testing.assert_close(got[i], wanted, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("design", "layer"), CUTS)
def test_importance_is_linear_in_the_row_and_blind_to_biases(design, layer):
    network = tiny(design, layer)
    A, rows = activations(network, 2), normal(2, network.features)
    doubled = importance(network, A, 2 * rows[0] - rows[1])
    torch.testing.assert_close(doubled, 2 * importance(network, A, rows[0]) - importance(network, A, rows[1]))
    network.head.bias.data += 3.0
    assert torch.equal(importance(network, A, rows), importance(network, A, rows.clone()))


def test_importance_leaves_no_gradient_behind():
    network = tiny("vgg", "second.1").requires_grad_(True)
    A = activations(network, 2)
    with torch.inference_mode(False), torch.no_grad():
        result = importance(network, A, normal(2, network.features))
    assert not result.requires_grad
    assert A.grad is None
    assert all(parameter.grad is None for parameter in network.parameters())


@pytest.mark.filterwarnings("ignore:There is a performance drop")  # the oracle's own
@pytest.mark.parametrize("mode", ["forward", "reverse", "auto"])
@pytest.mark.parametrize(("design", "layer"), BENT)
def test_operator_against_the_full_jacobian(design, layer, mode, monkeypatch):
    monkeypatch.setattr("niwt_core.method.importance.CHUNK_ELEMENTS", 4000)  # several chunks of directions
    network = tiny(design, layer)
    A = activations(network, 5)
    jacobian = torch.stack(
        [torch.func.jacrev(lambda a: network.tail(a.unsqueeze(0))[0])(one) for one in A]
    )  # (B, D, N, ...)
    wanted = jacobian.flatten(3).sum(3).mean(0).T  # (N, D)
    seen = []
    got = operator(network, A.split(2), mode=mode, on_batch=seen.append)
    torch.testing.assert_close(got, wanted)
    assert not got.requires_grad
    assert seen == [2, 4, 5]
    row = normal(network.features)
    torch.testing.assert_close(got @ row, importance(network, A, row).mean(0))


@pytest.mark.parametrize(("design", "layer"), [cut for cut in CUTS if cut not in BENT])
def test_identity_tail_is_the_general_path(design, layer, monkeypatch):
    network = tiny(design, layer)
    assert network.identity_tail
    A, rows = activations(network, 3), normal(3, network.features)
    short, G = importance(network, A, rows), operator(network, [A])
    assert torch.equal(G, torch.eye(network.neurons))
    monkeypatch.setattr(type(network), "identity_tail", False)
    torch.testing.assert_close(short, importance(network, A, rows))
    torch.testing.assert_close(G.double(), operator(network, [A]))


def test_operator_needs_a_picture():
    with pytest.raises(NiwtError, match="no probe picture"):
        operator(tiny("vgg", "second.1"), [])


@pytest.mark.parametrize(("design", "layer"), [("vgg", "first.2"), ("normed", "second.1"), ("vit", "vit.layers.0")])
def test_class_targets_against_a_plain_loop(design, layer):
    network = tiny(design, layer)
    A, labels, rows = activations(network, 7), torch.tensor([2, 0, 2, 1, 2, 0, 1]), normal(4, network.features)
    got = class_targets(network, zip(A.split(3), labels.split(3), strict=True), rows, classes=4)
    for c in range(4):
        of_class = [finite_differences(network, A[i : i + 1], rows[c]) for i in range(7) if labels[i] == c]
        wanted = (
            sum(alpha / alpha.norm() for alpha in of_class) / len(of_class)
            if of_class
            else torch.zeros(network.neurons)
        )
        torch.testing.assert_close(got[c], wanted.double(), rtol=1e-6, atol=1e-8)


def test_class_targets_of_an_identity_tail_need_no_picture():
    network, rows = tiny("pooled", "second.1"), normal(4, 9)
    torch.testing.assert_close(class_targets(network, [], rows, classes=4), rows / rows.norm(dim=1, keepdim=True))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_papers_loss_sees_images_only_through_the_targets(seed):
    """The mean over images of 1 - cos(a_y, alpha_y(x)) is 1 - a_y . m_y / |a_y|, weighted by the classes' images."""
    network = tiny("vgg", "second.1", seed=seed)
    A, labels, rows = activations(network, 9, seed=seed), torch.arange(9) % 3, normal(3, network.features, seed=seed)
    predicted = normal(3, network.neurons, seed=seed + 7)  # what any map gives
    alpha = importance(network, A, rows[labels])
    over_images = (1 - torch.cosine_similarity(predicted[labels], alpha)).mean()
    targets = class_targets(network, [(A, labels)], rows, classes=3)
    through_targets = (1 - (unit(predicted) * targets).sum(1)).mean()
    torch.testing.assert_close(over_images, through_targets)


def test_unit_keeps_a_zero_row():
    assert torch.equal(unit(torch.zeros(2, 3)), torch.zeros(2, 3))
    torch.testing.assert_close(unit(torch.tensor([[3.0, 4.0]])), torch.tensor([[0.6, 0.8]]))
