"""The paper's loop: its gradient, its loss, and what it leads to."""

import pytest
import torch
from tiny_networks import activations, normal, tiny

from niwt_core.importance import importance, unit
from niwt_core.transfer.paper import PaperSettings, importance_with_graph, paper_loss, paper_transfer

CUTS = [("vgg", "second.1"), ("residual", "act"), ("normed", "second.1"), ("vit", "vit.layers.0")]


def by_hand(network, batches, row, target, mean_row, regularisation):
    """Equation 4 of the paper with plain sums; G(x) from a full Jacobian."""
    total, count = 0.0, 0
    for one in torch.cat(batches):
        jacobian = torch.func.jacrev(lambda a: network.tail(a.unsqueeze(0))[0])(one)  # (D, N, ...)
        alpha = jacobian.flatten(2).sum(2).T @ row  # (N,)
        total += 1 - float(alpha @ target) / float(alpha.norm() * target.norm())
        count += 1
    return total / count + regularisation / 2 * float((row - mean_row).pow(2).sum())


@pytest.mark.filterwarnings("ignore:There is a performance drop")  # the oracle's own
@pytest.mark.parametrize(("design", "layer"), CUTS)
def test_loss_by_hand(design, layer):
    network = tiny(design, layer)
    batches = list(activations(network, 5).split(2))
    rows, targets, mean = (
        normal(2, network.features),
        normal(2, network.neurons, seed=1),
        normal(network.features, seed=2),
    )
    got = paper_loss(network, batches, rows, targets, mean, regularisation=0.3)
    wanted = [by_hand(network, batches, rows[i], targets[i], mean, 0.3) for i in range(2)]
    assert got.tolist() == pytest.approx(wanted)


@pytest.mark.parametrize(("design", "layer"), CUTS)
def test_gradient_in_the_row_against_finite_differences(design, layer):
    network = tiny(design, layer)
    A, target = activations(network, 3), unit(normal(network.neurons, seed=1))
    row = normal(network.features).requires_grad_()

    def loss(w):
        return (1 - torch.cosine_similarity(importance_with_graph(network, A, w), target.unsqueeze(0))).mean()

    (gradient,) = torch.autograd.grad(loss(row), row)
    step = 1e-6
    for d in range(network.features):
        shift = torch.zeros_like(row)
        shift[d] = step
        up, down = (float(loss(row.detach() + sign * shift).detach()) for sign in (1, -1))
        slope = (up - down) / (2 * step)
        assert float(gradient[d]) == pytest.approx(slope, rel=1e-4, abs=1e-8)
    torch.testing.assert_close(importance_with_graph(network, A, row).detach(), importance(network, A, row.detach()))


@pytest.mark.parametrize(("design", "layer"), CUTS)
def test_the_loop_lowers_its_loss(design, layer):
    network = tiny(design, layer)
    batches = list(activations(network, 4).split(2))
    mean, targets = normal(network.features, seed=3), unit(normal(2, network.neurons, seed=4))
    settings = PaperSettings(learning_rate=0.02, iterations=60)
    calls = []
    result = paper_transfer(
        network, batches, targets, mean, settings=settings, on_iteration=lambda *at: calls.append(at)
    )
    before, after = (
        paper_loss(network, batches, rows, targets, mean, regularisation=settings.regularisation)
        for rows in (mean.expand(2, -1), result.weights)
    )
    assert (after < before - 0.01).all()
    assert len(result.losses) == result.iterations == len(calls)
    assert calls[-1] == (result.iterations, result.losses[-1])
    assert not result.weights.requires_grad


def test_it_starts_at_the_mean_row_and_its_first_step_is_adams():
    network = tiny("vgg", "second.1")
    mean, targets = normal(network.features, seed=3), unit(normal(1, network.neurons, seed=4))
    result = paper_transfer(
        network, [activations(network, 2)], targets, mean, settings=PaperSettings(learning_rate=1e-3, iterations=1)
    )
    moved = (result.weights[0] - mean).abs()
    torch.testing.assert_close(moved, torch.full_like(moved, 1e-3), rtol=1e-3, atol=1e-6)


def test_the_regulariser_holds_the_row_near_the_mean():
    network = tiny("vgg", "second.1")
    mean, targets = normal(network.features, seed=3), unit(normal(1, network.neurons, seed=4))
    batches = [activations(network, 2)]
    free, held = (
        paper_transfer(network, batches, targets, mean, settings=PaperSettings(0.02, strength, 80)).weights[0]
        for strength in (0.0, 100.0)
    )
    assert (held - mean).norm() < 0.3 * (free - mean).norm()


def test_it_stops_when_nothing_improves():
    network = tiny("vgg", "second.1")
    mean, targets = normal(network.features, seed=3), unit(normal(1, network.neurons, seed=4))
    settings = PaperSettings(learning_rate=0.0, iterations=500, patience=7)
    result = paper_transfer(network, [activations(network, 2)], targets, mean, settings=settings)
    assert (result.iterations, result.stopped) == (8, "no improvement")


def test_the_seed_decides_the_order_of_the_batches():
    network = tiny("vgg", "second.1")
    mean, targets = normal(network.features, seed=3), unit(normal(1, network.neurons, seed=4))
    batches = list(activations(network, 8).split(1))
    settings = PaperSettings(iterations=12)
    runs = [paper_transfer(network, batches, targets, mean, settings=settings, seed=seed).losses for seed in (0, 0, 1)]
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]
