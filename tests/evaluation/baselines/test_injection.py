"""Baselines that give rows to new classes: COSTA against a loop, ridge against scikit-learn, ICIS against autograd's own layers."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge as LibraryRidge
from torch import nn

from niwt_core.evaluation.baselines import Costa, Icis, Ridge
from niwt_core.evaluation.baselines.costa import MOST
from niwt_core.evaluation.baselines.icis import NAMES, STEPS, distances, first_layers, pairs
from tests.support.training_data import new_words, only, training_data


@pytest.mark.parametrize(("baseline", "hyperparameters"), [(Costa, (3.0, 0.1)), (Ridge, (0.1,)), (Icis, (25.0,))])
def test_seen_classes_keep_their_head(baseline, hyperparameters):
    learnt = training_data()
    actual = only(baseline.fit(learnt).scores(learnt.features, new_words(2, 4), [hyperparameters]))
    np.testing.assert_allclose(actual[:, :5], learnt.features @ learnt.rows.T + learnt.biases)
    assert actual.shape == (60, 7)


@pytest.mark.parametrize("top", [1, 3, int(MOST)])
def test_costa_against_a_loop(top):
    learnt, new, softness = training_data(classes=6, words=5, seed=3), new_words(4, 5), 0.2
    rows, biases = Costa.fit(learnt).inject(new, (float(top), softness))
    for word, row, bias in zip(new, rows, biases, strict=True):
        likeness = [float(word @ s / np.linalg.norm(word) / np.linalg.norm(s)) for s in learnt.knowledge]
        likest = sorted(range(6), key=lambda c: -likeness[c])[:top]
        fractions = np.array([np.exp(likeness[c] / softness) for c in likest])
        fractions /= fractions.sum()
        np.testing.assert_allclose(
            row, sum(fraction * learnt.rows[c] for fraction, c in zip(fractions, likest, strict=True))
        )
        assert bias == pytest.approx(
            sum(fraction * learnt.biases[c] for fraction, c in zip(fractions, likest, strict=True))
        )


@pytest.mark.parametrize("shape", [(40, 7, 9, 4), (40, 7, 5, 12)])
@pytest.mark.parametrize("hyperparameters", [1e-3, 0.3, 30.0])
def test_ridge_against_the_library(shape, hyperparameters):
    learnt, new = training_data(*shape, seed=1), new_words(3, shape[3])
    values = np.linalg.eigvalsh(learnt.knowledge @ learnt.knowledge.T)
    wanted = LibraryRidge(alpha=hyperparameters * values.mean()).fit(learnt.knowledge, learnt.rows).predict(new)
    rows, biases = Ridge.fit(learnt).inject(new, (hyperparameters,))
    np.testing.assert_allclose(rows, wanted, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(biases, learnt.biases.mean())


def test_icis_against_modules_of_the_library():
    """Four nn.Linear, trained by hand with the same losses from the same weights, give the same rows."""
    learnt, new = training_data(classes=6, words=5, seed=2), new_words(3, 5)
    words, rows = (nn.functional.normalize(part) for part in pairs(replace(learnt, knowledge=2 * learnt.knowledge)))
    first, modules = first_layers(5, 7, seed=learnt.seed), {}
    for name in NAMES:
        weight, bias = first[name]
        modules[name] = nn.Linear(weight.shape[1], weight.shape[0])
        with torch.no_grad():
            modules[name].weight.copy_(weight)
            modules[name].bias.copy_(bias)
    act, every = nn.LeakyReLU(0.2), nn.ModuleDict({name.replace(" ", "_"): module for name, module in modules.items()})
    optimiser = torch.optim.Adam(every.parameters(), lr=1e-3)
    for _ in range(STEPS[0]):
        loss = torch.zeros(())
        for encoder, given in (("read words", words), ("read rows", rows)):
            for decoder, wanted in (("say words", words), ("say rows", rows)):
                injected = modules[decoder](act(modules[encoder](given)))
                cosine = (nn.functional.normalize(injected) * wanted).sum(1)
                loss = loss + (1 - cosine).sum() / len(cosine)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        injected = modules["say rows"](
            act(modules["read words"](nn.functional.normalize(torch.from_numpy(new).float())))
        )
    actual, _ = Icis.fit(learnt).inject(new, (float(STEPS[0]),))
    expected = nn.functional.normalize(injected).numpy()
    np.testing.assert_allclose(actual / np.linalg.norm(actual, axis=1, keepdims=True), expected, atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(actual, axis=1), np.linalg.norm(learnt.rows, axis=1).mean())


def test_icis_learns_its_pairs_and_is_the_same_again():
    learnt = training_data(classes=6, words=5, seed=2)
    one, two = Icis.fit(learnt), Icis.fit(learnt)
    words, rows = pairs(learnt)
    losses = [float(distances(one.kept[steps], words, rows)) for steps in STEPS]
    assert losses == sorted(losses, reverse=True)
    last = (float(STEPS[-1]),)
    assert np.array_equal(one.inject(learnt.knowledge, last)[0], two.inject(learnt.knowledge, last)[0])
