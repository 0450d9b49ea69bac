"""The exact transfer against general-purpose optimisers of the same objective, and its affine form against solving from scratch."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from niwt_core.method.importance import operator, unit
from niwt_core.method.mapping import fit_map
from niwt_core.method.transfer import AffineForm, fit_transfer
from niwt_core.method.transfer.exact import objective
from tests.support.tiny_networks import activations, normal, tiny

CUTS = [("vgg", "first.2"), ("vgg", "second.1"), ("residual", "stem.1"), ("normed", "second.1"), ("pooled", "second.1")]


def seen_head(network, seed: int = 0, classes: int = 6) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Head rows (C,D) that share a mean, biases (C,), and the operator (None for the identity)."""
    rows = normal(classes, network.features, seed=seed) + 0.5
    G = None if network.identity_tail else operator(network, [activations(network, 4, seed=seed)])
    return rows, normal(classes, seed=seed + 1), G


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("mu", [0.03, 0.3, 3.0])
@pytest.mark.parametrize(("design", "layer"), CUTS)
def test_against_a_general_purpose_optimiser(design, layer, mu, seed):
    network = tiny(design, layer, seed=seed)
    rows, biases, G = seen_head(network, seed)
    target = unit(normal(network.neurons, seed=seed + 3))
    transfer = fit_transfer(rows, biases, G, mu=mu)
    matrix = (torch.eye(network.neurons).double() if G is None else G).numpy()
    hyperparameters = mu * np.trace(matrix @ matrix.T) / len(matrix)
    mean, wanted = rows.mean(0).numpy(), transfer.scale * target.numpy()

    def loss(w: np.ndarray) -> float:
        return float(np.sum((matrix @ w - wanted) ** 2) + hyperparameters * np.sum((w - mean) ** 2))

    def slope(w: np.ndarray) -> np.ndarray:
        return 2 * matrix.T @ (matrix @ w - wanted) + 2 * hyperparameters * (w - mean)

    actual = minimize(loss, np.zeros(network.features), jac=slope, method="BFGS", options={"gtol": 1e-10})
    np.testing.assert_allclose(transfer.direction(target), actual.x, rtol=1e-5, atol=1e-6)
    direct = objective(
        transfer.direction(target), target, torch.from_numpy(matrix), rows.mean(0), mu=mu, scale=transfer.scale
    )
    assert float(direct) == pytest.approx(actual.fun, rel=1e-9)


@pytest.mark.parametrize(("design", "layer"), CUTS)
def test_what_is_set_and_not_solved_for(design, layer):
    network = tiny(design, layer)
    rows, biases, G = seen_head(network)
    transfer = fit_transfer(rows, biases, G, mu=0.1)
    weights = transfer.weights(normal(3, network.neurons))
    norms = [sum(float(v) ** 2 for v in row) ** 0.5 for row in rows]
    assert weights.norm(dim=1).tolist() == pytest.approx([sum(norms) / len(norms)] * 3)
    assert transfer.bias == pytest.approx(sum(biases.tolist()) / len(biases))
    lengths = [float(((torch.eye(network.neurons).double() if G is None else G) @ row).norm()) for row in rows]
    assert transfer.scale == pytest.approx(sum(lengths) / len(lengths))


def test_without_trust_in_the_mean_row_the_importances_are_met():
    network = tiny("vgg", "first.2")  # 6 neurons, 7 features: G w = s a can be met
    rows, biases, G = seen_head(network)
    target = normal(network.neurons)
    transfer = fit_transfer(rows, biases, G, mu=0.0)
    torch.testing.assert_close(G @ transfer.direction(target), transfer.scale * target)


def test_with_boundless_trust_the_mean_row_is_left():
    network = tiny("vgg", "first.2")
    rows, biases, G = seen_head(network)
    direction = fit_transfer(rows, biases, G, mu=1e12).direction(normal(network.neurons))
    torch.testing.assert_close(direction, rows.mean(0), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("design", "layer"), CUTS)
def test_affine_form_against_solving_from_scratch(design, layer, seed):
    network = tiny(design, layer, seed=seed)
    rows, biases, G = seen_head(network, seed)
    knowledge = normal(8, 4, seed=seed).abs()
    mapping = fit_map(knowledge, normal(8, network.neurons, seed=seed + 5))
    transfer = fit_transfer(rows, biases, G, mu=0.2)
    form = transfer.affine(mapping)
    matrix = torch.eye(network.neurons).double() if G is None else G
    hyperparameters = 0.2 * (matrix @ matrix.T).diagonal().mean()
    for k in normal(3, 4, seed=seed + 9).abs():
        mean = rows.mean(0)
        wish = transfer.scale * mapping(k) - matrix @ mean
        inner = torch.linalg.inv(matrix @ matrix.T + hyperparameters * torch.eye(len(matrix)))
        scratch = mean + matrix.T @ inner @ wish  # the closed form, word for word
        torch.testing.assert_close(form.direction(k), scratch)
        torch.testing.assert_close(form.weights(k), transfer.norm * scratch / scratch.norm())
        torch.testing.assert_close(form.solve(k.numpy()).double(), form.weights(k), rtol=1e-6, atol=1e-7)
        torch.testing.assert_close(form.weights(k), transfer.weights(mapping(k)))


def form_of(seed: int, features: int = 300, columns: int = 90) -> AffineForm:
    return AffineForm(normal(features, columns, seed=seed), normal(features, seed=seed + 1), 2.5)


def test_one_attribute_is_one_column():
    form, k = form_of(0), normal(90, seed=3)
    raised = k.clone()
    raised[17] += 0.25
    torch.testing.assert_close(form.direction(raised) - form.direction(k), 0.25 * form.P[:, 17])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_quadratic_form_is_the_squared_norm(seed):
    form, k = form_of(seed), normal(90, seed=seed + 3)
    gram, cross, constant = form.quadratic()
    value = k @ gram @ k + 2 * cross @ k + constant
    assert float(value) == pytest.approx(sum(float(v) ** 2 for v in form.direction(k)))


SOLVE = """
import sys, torch
from niwt_core.method.transfer import AffineForm
torch.set_num_threads(2)
def normal(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
form = AffineForm(normal(1280, 312, seed=4).float(), normal(1280, seed=5).float(), 2.5)
print(form.solve(normal(312, seed=6).numpy()).numpy().tobytes().hex())
"""


def test_the_same_bits_on_any_number_of_threads_and_in_another_process():
    form, printed, before = form_of(4, 1280, 312), set(), torch.get_num_threads()
    half = AffineForm(form.P.float(), form.q.float(), form.norm)
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            printed.add(half.solve(normal(312, seed=6).numpy()).numpy().tobytes().hex())
    finally:
        torch.set_num_threads(before)
    threads = os.environ | {"OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4"}
    done = subprocess.run([sys.executable, "-c", SOLVE], capture_output=True, text=True, check=True, env=threads)
    printed.add(done.stdout.strip())
    assert len(printed) == 1


def test_a_description_that_cancels_out_is_no_division_by_zero():
    form = AffineForm(torch.eye(3), -torch.ones(3), 2.0)
    assert torch.isfinite(form.solve(np.ones(3))).all()
    assert torch.isfinite(form.weights(torch.ones(3))).all()
