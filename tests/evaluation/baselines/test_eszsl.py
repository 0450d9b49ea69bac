"""ESZSL in its eigenbases against the published formula, solved as it stands."""

import numpy as np
import pytest

from niwt_core.evaluation.baselines import Eszsl, TrainingData
from tests.support.training_data import new_words, only, training_data


@pytest.mark.parametrize("hyperparameters", [(1e-3, 1e-3), (0.1, 10.0), (100.0, 0.01)])
@pytest.mark.parametrize("shape", [(40, 6, 5, 9), (12, 20, 4, 3), (30, 8, 8, 8)])
def test_against_the_textbook(shape, hyperparameters):
    learnt = training_data(*shape, seed=sum(shape))
    X, S = learnt.features, learnt.knowledge
    Y = -np.ones((len(X), len(S)))  # (n, C): +1 for the class, -1 for the others
    Y[np.arange(len(X)), learnt.labels] = 1
    gram, knowledge = X.T @ X, S.T @ S
    g, l_ = hyperparameters[0] * np.trace(gram) / len(gram), hyperparameters[1] * np.trace(knowledge) / len(knowledge)
    left = np.linalg.solve(gram + g * np.eye(len(gram)), X.T @ Y @ S)  # (D, K)
    V = np.linalg.solve(knowledge + l_ * np.eye(len(knowledge)), left.T).T
    fitted, new = Eszsl.fit(learnt), new_words(2, S.shape[1])
    np.testing.assert_allclose(fitted.rows(S, hyperparameters), (V @ S.T).T, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(fitted.rows(new, hyperparameters), (V @ new.T).T, rtol=1e-6, atol=1e-9)
    wanted = X @ V @ np.concatenate([S, new]).T
    np.testing.assert_allclose(only(fitted.scores(X, new, [hyperparameters])), wanted, rtol=1e-6, atol=1e-9)


def test_it_minimises_its_objective():
    """|X V S^T - Y|^2 + g |V S^T|^2 + l |X V|^2 + g l |V|^2, with rows of X as pictures."""
    random = np.random.default_rng(1)
    X, S, labels = random.normal(size=(25, 5)), random.uniform(size=(4, 3)), np.arange(25) % 4
    Y = 2 * np.eye(len(S))[labels] - 1
    g, l_ = 0.1 * np.trace(X.T @ X) / 5, 0.3 * np.trace(S.T @ S) / 3

    def loss(V: np.ndarray) -> float:
        terms = (X @ V @ S.T - Y, g**0.5 * V @ S.T, l_**0.5 * X @ V, (g * l_) ** 0.5 * V)
        return sum(float((term**2).sum()) for term in terms)

    rows = Eszsl.fit(TrainingData(X, labels, S, np.zeros((4, 5)), np.zeros(4))).rows(S, (0.1, 0.3))
    V = np.linalg.lstsq(S, rows, rcond=None)[0].T  # rows are S V^T
    for _ in range(20):
        assert loss(V) < loss(V + 1e-3 * random.normal(size=V.shape))


def test_strengths_that_share_work_score_as_alone():
    learnt, new = training_data(), new_words(3, 4)
    fitted = Eszsl.fit(learnt)
    together = list(fitted.scores(learnt.features, new, Eszsl.grid))
    assert len(together) == len(Eszsl.grid)
    for hyperparameters, scores in list(zip(Eszsl.grid, together, strict=True))[::7]:
        rows = fitted.rows(np.concatenate([learnt.knowledge, new]), hyperparameters)
        np.testing.assert_allclose(scores, learnt.features @ rows.T, rtol=1e-9, atol=1e-12)


def test_the_grid_tries_both_strengths():
    for side in zip(*Eszsl.grid, strict=True):
        assert min(side) < 0.1
        assert max(side) >= 100
