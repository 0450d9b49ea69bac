"""The paper's loop: its gradient, its loss, and what it leads to."""

import pytest
import torch

from niwt_core.method.importance import importance, operator, unit
from niwt_core.method.transfer.exact import fit_transfer
from niwt_core.method.transfer.paper import (
    PaperSettings,
    importance_with_graph,
    paper_loss,
    paper_transfer,
    seen_centred,
)
from tests.support.tiny_networks import activations, normal, tiny

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
    free, regularised = (
        paper_transfer(network, batches, targets, mean, settings=PaperSettings(0.02, hyperparameters, 80)).weights[0]
        for hyperparameters in (0.0, 100.0)
    )
    assert (regularised - mean).norm() < 0.3 * (free - mean).norm()


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


def test_pairs_look_at_one_class_each():
    """The gradient of one iteration of pairs, against the whole-batch loss restricted to what was drawn."""
    network = tiny("normed", "second.1")
    A, targets = activations(network, 6), unit(normal(3, network.neurons, seed=4))
    start, mean = normal(3, network.features, seed=5), normal(network.features, seed=3)
    settings = PaperSettings(learning_rate=1e-3, regularisation=0.0, iterations=1, pairs=2)
    result = paper_transfer(network, list(A.split(4)), targets, mean, settings=settings, start=start)
    generator = torch.Generator().manual_seed(0)
    pictures, classes = (torch.randint(count, (2,), generator=generator) for count in (6, 3))
    row = start.clone().requires_grad_()
    loss = sum(
        1 - torch.cosine_similarity(importance_with_graph(network, A[i : i + 1], row[c]), targets[c : c + 1])[0]
        for i, c in zip(pictures.tolist(), classes.tolist(), strict=True)
    )
    (gradient,) = torch.autograd.grad(loss / 2, row)
    assert result.losses[0] == pytest.approx(float(loss.detach()) / 2)
    moved = result.weights - start
    torch.testing.assert_close(moved, -1e-3 * gradient.sign(), rtol=1e-3, atol=1e-6)
    untouched = [c for c in range(3) if c not in classes.tolist()]
    assert untouched
    assert torch.equal(moved[untouched], torch.zeros_like(moved[untouched]))


def test_seen_centred_rows_have_the_moments_of_the_seen_rows():
    rows = normal(30, 4, seed=1) * torch.tensor([1.0, 2.0, 0.5, 0.0]) + 3
    start = seen_centred(rows, 20_000, seed=2)
    torch.testing.assert_close(start.mean(0), rows.mean(0), rtol=0, atol=0.05)
    torch.testing.assert_close(start.std(0), rows.std(0, unbiased=False), rtol=0.03, atol=1e-9)
    assert torch.equal(start[:5], seen_centred(rows, 20_000, seed=2)[:5])


def linear_tail():
    """A network whose tail is linear (a 1 x 1 convolution and pooling), so that G(x) = G; its head, and targets that G can reach."""
    network = tiny("residual", "act")
    G = operator(network, [activations(network, 4)])
    rows = normal(6, network.features, seed=1)
    rows = rows - rows.mean(0)  # as a regularised softmax head has them
    targets = unit(normal(3, network.features, seed=2) @ G.T)
    return network, list(activations(network, 8).split(4)), G, rows, targets


def test_loop_and_exact_agree_where_the_importances_can_be_had():
    """Without a regulariser both reach the targets themselves, so their rows make the network use the same neurons."""
    network, batches, G, rows, targets = linear_tail()
    assert torch.linalg.matrix_rank(G) == network.neurons  # so that any importances can be had
    exact = fit_transfer(rows, torch.zeros(6), G, mu=1e-9).weights(targets)
    settings = PaperSettings(0.05, 0.0, iterations=600, patience=600)
    start = seen_centred(rows, 3, seed=0)
    loop = paper_transfer(network, batches, targets, rows.mean(0), settings=settings, start=start)
    losses = [
        paper_loss(network, batches, weights, targets, rows.mean(0), regularisation=0.0)
        for weights in (exact, loop.weights)
    ]
    assert losses[0].max() < 1e-9
    assert losses[1].max() < 5e-3
    assert torch.cosine_similarity(exact @ G.T, loop.weights @ G.T).min() > 0.995


def test_loop_and_exact_differ_in_length():
    """The cosine does not care for length, so the paper's regulariser alone decides it: run on, the loop shrinks the row until the class
    can never win, at the same cosine; the exact transfer sets the mean seen norm."""
    network, batches, G, rows, targets = linear_tail()
    transfer = fit_transfer(rows, torch.zeros(6), G, mu=1e-9)
    exact = transfer.weights(targets)
    torch.testing.assert_close(exact.norm(dim=1), torch.full((3,), transfer.norm, dtype=exact.dtype))
    start = seen_centred(rows, 3, seed=0)
    assert start.norm(dim=1).min() > 0.5 * transfer.norm  # the seen-centred start has the length of seen rows
    settings = PaperSettings(0.02, 1.0, iterations=600, patience=600)
    loop = paper_transfer(network, batches, targets, rows.mean(0), settings=settings, start=start)
    assert loop.weights.norm(dim=1).max() < 0.2 * transfer.norm
    assert torch.cosine_similarity(loop.weights @ G.T, targets).min() > 0.98
    loss = [
        paper_loss(network, batches, weights, targets, rows.mean(0), regularisation=1.0)
        for weights in (exact, loop.weights)
    ]
    assert (loss[1] < loss[0]).all()  # the paper's loss prefers the row that cannot win
