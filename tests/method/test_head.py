"""The linear head against scikit-learn's logistic regression, and its coordinates."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from niwt_core.method.head import Conditioning, Head, fit_head
from tests.support.tiny_networks import normal


def problem(seed: int, n: int = 90, features: int = 7, classes: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    """Overlapping classes far from the origin, in units that are nobody's."""
    labels = torch.arange(n) % classes
    return 30 * (normal(n, features, seed=seed) + normal(classes, features, seed=seed + 1)[labels]) + 200, labels


@pytest.mark.parametrize("decay", [1e-3, 1e-2, 0.1])
@pytest.mark.parametrize("seed", [0, 1])
def test_without_smoothing_it_is_logistic_regression(seed, decay):
    x, labels = problem(seed)
    head = fit_head(x, labels, classes=4, decay=decay, smoothing=0.0, iterations=2000)
    condition = Conditioning.of(x)
    model = LogisticRegression(C=1 / (decay * len(x)), tol=1e-10, max_iter=5000).fit(
        condition(x).numpy(), labels.numpy()
    )
    np.testing.assert_allclose(head.rows * condition.scale, model.coef_, rtol=2e-3, atol=1e-4)
    np.testing.assert_allclose(head.biases, model.intercept_ - model.intercept_.mean(), rtol=2e-3, atol=1e-4)


def test_a_warm_start_ends_at_the_same_optimum():
    x, labels = problem(2)
    cold = fit_head(x, labels, classes=4, decay=1e-2, iterations=2000)
    other = fit_head(x, labels, classes=4, decay=1e-1)
    warm = fit_head(x, labels, classes=4, decay=1e-2, start=other, iterations=2000)
    assert (other.rows - cold.rows).norm() > 0.1 * cold.rows.norm()
    torch.testing.assert_close(warm.rows, cold.rows, rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(warm.biases, cold.biases, rtol=1e-3, atol=1e-4)


def test_a_start_that_is_the_optimum_is_kept():
    x, labels = problem(3)
    done = fit_head(x, labels, classes=4, decay=1e-2, iterations=2000)
    again = fit_head(x, labels, classes=4, decay=1e-2, start=done, iterations=1)
    torch.testing.assert_close(again.rows, done.rows, rtol=1e-3, atol=1e-6)


def test_the_gradient_of_the_smoothed_loss_vanishes():
    x, labels = problem(4)
    head = fit_head(x, labels, classes=4, decay=1e-2, smoothing=0.2, iterations=2000)
    condition = Conditioning.of(x)
    z = condition(x)
    fraction = torch.softmax(z @ (head.rows * condition.scale).T + head.biases, 1)  # (n, C)
    wanted = 0.8 * torch.nn.functional.one_hot(labels, 4) + 0.2 / 4
    slope = (fraction - wanted).T @ z / len(z) + 1e-2 * head.rows * condition.scale
    assert slope.abs().max() < 1e-5
    assert (fraction - wanted).mean(0).abs().max() < 1e-5


def test_logits_and_offsets_are_one_head():
    head = Head(normal(3, 5), normal(3, seed=1), normal(5, seed=2))
    x = normal(4, 5, seed=3)
    torch.testing.assert_close(head.logits(x), x @ head.rows.T + head.offsets())
    torch.testing.assert_close(head.logits(head.mean.unsqueeze(0))[0], head.biases)


def test_rows_and_biases_are_centred():
    x, labels = problem(5)
    head = fit_head(x, labels, classes=4, decay=1e-2, iterations=2000)
    assert head.rows.mean(0).norm() < 1e-3 * head.rows.norm()
    assert abs(float(head.biases.mean())) < 1e-9


def test_conditioning_does_not_depend_on_units():
    x, _ = problem(6)
    torch.testing.assert_close(Conditioning.of(x)(x), Conditioning.of(1000 * x + 5)(1000 * x + 5))
    assert float(Conditioning.of(x)(x).square().sum(1).mean()) == pytest.approx(1)


def test_features_that_never_vary_are_survived():
    head = fit_head(torch.ones(8, 3), torch.arange(8) % 2, classes=2, decay=1e-2)
    assert torch.isfinite(head.logits(torch.ones(8, 3))).all()
