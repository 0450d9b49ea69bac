"""Folds hold out whole classes, and their heads know nothing of them."""

import numpy as np
import pytest
import torch

from niwt_core.errors import NiwtError
from niwt_core.evaluation.folds import REPEATS, FoldFeatures, class_folds, fold_heads, fold_scores, gamma_unit
from tests.support.class_world import FEATURES, World
from tests.support.tiny_networks import normal


@pytest.mark.parametrize("seed", range(4))
def test_folds_partition_the_seen_classes(seed):
    world = World(seed)
    folds, seen = world.folds, np.flatnonzero(world.seen)
    count = len(folds) // REPEATS
    for repeat in range(REPEATS):
        part = folds[repeat * count : (repeat + 1) * count]
        assert sorted(np.concatenate([fold.left_out for fold in part]).tolist()) == seen.tolist()
        for fold in part:
            assert sorted([*fold.kept, *fold.left_out]) == seen.tolist()
    assert len({tuple(fold.left_out) for fold in folds}) > count  # the repeats differ


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
        assert set(world.labels[fold.unseen_test]) == set(fold.left_out)
        assert 0.1 < len(fold.seen_test) / (len(fold.seen_test) + len(fold.fit)) < 0.3


@pytest.mark.parametrize(("seen", "unseen"), [(9, 3), (73, 14), (150, 50), (6, 2), (10, 60)])
def test_as_many_classes_are_held_out_as_are_unseen_in_proportion(seen, unseen):
    mask = np.arange(seen + unseen) < seen
    labels = np.arange(seen + unseen).repeat(5)
    folds = class_folds(labels, mask[labels], mask, seed=0)
    count = len(folds) // REPEATS
    fraction = np.mean([len(fold.left_out) for fold in folds]) / seen
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
    assert not all(np.array_equal(a.left_out, b.left_out) for a, b in zip(world.folds, other, strict=True))


def test_pictures_that_could_not_be_read_leave_the_fold():
    world = World()
    usable = np.arange(len(world.labels)) % 3 > 0
    fold = world.folds[0]
    left = fold.only(usable)
    for name in ("fit", "seen_test", "unseen_test"):
        assert getattr(left, name).tolist() == [i for i in getattr(fold, name) if usable[i]]
    assert left.kept is fold.kept


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
    fold, rows = item.fold, normal(len(item.fold.left_out), FEATURES, seed=4)
    scored = fold_scores(item, world.labels, rows, torch.zeros(len(rows)))
    for place, picture in enumerate([*fold.seen_test, *fold.unseen_test]):
        x = world.features[picture] - item.head.mean
        seen = {int(c): float(item.head.rows[i] @ x + item.head.biases[i]) for i, c in enumerate(fold.kept)}
        of_left_out = {int(c): float(rows[i] @ x) for i, c in enumerate(fold.left_out)}
        assert scored.margin[place] == pytest.approx((max(seen.values()) - max(of_left_out.values())) / item.unit)
        among = of_left_out if world.labels[picture] in fold.left_out else seen
        assert scored.of_unseen[place] == (among is of_left_out)
        assert scored.right_among_own[place] == (max(among, key=among.get) == world.labels[picture])
