"""Names of neurons: statistics against scikit-learn and SciPy, and concepts that were planted."""

import numpy as np
import pytest
import torch
from scipy.stats import false_discovery_control, mannwhitneyu, rankdata
from sklearn.metrics import roc_auc_score

from niwt_core.method.mapping import fit_map
from niwt_core.neurons.naming import (
    SHUFFLES,
    NeuronNames,
    all_aurocs,
    auroc_of,
    best_supported,
    name_neurons,
    name_scores,
    ranks_of,
)

PICTURES, NEURONS, WORDS = 400, 30, 6


def planted(seed: int = 0, score: float = 2.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores (N,K), activations (n,N), has (n,K): neuron n carries word n % 6, the last six carry nothing, one is dead."""
    random = np.random.default_rng(seed)
    has = random.random((PICTURES, WORDS)) < 0.4
    word = np.arange(NEURONS) % WORDS
    activations = random.normal(size=(PICTURES, NEURONS)) + score * has[:, word]
    activations[:, -6:] = random.normal(size=(PICTURES, 6))
    activations[:, -1] = 0.25
    scores = random.normal(size=(NEURONS, WORDS)) * 0.1
    scores[np.arange(NEURONS), word] += 1
    return scores, activations, has


@pytest.mark.parametrize("seed", range(3))
def test_auroc_against_scikit_learn(seed):
    random = np.random.default_rng(seed)
    values = np.round(random.normal(size=(200, 5)), 1)  # with ties
    positive = random.random((200, 5)) < random.uniform(0.1, 0.9, 5)
    got = auroc_of(rankdata(values, axis=0), positive)
    wanted = [roc_auc_score(positive[:, k], values[:, k]) for k in range(5)]
    np.testing.assert_allclose(got, wanted)


@pytest.mark.parametrize("seed", range(3))
def test_p_against_scipy(seed):
    scores, activations, has = planted(seed, score=0.15)
    names = name_neurons(scores, activations, has, seed=0)
    for n in range(NEURONS - 1):
        one = has[:, names.attribute[n]]
        result = mannwhitneyu(
            activations[one, n],
            activations[~one, n],
            alternative="greater",
            method="asymptotic",
            use_continuity=False,
        )
        assert names.p[n] == pytest.approx(result.pvalue, rel=1e-6)
        assert names.auroc[n] == pytest.approx(roc_auc_score(one, activations[:, n]))


def test_ties_make_p_no_smaller_than_scipys():
    scores, activations, has = planted(score=0.3)
    names = name_neurons(scores, np.round(activations), has, seed=0)
    for n in np.flatnonzero(names.live & (names.auroc > 0.5)):
        one = has[:, names.attribute[n]]
        tied = np.round(activations[:, n])
        exact = mannwhitneyu(tied[one], tied[~one], alternative="greater", method="asymptotic", use_continuity=False)
        assert names.p[n] >= exact.pvalue * (1 - 1e-9)


def benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """As published: q of the i-th smallest is the least of p_j m / j for j from i on."""
    order, m = np.argsort(p), len(p)
    q = np.empty(m)
    for i in range(m):
        q[order[i]] = min(min(p[order[j]] * m / (j + 1) for j in range(i, m)), 1.0)
    return q


def test_q_is_benjamini_hochberg_over_live_neurons():
    names = name_neurons(*planted(score=0.2), seed=0)
    live = names.live
    np.testing.assert_allclose(names.q[live], benjamini_hochberg(names.p[live]))
    assert (names.q[~live] == 1).all()
    assert 0 < names.significant.sum() < live.sum()


def test_planted_concepts_are_found_and_nothing_else():
    names = name_neurons(*planted(), seed=0)
    carriers = np.arange(NEURONS) < NEURONS - 6
    assert (names.attribute[carriers] == np.arange(NEURONS)[carriers] % WORDS).all()
    assert names.verified[carriers].all()
    assert not names.verified[~carriers].any()
    assert names.shuffled_fraction == 0
    assert names.attribute[-1] == -1
    assert not names.live[-1]
    assert names.score[carriers].min() > 0.5


def test_shuffled_words_are_not_believed():
    scores, activations, has = planted()
    names = name_neurons(np.roll(scores, 1, axis=1), activations, has, seed=0)  # every word is the wrong one
    assert not names.verified.any()
    shuffled = np.random.default_rng(1).permutation(has)  # pictures that are not these
    assert not name_neurons(scores, activations, shuffled, seed=0).significant.any()


def test_weak_is_not_verified():
    names = name_neurons(*planted(score=0.6), seed=0)  # AUROC about 0.66
    weak = names.significant & ~names.verified
    assert weak.sum() > 15
    assert names.auroc[weak].max() < 0.75


def test_a_word_that_cannot_be_tested_names_nothing():
    scores, activations, has = planted()
    has[:, 2] = False
    has[:9, 2] = True  # nine pictures, ten are asked for
    names = name_neurons(scores, activations, has, seed=0)
    assert 2 not in names.attribute
    none = name_neurons(scores, activations, np.zeros_like(has), seed=0)
    assert (none.attribute == -1).all()
    assert isinstance(none, NeuronNames)


def test_word_scores_are_standardised_and_silent_on_constants():
    x, y = torch.rand(8, 4).double(), torch.rand(8, 3).double()
    inverse = fit_map(x, y)
    scores = name_scores(inverse, torch.tensor([0.5, 2.0, 0.0]))
    torch.testing.assert_close(scores[:, 0], inverse.weight[:, 0] / 0.5)
    torch.testing.assert_close(scores[:, 1], inverse.weight[:, 1] / 2)
    assert (scores[:, 2] == 0).all()


def test_the_shuffled_share_is_that_of_single_shuffles_on_average():
    random = np.random.default_rng(4)
    has = random.random((60, 5)) < 0.5
    activations = 0.6 * has[:, random.integers(0, 5, 40)] + random.random((60, 40))
    names = name_neurons(random.random((40, 5)), activations, has, seed=2)
    again = np.random.default_rng(2)
    fractions = []
    for _ in range(SHUFFLES):
        permuted = again.permutation(names.attribute)
        judged = np.flatnonzero(permuted != names.attribute)
        p = np.array([mannwhitneyu(*(activations[has[:, k] == side, n] for side in (True, False)), alternative="greater",
                                   method="asymptotic", use_continuity=False).pvalue for n, k in enumerate(permuted)])  # fmt: skip
        q = false_discovery_control(p)
        auroc = np.array([roc_auc_score(has[:, k], activations[:, n]) for n, k in enumerate(permuted)])
        fractions.append(((q < 0.05) & (auroc >= 0.75))[judged].mean())
    assert names.shuffled_fraction == pytest.approx(np.mean(fractions))
    assert 0 < names.shuffled_fraction < 1


def test_training_pictures_choose_among_the_words_that_the_inverse_map_likes():
    scores, activations, has = planted()
    wrong = scores.copy()
    at = np.arange(NEURONS - 6)
    wrong[at, (at + 1) % WORDS] += 2  # the inverse map prefers the next word
    training_fit = all_aurocs(ranks_of(activations), has)
    for k, n in [(k, n) for k in range(WORDS) for n in (0, 7)]:
        assert training_fit[n, k] == pytest.approx(roc_auc_score(has[:, k], activations[:, n]))
    chosen = name_neurons(wrong, activations, has, seed=0, training_fit=training_fit)
    assert (chosen.attribute[at] == at % WORDS).all()
    assert not chosen.contested.any()
    alone = name_neurons(wrong, activations, has, seed=0)
    assert (alone.attribute[at] == (at + 1) % WORDS).all()
    assert not alone.contested.any()  # what is no name is not contested
    assert (alone.better[at] == at % WORDS).all()


def test_only_the_candidates_are_chosen_from():
    scores = np.array([[3.0, 2.0, 1.0, 0.0], [0.0, 1.0, 2.0, 3.0]])
    training_fit = np.array([[0.1, 0.2, 0.9, 1.0], [0.9, 0.2, 0.3, 0.4]])
    everything = np.ones(4, bool)
    assert best_supported(scores, training_fit, everything, candidates=2).tolist() == [1, 3]
    assert best_supported(scores, training_fit, everything, candidates=9).tolist() == [3, 0]
    assert best_supported(scores, training_fit, np.array([True, False, True, False]), candidates=1).tolist() == [0, 2]
