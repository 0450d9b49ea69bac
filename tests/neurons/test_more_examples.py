"""More examples of a neuron: which are chosen, and the threshold, against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from niwt_core.neurons.more_examples import best_threshold, more_examples


def activations(seed: int = 0, pictures: int = 300):
    random = np.random.default_rng(seed)
    has = random.random(pictures) < 0.3
    return (has + random.normal(size=pictures)).round(1), has


@pytest.mark.parametrize("seed", range(5))
def test_the_threshold_is_the_one_of_youden(seed):
    values, has = activations(seed)
    false, true, thresholds = roc_curve(has, values, drop_intermediate=False)
    gained = dict(zip(thresholds, true - false, strict=True))
    assert gained[best_threshold(values, has)] == pytest.approx(max(gained.values()))


def test_three_kinds_are_chosen():
    values, has = activations()
    chosen = more_examples(values, has, skip=6, each=12, seed=3)
    order = np.argsort(-values, kind="stable")
    np.testing.assert_array_equal(chosen.strongest, order[6:18])
    away = np.abs(values - chosen.threshold)
    assert away[chosen.edge].max() <= np.delete(away, chosen.edge).min()
    assert (np.diff(values[chosen.edge]) <= 0).all()
    assert len(set(chosen.random.tolist())) == 12
    np.testing.assert_array_equal(chosen.random, more_examples(values, None, each=12, seed=3).random)
    assert not np.array_equal(chosen.random, more_examples(values, has, each=12, seed=4).random)
    assert has[chosen.strongest].mean() > has[chosen.random].mean()


@pytest.mark.parametrize("has", [None, np.zeros(300, bool), np.ones(300, bool)])
def test_without_a_word_there_is_no_edge(has):
    chosen = more_examples(activations()[0], has)
    assert np.isnan(chosen.threshold)
    assert not len(chosen.edge)


def test_few_pictures_give_what_there_is():
    chosen = more_examples(np.array([1.0, 0.0]), np.array([True, False]), skip=6)
    assert (len(chosen.strongest), len(chosen.random), len(chosen.edge)) == (0, 2, 2)
