"""Choices come from seen classes alone: the folds, and mutations that must not change anything."""

import numpy as np
import pytest
import torch

from niwt_core.errors import NiwtError
from niwt_core.evaluation.baseline_tuning import choose_baseline
from niwt_core.evaluation.baselines import BASELINES
from niwt_core.evaluation.metrics import calibration_curve, score
from niwt_core.evaluation.selection import (
    GAMMA_STEPS,
    REPEATS,
    FoldFeatures,
    average,
    choose,
    class_folds,
    fold_heads,
    fold_scores,
    gamma_unit,
    harmonic_at,
)
from niwt_core.method.importance import unit
from tests.support.tiny_networks import normal

CLASSES, SEEN, PICTURES, FEATURES = 12, 9, 14, 10


class World:
    """Features (n,D) of classes whose means follow their descriptions (C,K); a quarter of the seen pictures are test pictures."""

    def __init__(self, seed: int = 0, neurons: int = 0) -> None:
        random = np.random.default_rng(seed)
        self.seen = np.isin(np.arange(CLASSES), random.permutation(CLASSES)[:SEEN])
        self.labels = random.permutation(np.arange(CLASSES).repeat(PICTURES))
        self.train = self.seen[self.labels] & (random.random(len(self.labels)) > 0.25)
        self.knowledge = unit(normal(CLASSES, 6, seed=seed).abs())
        means = 3 * self.knowledge @ normal(6, FEATURES, seed=seed + 1)
        self.features = means[self.labels] + normal(len(self.labels), FEATURES, seed=seed + 2)
        self.operator = normal(neurons, FEATURES, seed=seed + 3) if neurons else None

    def targets(self, rows: torch.Tensor, classes: np.ndarray) -> torch.Tensor:
        return unit(rows if self.operator is None else rows @ self.operator.T)

    @property
    def folds(self):
        return class_folds(self.labels, self.train, self.seen, seed=3)

    def chosen(self, **options):
        fold_features = FoldFeatures(self.features, self.targets, self.operator)
        options = {"decays": (1e-2,), "mus": (0.0, 0.3, 30.0)} | options
        return choose(self.folds, [fold_features] * len(self.folds), self.labels, self.knowledge, **options)


@pytest.mark.parametrize("seed", range(4))
def test_folds_partition_the_seen_classes(seed):
    world = World(seed)
    folds, seen = world.folds, np.flatnonzero(world.seen)
    count = len(folds) // REPEATS
    for repeat in range(REPEATS):
        part = folds[repeat * count : (repeat + 1) * count]
        assert sorted(np.concatenate([fold.held for fold in part]).tolist()) == seen.tolist()
        for fold in part:
            assert sorted([*fold.kept, *fold.held]) == seen.tolist()
    assert len({tuple(fold.held) for fold in folds}) > count  # the repeats differ


@pytest.mark.parametrize("seed", range(4))
def test_no_picture_is_on_two_sides_of_a_fold(seed):
    world = World(seed)
    for fold in world.folds:
        sides = (fold.fit, fold.seen_test, fold.unseen_test)
        together = np.concatenate(sides)
        assert len(set(together)) == len(together)
        assert sorted(together) == np.flatnonzero(world.train).tolist()  # every training picture, and no other
        assert set(world.labels[fold.fit]) == set(fold.kept)  # each kept class has pictures to fit
        assert set(world.labels[fold.seen_test]) <= set(fold.kept)
        assert set(world.labels[fold.unseen_test]) == set(fold.held)
        assert 0.1 < len(fold.seen_test) / (len(fold.seen_test) + len(fold.fit)) < 0.3


@pytest.mark.parametrize(("seen", "unseen"), [(9, 3), (73, 14), (150, 50), (6, 2), (10, 60)])
def test_as_many_classes_are_held_out_as_are_unseen_in_proportion(seen, unseen):
    mask = np.arange(seen + unseen) < seen
    labels = np.arange(seen + unseen).repeat(5)
    folds = class_folds(labels, mask[labels], mask, seed=0)
    count = len(folds) // REPEATS
    fraction = np.mean([len(fold.held) for fold in folds]) / seen
    assert fraction == pytest.approx(1 / count)
    if seen >= 9 and 0.1 <= unseen / (seen + unseen) <= 1 / 3:
        assert fraction == pytest.approx(unseen / (seen + unseen), abs=0.05)


@pytest.mark.parametrize("seen", [4, 5, 6])
def test_few_classes_still_leave_three_to_learn_from(seen):
    mask = np.arange(seen + 1) < seen
    labels = np.arange(seen + 1).repeat(5)
    folds = class_folds(labels, mask[labels], mask, seed=0)
    assert min(len(fold.kept) for fold in folds) >= 3


def test_too_few_classes_are_refused():
    mask = np.array([True, True, True, False])
    labels = np.arange(4).repeat(5)
    with pytest.raises(NiwtError, match="3 seen classes are too few"):
        class_folds(labels, mask[labels], mask, seed=0)


def test_the_seed_decides_the_folds():
    world = World()
    again = class_folds(world.labels, world.train, world.seen, seed=3)
    other = class_folds(world.labels, world.train, world.seen, seed=4)
    assert all(np.array_equal(a.fit, b.fit) for a, b in zip(world.folds, again, strict=True))
    assert not all(np.array_equal(a.held, b.held) for a, b in zip(world.folds, other, strict=True))


def test_pictures_that_could_not_be_read_leave_the_fold():
    world = World()
    usable = np.arange(len(world.labels)) % 3 > 0
    fold = world.folds[0]
    left = fold.only(usable)
    for name in ("fit", "seen_test", "unseen_test"):
        assert getattr(left, name).tolist() == [i for i in getattr(fold, name) if usable[i]]
    assert left.kept is fold.kept


@pytest.mark.parametrize("neurons", [0, 8])
def test_nothing_about_test_pictures_or_unseen_classes_changes_a_choice(neurons):
    """The mutation test: garbage wherever the choice must not look."""
    world, mutant = World(neurons=neurons), World(neurons=neurons)
    random = np.random.default_rng(5)
    test, unseen = ~mutant.train, np.flatnonzero(~mutant.seen)
    mutant.features[torch.from_numpy(test)] = torch.nan
    mutant.labels[test & mutant.seen[mutant.labels]] = random.choice(np.flatnonzero(mutant.seen))
    mutant.labels[test & ~mutant.seen[mutant.labels]] = unseen[0]
    mutant.knowledge[torch.from_numpy(unseen)] = torch.nan
    assert mutant.chosen() == world.chosen()


@pytest.mark.parametrize("neurons", [0, 8])
def test_what_is_learned_from_does_change_it(neurons):
    world, mutant = World(neurons=neurons), World(neurons=neurons)
    mutant.features[torch.from_numpy(mutant.train)] *= normal(FEATURES, seed=8)
    assert mutant.chosen().trials != world.chosen().trials


def test_the_best_trial_is_chosen():
    choice = World(neurons=8).chosen(decays=(1e-2, 1e-3))
    assert len(choice.trials) == 6
    best = max(choice.trials, key=lambda trial: trial["H"])
    assert (choice.decay, choice.mu, choice.gamma, choice.H) == tuple(
        best[key] for key in ("decay", "mu", "gamma", "H")
    )
    assert len({trial["H"] for trial in choice.trials}) > 1


def test_mu_is_not_tried_where_it_changes_nothing():
    assert {trial["mu"] for trial in World().chosen().trials} == {0.0}


def test_a_fold_never_sees_its_held_out_classes():
    """Heads of folds: pictures outside `fit` may be anything."""
    world = World()
    fold = world.folds[0]
    garbage = torch.full_like(world.features, torch.nan)
    garbage[fold.fit] = world.features[fold.fit]
    features_of_folds = [FoldFeatures(features, world.targets, None) for features in (world.features, garbage)]
    one, other = fold_heads([fold, fold], features_of_folds, world.labels, decay=1e-2)
    assert torch.equal(one.head.rows, other.head.rows)
    assert one.unit == other.unit == gamma_unit(one.head.logits(world.features[fold.fit]))


def test_scores_of_a_fold_against_a_plain_loop():
    world = World()
    fold_features = FoldFeatures(world.features, world.targets, None)
    (item,) = fold_heads([world.folds[1]], [fold_features], world.labels, decay=1e-2)
    fold, rows = item.fold, normal(len(item.fold.held), FEATURES, seed=4)
    scored = fold_scores(item, world.labels, rows, torch.zeros(len(rows)))
    for place, picture in enumerate([*fold.seen_test, *fold.unseen_test]):
        x = world.features[picture] - item.head.mean
        seen = {int(c): float(item.head.rows[i] @ x + item.head.biases[i]) for i, c in enumerate(fold.kept)}
        held = {int(c): float(rows[i] @ x) for i, c in enumerate(fold.held)}
        assert scored.margin[place] == pytest.approx((max(seen.values()) - max(held.values())) / item.unit)
        own = held if world.labels[picture] in fold.held else seen
        assert scored.of_unseen[place] == (own is held)
        assert scored.right_among_own[place] == (max(own, key=own.get) == world.labels[picture])


def test_average_is_the_best_mean_h_of_all_gammas():
    random, curves = np.random.default_rng(0), []
    for _ in range(3):
        labels = random.integers(0, 4, 60)
        logits = random.normal(size=(60, 4)) + 2 * np.eye(4)[labels]
        curves.append(calibration_curve(score(logits, labels, np.array([True, True, False, False]))))
    means = [np.mean([harmonic_at(curve, gamma) for curve in curves]) for gamma in GAMMA_STEPS]
    gamma, u, s, h = average(curves)
    assert h == pytest.approx(max(means))
    assert np.mean([harmonic_at(curve, gamma) for curve in curves]) == pytest.approx(h)
    assert min(u, s) > 0


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda baseline: baseline.name)
def test_rivals_are_tuned_on_the_same_folds_and_see_as_little(baseline):
    world, mutant = World(), World()
    mutant.features[torch.from_numpy(~mutant.train)] = torch.nan
    mutant.knowledge[torch.from_numpy(~mutant.seen)] = torch.nan
    choices = []
    for w in (world, mutant):
        features_of_folds = [FoldFeatures(w.features, w.targets, None)] * len(w.folds)
        heads = fold_heads(w.folds, features_of_folds, w.labels, decay=1e-2)
        choices.append(choose_baseline(baseline, heads, w.labels, w.knowledge.double().numpy()))
    assert choices[0] == choices[1]
    assert {choices[0].calibrated, choices[0].plain} <= set(baseline.grid)
