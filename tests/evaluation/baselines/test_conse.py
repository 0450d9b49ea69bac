"""ConSE against a plain loop over pictures and classes."""

import numpy as np
import pytest

from niwt_core.evaluation.baselines import Conse
from niwt_core.evaluation.baselines.conse import MOST
from tests.support.training_data import new_words, only, training_data


@pytest.mark.parametrize("top", [1.0, 3.0, MOST])
@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_against_a_loop(top, temperature):
    learnt, new = training_data(seed=5), new_words(3, 4)
    actual = only(Conse.fit(learnt).scores(learnt.features, new, [(top, temperature)]))
    every = [*learnt.knowledge, *new]
    for x, scores in zip(learnt.features, actual, strict=True):
        logits = [(float(row @ x) + bias) / temperature for row, bias in zip(learnt.rows, learnt.biases, strict=True)]
        likeliest = sorted(range(len(logits)), key=lambda c: -logits[c])[: int(top)]
        fractions = {c: np.exp(logits[c]) for c in likeliest}
        meant = sum(fraction * learnt.knowledge[c] for c, fraction in fractions.items()) / sum(fractions.values())
        for s, value in zip(every, scores, strict=True):
            assert value == pytest.approx(s @ meant / np.linalg.norm(s) / np.linalg.norm(meant))


def test_with_one_class_a_picture_is_that_class():
    learnt = training_data()
    actual = only(Conse.fit(learnt).scores(learnt.features, new_words(3, 4), [(1.0, 1.0)]))
    assert np.array_equal(actual[:, :5].argmax(1), (learnt.features @ learnt.rows.T + learnt.biases).argmax(1))
