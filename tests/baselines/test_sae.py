"""SAE in its eigenbases against SciPy's Sylvester solver, and against its own objective."""

import numpy as np
import pytest
from scipy.linalg import solve_sylvester

from niwt_core.baselines import Sae


def problem(n: int, features: int, classes: int, attributes: int, seed: int):
    random = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), random.integers(0, classes, n - classes)])
    X = random.normal(size=(n, features))
    return X / np.linalg.norm(X, axis=1, keepdims=True), labels, random.uniform(size=(classes, attributes))


def absolute(strength: float, X: np.ndarray, S: np.ndarray) -> float:
    """The published lambda: strength in units of the ratio of the mean eigenvalues."""
    return strength * (np.trace(S.T @ S) / S.shape[1]) / (np.trace(X.T @ X) / X.shape[1])


@pytest.mark.parametrize("strength", [0.01, 1.0, 30.0])
@pytest.mark.parametrize("shape", [(40, 6, 5, 4), (30, 12, 12, 9), (60, 5, 9, 7)])
def test_against_the_sylvester_solver(shape, strength):
    X, labels, knowledge = problem(*shape, seed=sum(shape))
    S = knowledge[labels]  # (n, K): a description for each picture
    weight = absolute(strength, X, S)
    W = solve_sylvester(S.T @ S, weight * X.T @ X, (1 + weight) * S.T @ X)  # (K, D)
    fitted = Sae.fit(X, labels, knowledge)
    np.testing.assert_allclose(fitted.projection(strength), W, rtol=1e-6, atol=1e-9)
    decoded = knowledge @ W
    wanted = decoded / np.linalg.norm(decoded, axis=1, keepdims=True)
    np.testing.assert_allclose(fitted.rows(knowledge, (strength,)), wanted, rtol=1e-6, atol=1e-9)


def test_it_minimises_its_objective():
    X, labels, knowledge = problem(40, 6, 5, 4, seed=3)
    S, random = knowledge[labels], np.random.default_rng(0)
    weight = absolute(0.5, X, S)

    def loss(W: np.ndarray) -> float:
        return float(((X - S @ W) ** 2).sum() + weight * ((X @ W.T - S) ** 2).sum())

    W = Sae.fit(X, labels, knowledge).projection(0.5)
    for _ in range(20):
        assert loss(W) < loss(W + 1e-3 * random.normal(size=W.shape))


def test_fewer_attributes_than_classes_and_a_constant_one():
    X, labels, knowledge = problem(30, 6, 5, 4, seed=3)
    knowledge[:, 1] = 0  # never said of anybody
    rows = Sae.fit(X, labels, knowledge).rows(knowledge, (1.0,))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1)
    assert Sae.unit_features
