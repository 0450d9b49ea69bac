"""ESZSL in its eigenbases against the published formula, solved as it stands."""

import numpy as np
import pytest

from niwt_core.baselines import Eszsl


def problem(n: int, features: int, classes: int, attributes: int, seed: int):
    random = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), random.integers(0, classes, n - classes)])
    return random.normal(size=(n, features)), labels, random.uniform(size=(classes, attributes))


@pytest.mark.parametrize("strength", [(1e-3, 1e-3), (0.1, 10.0), (100.0, 0.01)])
@pytest.mark.parametrize("shape", [(40, 6, 5, 9), (12, 20, 4, 3), (30, 8, 8, 8)])
def test_against_the_textbook(shape, strength):
    X, labels, S = problem(*shape, seed=sum(shape))
    Y = -np.ones((len(X), len(S)))  # (n, C): +1 for the class, -1 for the others
    Y[np.arange(len(X)), labels] = 1
    gram, knowledge = X.T @ X, S.T @ S
    g, l_ = strength[0] * np.trace(gram) / len(gram), strength[1] * np.trace(knowledge) / len(knowledge)
    left = np.linalg.solve(gram + g * np.eye(len(gram)), X.T @ Y @ S)  # (D, K)
    V = np.linalg.solve(knowledge + l_ * np.eye(len(knowledge)), left.T).T
    fitted = Eszsl.fit(X, labels, S)
    np.testing.assert_allclose(fitted.rows(S, strength), (V @ S.T).T, rtol=1e-7, atol=1e-10)
    new = np.random.default_rng(9).uniform(size=(2, S.shape[1]))  # classes that nobody photographed
    np.testing.assert_allclose(fitted.rows(new, strength), (V @ new.T).T, rtol=1e-7, atol=1e-10)


def test_it_minimises_its_objective():
    """|X V S^T - Y|^2 + g |V S^T|^2 + l |X V|^2 + g l |V|^2, with rows of X as pictures."""
    X, labels, S = problem(25, 5, 4, 3, seed=1)
    Y = 2 * np.eye(len(S))[labels] - 1
    g, l_ = 0.1 * np.trace(X.T @ X) / 5, 0.3 * np.trace(S.T @ S) / 3

    def loss(V: np.ndarray) -> float:
        terms = (X @ V @ S.T - Y, g**0.5 * V @ S.T, l_**0.5 * X @ V, (g * l_) ** 0.5 * V)
        return sum(float((term**2).sum()) for term in terms)

    V = np.linalg.lstsq(S, Eszsl.fit(X, labels, S).rows(S, (0.1, 0.3)), rcond=None)[0].T  # rows are S V^T
    random = np.random.default_rng(2)
    for _ in range(20):
        assert loss(V) < loss(V + 1e-3 * random.normal(size=V.shape))


def test_the_grid_tries_both_strengths():
    for side in zip(*Eszsl.grid, strict=True):
        assert min(side) <= 0.01
        assert max(side) >= 100
    assert not Eszsl.unit_features
