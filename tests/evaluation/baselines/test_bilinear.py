"""ALE, DeViSE and SJE: their slopes against autograd of the published losses, their descent against a plain loop in all K words."""

import numpy as np
import pytest
import torch

from niwt_core.evaluation.baselines import Ale, Devise, Sje
from niwt_core.evaluation.baselines.bilinear import BATCH, EPOCHS
from tests.support.training_data import new_words, only, training_data

BASELINES_RUN = (Ale, Devise, Sje)


def published_loss(baseline, scores: torch.Tensor, label: int) -> torch.Tensor:
    """The loss of one picture's scores (C,), class by class as the papers write it."""
    gaps = [1 + scores[y] - scores[label] for y in range(len(scores)) if y != label]
    hinges = [gap.clamp_min(0) for gap in gaps]
    if baseline is Sje:
        return max(hinges)
    if baseline is Devise:
        return sum(hinges) / len(hinges)
    rank = sum(bool(gap > 0) for gap in gaps)
    return sum(1 / i for i in range(1, rank + 1)) / max(rank, 1) * sum(hinges)


@pytest.mark.parametrize("baseline", BASELINES_RUN)
def test_the_slope_against_autograd(baseline):
    random = np.random.default_rng(2)
    scores, labels = random.normal(size=(12, 6)), random.integers(0, 6, 12)
    scores[0, labels[0]] = 9  # right by far: nothing to learn
    actual = baseline.slope(scores.copy(), labels)
    for row, label, slope in zip(scores, labels, actual, strict=True):
        leaf = torch.tensor(row, requires_grad=True)
        loss = published_loss(baseline, leaf, int(label))
        (wanted,) = torch.autograd.grad(loss, leaf)
        np.testing.assert_allclose(slope, wanted.numpy(), atol=1e-9)
    assert not actual[0].any()
    np.testing.assert_allclose(actual.sum(1), 0, atol=1e-9)


@pytest.mark.parametrize("baseline", BASELINES_RUN)
def test_the_descent_against_a_plain_loop(baseline):
    """The same pictures in the same order, V (D,K) in all words, gradients by autograd."""
    learnt, rate = training_data(50, 6, 5, 9, seed=4, unit=True), 2.0
    x, S = torch.from_numpy(learnt.features).float(), torch.from_numpy(learnt.knowledge).float()
    V, random, new = torch.zeros(6, 9, requires_grad=True), np.random.default_rng(learnt.seed), new_words(3, 9)
    fitted, every = baseline.fit(learnt), torch.from_numpy(np.concatenate([learnt.knowledge, new])).float()
    for epoch in range(1, 5):
        order = random.permutation(len(x))
        for start in range(0, len(x), BATCH):
            batch = order[start : start + BATCH]
            scores = x[batch] @ V @ S.T
            losses = [
                published_loss(baseline, row, int(learnt.labels[i])) for row, i in zip(scores, batch, strict=True)
            ]
            (slope,) = torch.autograd.grad(sum(losses) / len(batch), V)
            V = (V - rate * slope).detach().requires_grad_()
        if epoch in EPOCHS:
            wanted = (x @ V @ every.T).detach().numpy()
            actual = only(fitted.scores(learnt.features, new, [(rate, float(epoch))]))
            np.testing.assert_allclose(actual, wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("baseline", BASELINES_RUN)
def test_it_learns_and_is_the_same_again(baseline):
    learnt = training_data(120, 12, 5, 6, seed=1)
    none = np.zeros((0, 6))
    one, two = (only(baseline.fit(learnt).scores(learnt.features, none, [(1.0, 32.0)])) for _ in range(2))
    assert np.array_equal(one, two)
    assert (one.argmax(1) == learnt.labels).mean() > 0.7
    assert all(epochs in EPOCHS for _, epochs in baseline.grid)
