"""The ridge map and its closed-form leave-one-class-out against scikit-learn refits."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from niwt_core.errors import NiwtError
from niwt_core.method.mapping import RIDGES, fit_map
from tests.support.tiny_networks import normal


def problem(classes: int, attributes: int, neurons: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Descriptions (C,K), and importances (C,N) that depend on them, with noise and a shared mean."""
    x = normal(classes, attributes, seed=seed).abs()
    y = x @ normal(attributes, neurons, seed=seed + 1) + normal(classes, neurons, seed=seed + 2) + 2
    return x / x.norm(dim=1, keepdim=True), y / y.norm(dim=1, keepdim=True)


def absolute(x: torch.Tensor, ridge: float) -> float:
    """The strength that scikit-learn calls alpha."""
    centred = (x - x.mean(0)).numpy()
    return ridge * float(np.linalg.eigvalsh(centred @ centred.T).mean())


def refitted(x: torch.Tensor, y: torch.Tensor, ridge: float) -> np.ndarray:
    """(C,N): each row predicted by a map fitted without it."""
    rows = []
    for c in range(len(x)):
        others = [i for i in range(len(x)) if i != c]
        model = Ridge(alpha=absolute(x, ridge)).fit(x[others].numpy(), y[others].numpy())
        rows.append(model.predict(x[c : c + 1].numpy())[0])
    return np.array(rows)


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


SHAPES = [(12, 5, 7), (9, 30, 4), (20, 20, 20)]  # fewer attributes than classes, more, as many


@pytest.mark.parametrize("ridge", [1e-4, 0.03, 1.0, 100.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_leave_one_out_against_refitting(shape, ridge):
    x, y = problem(*shape, seed=sum(shape))
    mapping = fit_map(x, y, ridges=(ridge,))
    wanted = refitted(x, y, ridge)
    np.testing.assert_allclose(mapping.held_out, wanted, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(mapping.predictability, cosines(wanted, y.numpy()), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_map_is_ridge_regression(shape):
    x, y = problem(*shape, seed=1)
    mapping = fit_map(x, y, ridges=(0.1,))
    model = Ridge(alpha=absolute(x, 0.1)).fit(x.numpy(), y.numpy())
    np.testing.assert_allclose(mapping(x), model.predict(x.numpy()), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(mapping.weight, model.coef_.T, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(mapping.offset, model.intercept_, rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(mapping(x), x @ mapping.weight + mapping.offset)


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_the_chosen_ridge_is_the_best_of_all(centred, seed):
    x, y = problem(11, 8, 6, seed=seed)
    mean = y.numpy().mean(0) if centred else 0.0
    scores = [cosines(refitted(x, y, ridge) - mean, y.numpy() - mean).mean() for ridge in RIDGES]
    mapping = fit_map(x, y, centred_cosine=centred)
    assert mapping.ridge == RIDGES[int(np.argmax(scores))]
    np.testing.assert_allclose(mapping.held_out, refitted(x, y, mapping.ridge), rtol=1e-6, atol=1e-8)


def test_the_seeds_above_do_not_all_choose_alike():
    assert len({fit_map(*problem(11, 8, 6, seed=seed)).ridge for seed in range(4)}) > 1


def test_an_exact_relation_is_found():
    x = normal(15, 4)
    y = x @ normal(4, 6, seed=1) + 3
    mapping = fit_map(x, y)
    assert mapping.ridge == min(RIDGES)
    torch.testing.assert_close(mapping(x), y, rtol=1e-3, atol=1e-3)
    assert mapping.predictability.min() > 0.999


def test_the_type_of_the_table_is_kept():
    x, y = problem(9, 5, 4, seed=0)
    mapping = fit_map(x.float(), y.float())
    assert {mapping.weight.dtype, mapping.x_mean.dtype, mapping.held_out.dtype} == {torch.float32}
    torch.testing.assert_close(mapping(x.float()).double(), fit_map(x, y)(x), rtol=1e-4, atol=1e-5)


def test_a_constant_attribute_weighs_nothing():
    x, y = problem(9, 5, 4, seed=0)
    x[:, 2] = 0.3
    assert fit_map(x, y).weight[2].abs().max() < 1e-9


def test_identical_descriptions_give_the_mean():
    mapping = fit_map(torch.ones(5, 3).double(), normal(5, 4))
    torch.testing.assert_close(mapping(torch.ones(3).double()), mapping.y_mean)
    assert torch.isfinite(mapping.held_out).all()


@pytest.mark.parametrize("broken", ["two", "nan", "inf", "lengths"])
def test_what_cannot_carry_a_map_is_refused(broken):
    x, y = problem(6, 4, 3, seed=0)
    if broken == "two":
        x, y = x[:2], y[:2]
    elif broken == "lengths":
        y = y[:5]
    else:
        x[1, 1] = float(broken)
    with pytest.raises(NiwtError, match="domain to importance"):
        fit_map(x, y)
