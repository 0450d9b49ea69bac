"""Detectors of pictures with a truth of their own: against scikit-learn, against counting, and against what they must not say."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import expit
from sklearn.linear_model import Ridge

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
        examples, pooled, truth, labels, asked=asked, exclusive=GROUPS, ridges=(ridge,), right=right
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


def test_the_strictest_threshold_holds_for_each_question():
    random = np.random.default_rng(0)
    truth = random.random((500, 4)) < 0.5
    scores = truth + 0.6 * random.normal(size=truth.shape)
    asked = (np.ones_like(truth), random.random(truth.shape) < np.where(truth, 0.9, 0.1))
    above, below = strictest(scores, truth, asked, right=0.95)
    for at in asked:
        assert truth[(scores >= above) & at].mean() >= 0.95
        assert (~truth)[(scores <= below) & at].mean() >= 0.95
    alone = strictest(scores, truth, asked[:1], right=0.95)
    assert below < alone[1]
    assert above == alone[0]
    assert strictest(scores, np.ones_like(truth), asked, right=0.95)[1] == -np.inf  # nothing is ever missing


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
    assert (detectors.seen_above, detectors.not_seen_below) == (again.seen_above, again.not_seen_below)
    kept = detectors.tensors()
    opened = Detectors.of(replace(study, detectors=kept))
    assert opened is not None
    np.testing.assert_array_equal(opened.claims(study.pooled), detectors.claims(study.pooled))
    assert (
        picture_detectors(replace(study, knowledge=replace(study.knowledge, kind="embedding")), examples, truth) is None
    )
