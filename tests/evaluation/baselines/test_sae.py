"""SAE in its eigenbases against SciPy's Sylvester solver, and against its own objective."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import solve_sylvester

from niwt_core.evaluation.baselines import Sae, TrainingData
from tests.support.training_data import new_words, only, training_data


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def absolute(hyperparameters: float, X: np.ndarray, S: np.ndarray) -> float:
    """The published lambda: strength in units of the ratio of the mean eigenvalues."""
    return hyperparameters * (np.trace(S.T @ S) / S.shape[1]) / (np.trace(X.T @ X) / X.shape[1])


@pytest.mark.parametrize("hyperparameters", [0.01, 1.0, 30.0])
@pytest.mark.parametrize("shape", [(40, 6, 5, 4), (30, 12, 12, 9), (60, 5, 9, 7)])
def test_against_the_sylvester_solver(shape, hyperparameters):
    learnt = training_data(*shape, seed=sum(shape))
    X, S = unit(learnt.features), learnt.knowledge[learnt.labels]  # (n, K): a description for each picture
    weight = absolute(hyperparameters, X, S)
    W = solve_sylvester(S.T @ S, weight * X.T @ X, (1 + weight) * S.T @ X)  # (K, D)
    fitted, new = Sae.fit(learnt), new_words(2, shape[3])
    np.testing.assert_allclose(fitted.projection(hyperparameters), W, rtol=1e-6, atol=1e-9)
    wanted = X @ unit(np.concatenate([learnt.knowledge, new]) @ W).T
    np.testing.assert_allclose(
        only(fitted.scores(learnt.features, new, [(hyperparameters,)])), wanted, rtol=1e-6, atol=1e-9
    )


def test_it_minimises_its_objective():
    learnt = training_data(40, 6, 5, 4, seed=3)
    X, S, random = unit(learnt.features), learnt.knowledge[learnt.labels], np.random.default_rng(0)
    weight = absolute(0.5, X, S)

    def loss(W: np.ndarray) -> float:
        return float(((X - S @ W) ** 2).sum() + weight * ((X @ W.T - S) ** 2).sum())

    W = Sae.fit(learnt).projection(0.5)
    for _ in range(20):
        assert loss(W) < loss(W + 1e-3 * random.normal(size=W.shape))


def test_more_attributes_than_classes_and_a_constant_one():
    learnt: TrainingData = training_data(30, 6, 5, 9, seed=3)
    knowledge = learnt.knowledge.copy()
    knowledge[:, 1] = 0  # never said of anybody
    rows = Sae.fit(replace(learnt, knowledge=knowledge)).rows(knowledge, (1.0,))
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1)
