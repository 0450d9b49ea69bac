"""Detectors of pictures with a truth of their own: against scikit-learn, against counting, and against what they must not say."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import expit
from scipy.stats import beta, binomtest
from sklearn.linear_model import Ridge

from niwt_core.explain.claiming import claims_of
from niwt_core.explain.detector import Detectors, Sighting
from niwt_core.explain.picture_detectors import Examples, fit_picture_detectors, picture_detectors
from niwt_core.explain.thresholds import strictest, thresholds
from tests.support.small_study import small_study

GROUPS = (np.array([0, 1, 2]), np.array([3, 4]))
CLASSES = 15


def birds(count: int, seed: int, *, noise: float = 0.15, hidden: float = 0.1, table: np.ndarray | None = None):
    """(pooled, truth, labels) of pictures: one value of each group, hidden in some; of random birds, or of those of a ``table`` of classes."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    values = np.zeros((count, 5), bool)
    for group in GROUPS:
        values[np.arange(count), group[random.integers(0, len(group), count)]] = True
    if table is not None:
        values = table[labels]
    shown = values.copy()
    for group in GROUPS:
        shown[np.ix_(random.random(count) < hidden, group)] = False
    mixing = np.random.default_rng(1).normal(size=(5, 12))
    roots = 3 + shown @ mixing * 0.5 + noise * random.normal(size=(count, 12))
    return torch.from_numpy(roots.clip(0) ** 2).float(), shown, labels


def table_of_classes() -> np.ndarray:
    return birds(CLASSES, 7, hidden=0)[1]


def fitted(*, noise: float = 0.15, right: float = 0.97, ridge: float = 0.3):
    table = table_of_classes()
    pooled, truth, labels = birds(1500, 2, noise=noise, table=table)
    asked = (np.ones_like(truth), table[labels])
    examples = Examples(*birds(1000, 3, noise=noise)[:2])
    detectors = fit_picture_detectors(
        examples,
        pooled,
        truth,
        labels,
        asked=asked,
        exclusive=GROUPS,
        ridges=(ridge,),
        right=right,
        not_seen_right=right,
    )
    return detectors, examples, (pooled, truth, labels), table


def test_scores_are_those_of_a_ridge_on_the_examples_made_probabilities():
    detectors, examples, (pooled, _, _), _ = fitted()
    x = np.sqrt(examples.pooled.double().numpy())
    z = (x - x.mean(0)) / x.std(0)
    ridge = Ridge(0.3 * np.linalg.eigvalsh(z.T @ z).mean()).fit(z, examples.truth)
    scores = ridge.predict((np.sqrt(pooled.double().numpy()) - x.mean(0)) / x.std(0))
    assert detectors.scaling is not None
    by_score, by_other, offset = detectors.scaling.numpy()
    for k, rest in ((0, [1, 2]), (1, [0, 2]), (2, [0, 1]), (3, [4]), (4, [3])):
        expected = expit(by_score[k] * scores[:, k] + by_other[k] * scores[:, rest].max(1) + offset[k])
        np.testing.assert_allclose(
            detectors.score(pooled)[:, k].numpy(), expected, atol=0.03
        )  # weights in half precision
    assert (by_score > 0).all()
    assert (by_other <= 0.5).all()


def test_probabilities_are_calibrated():
    detectors, _, _, table = fitted(noise=0.5)
    pooled, truth, _ = birds(4000, 11, noise=0.5, table=table)
    chance = detectors.score(pooled).numpy()
    for low, high in ((0.05, 0.35), (0.35, 0.65), (0.65, 0.95)):
        at = (chance > low) & (chance < high)
        assert truth[at].mean() == pytest.approx(chance[at].mean(), abs=0.06)


def test_what_is_denied_of_the_describing_class_is_not_there():
    """Of a class's own words 9 in 10 are there: thresholds that are right on all words deny them wrongly, those for every question do not."""
    detectors, _, (_, _, labels), table = fitted(noise=0.35)
    pooled, truth, labels = birds(3000, 12, noise=0.35, table=table)
    promised = table[labels]
    claims = detectors.claims(pooled)
    assert (claims < 0)[promised].sum() > 30
    assert (~truth)[(claims < 0) & promised].mean() >= 0.95
    assert truth[claims > 0].mean() >= 0.95
    scores = detectors.score(pooled).numpy()
    _, loose = thresholds(scores.ravel(), truth.ravel(), seen_right=0.97, not_seen_right=0.97, missed=1.0)
    assert (~truth)[(scores < loose) & promised].mean() < 0.9
    assert detectors.not_seen_below < loose


def questions() -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Probabilities, truth and who asks: about everything, and about words that are nearly always there."""
    random = np.random.default_rng(0)
    truth = random.random((4000, 4)) < 0.5
    scores = expit(8 * (truth - 0.5) + 3 * random.normal(size=truth.shape))
    return scores, truth, (np.ones_like(truth), random.random(truth.shape) < np.where(truth, 0.9, 0.1))


def test_the_strictest_threshold_holds_for_each_question():
    scores, truth, asked = questions()
    above, below, _ = strictest(scores, truth, asked, right=0.95)
    for at in asked:
        assert truth[(scores >= above) & at].mean() >= 0.95
        denied = (scores < below) & at
        wrong = int((denied & truth).sum())
        assert binomtest(int(denied.sum()) - wrong, int(denied.sum()), 0.95, alternative="greater").pvalue <= 0.06
    alone = strictest(scores, truth, asked[:1], right=0.95)
    assert below < alone[1] <= 1 - 0.95  # no single denial may be likelier wrong than that
    assert above == alone[0]
    assert strictest(scores, np.ones_like(truth), asked, right=0.95)[1:] == (
        -np.inf,
        -np.inf,
    )  # nothing is ever missing


def test_few_denials_are_not_trusted():
    """Ninety of ninety may be luck where 97 in 100 are asked for, two hundred of two hundred are not."""
    for count, denies in ((90, False), (200, True)):
        truth = np.arange(2 * count)[:, None] >= count
        scores = np.where(truth, 0.99, np.linspace(1e-4, 1e-3, 2 * count)[:, None])
        below = strictest(scores, truth, [np.ones_like(truth)], right=0.97)[1]
        assert (below > 0.001) == denies


def test_a_hidden_part_is_denied_more_readily_than_one_value_taken_for_another():
    """Of what is denied while another value is likely a third is there, of what is denied where none is nothing: each kind has its threshold."""
    random = np.random.default_rng(1)
    count = 3000
    kind = np.arange(count) % 3  # the part is hidden; the second value is taken for the first; the first is there
    truth = np.stack([(kind == 2) | ((kind == 1) & (random.random(count) < 0.3)), np.zeros(count, bool)], axis=1)
    low = 10 ** random.uniform(-4, -2, count)
    scores = np.stack([np.where(kind == 2, 0.99, low), np.where(kind == 1, 0.95, 0.01)], axis=1)
    asked = [np.repeat([[True, False]], count, axis=0)]
    above, below, hidden_below = strictest(scores, truth, asked, right=0.98, exclusive=(np.arange(2),))
    claims = claims_of(scores, above, below, (np.arange(2),), others_absent=False, hidden_below=hidden_below)
    denied = claims[:, 0] < 0
    assert (denied & (kind == 0)).sum() > 0.9 * (kind == 0).sum()
    assert (denied & (kind == 1)).sum() < 0.1 * (kind == 1).sum()
    assert truth[denied, 0].mean() <= 0.02
    one_for_all = claims_of(scores, above, hidden_below, (np.arange(2),), others_absent=False)
    assert truth[one_for_all[:, 0] < 0, 0].mean() > 0.1
    assert below < hidden_below <= 1 - 0.98


def test_between_two_mistakes_the_threshold_lies_halfway():
    """One wrong denial in a thousand is allowed, two are not: the threshold lies between, not just below the second."""
    truth = np.concatenate([np.zeros(1000, bool), [True, True], np.ones(1000, bool)])[:, None]
    scores = np.concatenate([np.linspace(1e-6, 1e-5, 1000), [1e-4, 4e-4], np.full(1000, 0.99)])[:, None]
    right = float(beta.ppf(0.05, 1000, 2)) - 1e-6  # the lower limit of 1,000 in 1,001
    assert strictest(scores, truth, [np.ones_like(truth)], right=right)[1] == pytest.approx(2e-4)


def test_another_value_that_is_seen_denies_nothing_by_itself():
    """Two values of a group that are both likely: the lesser is not denied, and it is not seen either."""
    scaling = torch.tensor([[1.0] * 3, [0.0] * 3, [0.0] * 3])
    shown = Detectors(
        torch.zeros(1, 3), torch.tensor([3.0, 2.5, -6.0]), 0.8, 0.01, (np.arange(3),), 1.0, np.ones(3), 1, 1, 1, 0, 1, scaling
    )  # fmt: skip
    assert shown.look(torch.zeros(1)) == (Sighting.SEEN, Sighting.CANNOT_TELL, Sighting.NOT_SEEN)


def test_an_attribute_that_all_have_is_always_there():
    pooled, truth, labels = birds(300, 4)
    truth[:, 0] = True
    examples = Examples(*birds(300, 5)[:2])
    detectors = fit_picture_detectors(examples, pooled, truth, labels, asked=(np.ones_like(truth),))
    assert (detectors.score(pooled)[:, 0] > 0.99).all()
    assert np.isnan(detectors.auroc[0])


def test_only_training_pictures_of_a_study_are_looked_at():
    study = small_study()
    random = np.random.default_rng(0)
    examples = Examples(
        torch.from_numpy(random.random((200, study.network.neurons))).float(), random.random((200, 61)) < 0.3
    )
    truth = study.knowledge.presence()[study.labels]
    truth[random.random(truth.shape) < 0.05] = False
    detectors = picture_detectors(study, examples, truth)
    held_out = study.split != "train"
    spoiled = truth.copy()
    spoiled[held_out] = ~spoiled[held_out]
    pooled = study.pooled.clone()
    pooled[torch.from_numpy(held_out)] = 9
    again = picture_detectors(replace(study, pooled=pooled), examples, spoiled)
    assert detectors is not None
    assert again is not None
    assert detectors.scaling is not None
    torch.testing.assert_close(detectors.scaling, again.scaling)
    assert detectors.hidden_below is not None
    for name in ("seen_above", "not_seen_below", "hidden_below"):
        assert getattr(detectors, name) == getattr(again, name)
    kept = detectors.tensors()
    opened = Detectors.of(replace(study, detectors=kept))
    assert opened is not None
    np.testing.assert_array_equal(opened.claims(study.pooled), detectors.claims(study.pooled))
    assert (
        picture_detectors(replace(study, knowledge=replace(study.knowledge, kind="embedding")), examples, truth) is None
    )
