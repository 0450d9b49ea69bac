"""Confirmed pictures move a described row: the closed form against a minimiser, leaving out against refitting, and what it is for."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from niwt_core import NiwtError, Recipe, build_class
from niwt_core.classify.confirm import MARGIN, Confirmed, confirm, margin_unit, ridge_about, ridge_of, targets
from niwt_core.study.calibration import built_bias
from tests.support.small_study import small_study

RECIPE = Recipe("Red one", {"crown color": "red"})


def confirmed_of(study, count=6, seed=0):
    """Pictures of the first unseen class, and of others."""
    random = np.random.default_rng(seed)
    c = int(np.flatnonzero(~study.seen)[0])
    positives = np.flatnonzero(study.labels == c)[:3]
    others = random.choice(np.flatnonzero(study.labels != c), count - len(positives), replace=False)
    pictures = np.concatenate([positives, others])
    features = study.features[torch.from_numpy(pictures)].float()
    best_other = study.head.logits(features).max(1).values.double().numpy()
    return Confirmed(features, study.labels[pictures] == c, best_other)


@pytest.mark.parametrize("seed", range(5))
def test_the_closed_form_is_the_minimum(seed):
    random = np.random.default_rng(seed)
    n, D = random.integers(1, 9), 12
    row, x, residual, ridge = random.normal(size=D), random.normal(size=(n, D)), random.normal(size=n), 0.1 + seed

    def loss(w):
        return np.sum((x @ (w - row) - residual) ** 2) + ridge * np.sum((w - row) ** 2)

    actual = minimize(loss, row, method="BFGS", options={"gtol": 1e-10}).x
    np.testing.assert_allclose(ridge_about(row, x, residual, ridge), actual, atol=1e-5)
    primal = row + np.linalg.solve(x.T @ x + ridge * np.eye(D), x.T @ residual)  # D x D instead of n x n
    np.testing.assert_allclose(ridge_about(row, x, residual, ridge), primal, atol=1e-10)


def test_no_picture_leaves_the_row():
    row = np.arange(4.0)
    np.testing.assert_array_equal(ridge_about(row, np.zeros((0, 4)), np.zeros(0), 1.0), row)


def test_targets_pull_only_those_that_are_not_clear_yet():
    scores, best_other = np.array([0.0, 5.0, 0.0, -9.0]), np.zeros(4)
    belongs = np.array([True, True, False, False])
    np.testing.assert_array_equal(targets(scores, best_other, belongs, margin=2), [2, 5, -2, -9])


@pytest.mark.parametrize("layer", ["third.1", "second.1"])
@pytest.mark.parametrize("calibration", ["gamma", "stolen share"])
def test_left_out_figures_are_those_of_refitting_by_gradient(layer, calibration):
    study = small_study(layer=layer)
    study = replace(study, choices=replace(study.choices, calibration=calibration))
    confirmed = confirmed_of(study)
    actual = confirm(study, RECIPE, confirmed)
    described = build_class(study, RECIPE)
    x = (confirmed.features - study.head.mean).double()
    scores = (x @ described.weights.double()).numpy() + described.bias
    wanted = targets(scores, confirmed.best_other, confirmed.belongs, margin=MARGIN * study.choices.gamma_unit)
    np.testing.assert_array_equal(actual.before, (scores > confirmed.best_other) == confirmed.belongs)

    def refitted(kept):
        w = described.weights.double().clone().requires_grad_()
        optimiser = torch.optim.LBFGS([w], max_iter=500, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

        def closure():
            optimiser.zero_grad()
            error = x[kept] @ w + described.bias - torch.from_numpy(wanted[kept])
            loss = error.square().sum() + ridge_of(study, confirmed) * (w - described.weights.double()).square().sum()
            loss.backward()
            return loss

        optimiser.step(closure)
        return w.detach().float()

    everything = np.arange(len(x))
    torch.testing.assert_close(
        actual.moved.weights, refitted(everything), rtol=1e-3, atol=1e-3
    )  # as far as it descends
    for i in everything:
        row = refitted(np.delete(everything, i))
        score = float(x[i] @ row.double()) + built_bias(study, row)
        if abs(score - confirmed.best_other[i]) > 1e-2:  # otherwise rounding decides
            assert actual.after[i] == ((score > confirmed.best_other[i]) == confirmed.belongs[i])


def test_confirmed_pictures_are_told_better_and_the_description_is_not_forgotten():
    study = small_study()
    confirmed = confirmed_of(study, 10)
    actual = confirm(study, RECIPE, confirmed)
    x = confirmed.features - study.head.mean
    right = ((x @ actual.moved.weights + actual.moved.bias).numpy() > confirmed.best_other) == confirmed.belongs
    assert right.sum() >= actual.before.sum()
    assert actual.moved.confirmed == 10
    assert actual.moved.recipe == RECIPE
    assert actual.moved.bias == built_bias(study, actual.moved.weights)
    away = actual.moved.weights - actual.described.weights
    inside = torch.linalg.lstsq(x.T, away[:, None]).solution
    torch.testing.assert_close((x.T @ inside)[:, 0], away, rtol=0, atol=1e-4)  # only where pictures say something


def test_what_does_not_fit_is_refused():
    study = small_study()
    features = torch.zeros(2, study.head.rows.shape[1])
    with pytest.raises(NiwtError, match="do not match"):
        Confirmed(features, np.array([True]), np.zeros(2))
    with pytest.raises(NiwtError, match="0 confirmed"):
        Confirmed(features[:0], np.zeros(0, bool), np.zeros(0))
    with pytest.raises(NiwtError, match="finite"):
        Confirmed(features * torch.nan, np.array([True, False]), np.zeros(2))
    with pytest.raises(NiwtError, match="another network"):
        confirm(study, RECIPE, Confirmed(torch.zeros(2, 3), np.array([True, False]), np.zeros(2)))


@pytest.mark.parametrize("folds", [0, 3])
def test_the_margin_follows_the_heads_scale(folds):
    """Logits ten times as large, everything else alike: the row that moves is ten times as large, and tells the same pictures rightly."""
    study, pictures = small_study(), confirmed_of(small_study())
    scale = 10.0
    plain = replace(study, choices=replace(study.choices, folds=folds))
    scaled = replace(
        plain,
        head=replace(plain.head, rows=plain.head.rows * scale, biases=plain.head.biases * scale),
        choices=replace(plain.choices, gamma_unit=plain.choices.gamma_unit * (scale if folds else 1.0)),
    )
    units = [margin_unit(one, pictures) for one in (plain, scaled)]
    assert units[1] == pytest.approx(scale * units[0], rel=1e-5)
    if not folds:
        logits = study.head.logits(pictures.features)
        assert units[0] == pytest.approx(float(logits.double().std()), rel=1e-4)
