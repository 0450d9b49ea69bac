"""Detectors against refitting, against brute force, and against what is drawn in pictures of species that nobody trained on."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from niwt_core.audit.ground_truth import held_out_sample, redrawn
from niwt_core.data.aviary import IN_VIEW, PART_OF_GROUP
from niwt_core.explain.detector import Detectors, Sighting, exclusive_groups, fit_detectors
from niwt_core.explain.left_out_scores import roots
from niwt_core.explain.thresholds import ALONE, thresholds, with_consent
from tests.support.small_study import small_study
from tests.support.tiny_aviary import shipped_aviary


def drawn(seed: int = 0, classes: int = 12, pictures: int = 8, neurons: int = 15, attributes: int = 6):
    """Pictures whose activations follow their class's attributes, with noise."""
    random = np.random.default_rng(seed)
    amounts = random.random((classes, attributes)).round(1)
    groups = np.repeat(np.arange(classes), pictures)
    mixing = random.normal(size=(attributes, neurons))
    roots_of = 2 + amounts[groups] @ mixing * 0.3 + 0.1 * random.normal(size=(len(groups), neurons))
    return torch.from_numpy(roots_of.clip(0) ** 2), amounts, groups


def test_scores_and_figures_are_those_of_refitting_without_each_class():
    pooled, amounts, groups = drawn()
    ridge = 0.3
    actual = fit_detectors(pooled, amounts, groups, ridges=(ridge,))
    amounts = amounts[groups]
    x = np.sqrt(pooled.numpy())
    z = (x - x.mean(0)) / x.std(0)
    penalty = ridge * np.linalg.eigvalsh(z.T @ z).clip(0).mean()
    np.testing.assert_allclose(actual.score(pooled).numpy(), Ridge(penalty).fit(z, amounts).predict(z), atol=1e-4)
    held_out = np.empty_like(amounts)
    for c in np.unique(groups):
        held_out[groups == c] = Ridge(penalty).fit(z[groups != c], amounts[groups != c]).predict(z[groups == c])
    there = amounts >= 0.5
    above, below = thresholds(held_out.ravel(), there.ravel())
    assert actual.seen_above == pytest.approx(above, abs=1e-4)
    assert actual.not_seen_below == pytest.approx(below, abs=1e-4)
    seen = held_out >= above
    assert actual.recall == pytest.approx(seen[there].mean(), abs=0.01)  # one score may lie on the threshold
    for k in range(amounts.shape[1]):
        pairs = held_out[there[:, k], k][:, None] - held_out[~there[:, k], k][None, :]
        assert actual.auroc[k] == pytest.approx((pairs > 0).mean())


def test_the_ridge_is_chosen_on_left_out_classes():
    pooled, amounts, groups = drawn(pictures=3, neurons=30)
    noisy = pooled + 2 * torch.rand(pooled.shape, generator=torch.Generator().manual_seed(0))
    loose, tight = (fit_detectors(noisy, amounts, groups, ridges=(r,)) for r in (1e-6, 1.0))
    assert fit_detectors(noisy, amounts, groups, ridges=(1e-6, 1.0)).ridge == 1.0
    assert np.nanmean(tight.auroc) > np.nanmean(loose.auroc)


def test_thresholds_are_the_widest_that_are_right_often_enough():
    random = np.random.default_rng(3)
    scores = random.random(400).round(2) + random.random(400) * 1e-6
    there = random.random(400) < scores**2
    above, below = thresholds(scores, there, seen_right=0.8, not_seen_right=0.9, missed=1.0)
    right = {t: there[scores >= t].mean() for t in scores if (scores >= t).sum() >= 20}
    assert above == min(t for t, share in right.items() if share >= 0.8)
    absent = {t: (~there[scores <= t]).mean() for t in scores if (scores <= t).sum() >= 20}
    assert below == max(t for t, share in absent.items() if share >= 0.9)
    strict = thresholds(scores, there, seen_right=0.8, not_seen_right=0.9, missed=0.02)
    assert strict[0] == above
    assert strict[1] < below
    assert (scores < strict[1])[there].mean() == pytest.approx(0.02, abs=1 / there.sum())
    nothing = thresholds(scores, random.random(400) < 0.5, seen_right=0.99, not_seen_right=0.99)
    assert nothing == (np.inf, -np.inf)  # no claim is right that often


def test_thresholds_with_consent_are_the_widest_of_the_columns_that_photographs_show_alike():
    random = np.random.default_rng(5)
    scores = random.random((100, 8))
    there = random.random((100, 8)) < scores**1.5
    shown = ["always", "seldom", "", "mostly", "always", "", "mostly", "seldom"]
    actual = with_consent(scores, there, shown)
    for entry, right in ALONE.items():
        at = np.array([item == entry for item in shown])
        values, truth = scores[:, at].ravel(), there[:, at].ravel()
        wide = [value for value in values if (values >= value).sum() >= 20 and truth[values >= value].mean() >= right]
        assert actual[at] == pytest.approx(min(wide), abs=1e-6)
    assert np.isinf(actual[[1, 7]]).all()
    assert actual[0] < actual[2] < actual[3]


def test_fitted_detectors_carry_them():
    pooled, amounts, groups = drawn()
    shown = ["always", "seldom", "", "mostly", "always", ""]
    actual = fit_detectors(pooled, amounts, groups, shown=shown)
    assert torch.isinf(actual.above).tolist() == [False, True, False, False, False, False]
    kept = Detectors.of(replace(small_study(), detectors=actual.tensors()))
    assert kept.above.tolist() == actual.above.tolist()
    assert len(set(fit_detectors(pooled, amounts, groups).above.tolist())) == 1


def test_thresholds_do_not_cross():
    scores = np.linspace(0, 1, 100)
    above, below = thresholds(scores, scores > 0.5, seen_right=0.8, not_seen_right=0.8, missed=1.0)
    assert above == below
    assert ((scores >= above) == (scores > 0.5)).mean() > 0.95


def detectors(scores: list[float], exclusive=()) -> Detectors:
    """Detectors that give these scores, whatever the picture."""
    weight = torch.zeros(1, len(scores))
    return Detectors(weight, torch.tensor(scores), 0.8, 0.3, exclusive, 1.0, np.ones(len(scores)), 1, 1, 1, 0, 1)


def test_three_answers():
    assert detectors([0.9, 0.5, 0.1]).look(torch.zeros(1)) == (
        Sighting.SEEN,
        Sighting.CANNOT_TELL,
        Sighting.NOT_SEEN,
    )


def test_of_an_exclusive_group_one_value_is_seen_and_the_others_are_not():
    group = (np.array([0, 1, 2]),)
    assert detectors([0.9, 0.85, 0.5], group).look(torch.zeros(1)) == (
        Sighting.SEEN, Sighting.NOT_SEEN, Sighting.NOT_SEEN,
    )  # fmt: skip
    assert detectors([0.7, 0.5, 0.1], group).look(torch.zeros(1)) == (
        Sighting.CANNOT_TELL, Sighting.CANNOT_TELL, Sighting.NOT_SEEN,
    )  # fmt: skip


def test_many_pictures_at_once_are_as_one_by_one():
    actual = Detectors.of(shipped_aviary())
    pooled = shipped_aviary().pooled[::500]
    names = {1: Sighting.SEEN, -1: Sighting.NOT_SEEN, 0: Sighting.CANNOT_TELL}
    for picture, claims in zip(pooled, actual.claims(pooled), strict=True):
        assert actual.look(picture) == tuple(names[int(claim)] for claim in claims)


def test_roots_keep_the_sign():
    assert roots(torch.tensor([4.0, -9.0, 0.0])).tolist() == [2, -3, 0]


def test_a_study_is_fitted_once_on_training_pictures_only():
    study = small_study()
    assert Detectors.of(study) is Detectors.of(study)
    train = torch.from_numpy(np.flatnonzero(study.split == "train"))
    spoiled = torch.full_like(study.pooled, 7.0)
    spoiled[train] = study.pooled[train]
    torch.testing.assert_close(Detectors.of(replace(study, pooled=spoiled)).weight, Detectors.of(study).weight)


def test_groups_are_exclusive_where_every_class_has_one_value():
    study = small_study()
    assert len(exclusive_groups(study)) == 16
    values = study.knowledge.values.copy()
    values[0, study.knowledge.groups["crest"]] = 1
    two = replace(study, knowledge=replace(study.knowledge, values=values))
    assert len(exclusive_groups(two)) == 15
    half = replace(study, knowledge=replace(study.knowledge, values=values * 0.7))
    assert exclusive_groups(half) == ()


def test_without_attributes_there_is_nothing_to_see():
    study = small_study()
    embedding = replace(study.knowledge, kind="embedding")
    assert Detectors.of(replace(study, knowledge=embedding)) is None


def test_what_is_seen_of_species_without_training_pictures_is_there():
    study = shipped_aviary()
    chosen = held_out_sample(study, per_class=6, seed=1)
    chosen = chosen[~study.seen[study.labels[chosen]]]
    there = []
    for picture in redrawn(study, chosen):
        in_view = {group for group, part in PART_OF_GROUP.items() if picture.visibility[part] >= IN_VIEW}
        true = {f"{group}::{value}" for group, value in picture.attributes.items() if group in in_view}
        there.append([name in true for name in study.knowledge.names])
    drawn = np.array(there)
    claims = Detectors.of(study).claims(study.pooled[torch.from_numpy(chosen)])
    assert drawn[claims > 0].mean() >= 0.97
    assert (~drawn[claims < 0]).mean() >= 0.97
    assert (claims != 0).mean() >= 0.8
    assert (claims > 0)[drawn].mean() >= 0.9
    control = np.roll(claims, len(claims) // 2, axis=0)  # the claims of other birds
    assert drawn[control > 0].mean() < 0.6
