"""Class splits: reproducible, blind to described classes, and summed up as by hand."""

import numpy as np
import pytest
import torch
from scipy import stats

from niwt_core.errors import NiwtError
from niwt_core.evaluation import splits
from niwt_core.evaluation.baselines import Costa, Ridge
from niwt_core.evaluation.split_results import Row, SplitResult, interval, summarise
from niwt_core.evaluation.splits import SplitData, draw_split, measure_split
from tests.support.class_world import FEATURES, World
from tests.support.quick import QUICK
from tests.support.tiny_networks import normal


def data_of(world: World) -> SplitData:
    return SplitData(world.features.float(), world.labels, lambda seen: world.knowledge.double().numpy())


def measured(world: World, **options) -> SplitResult:
    return measure_split(data_of(world), seed=4, grid=QUICK, baselines=(Costa, Ridge), **options)


def test_a_third_is_described_and_a_fifth_of_the_rest_is_kept_for_testing():
    world = World()
    split = draw_split(world.labels, seed=0)
    assert len(split.classes) == 12
    assert (~split.seen).sum() == 4
    described = np.isin(world.labels, split.classes[~split.seen])
    assert set(split.part[described]) == {"test"}
    assert np.mean(split.part[~described] == "test") == pytest.approx(1 / 5, abs=0.06)


def test_the_seed_decides_the_split():
    world = World()
    one, again, other = (draw_split(world.labels, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.part, again.part)
    assert not np.array_equal(one.seen, other.seen)
    assert measured(world) == measured(world)


def test_classes_of_few_pictures_take_no_part_and_too_few_classes_are_refused():
    labels = np.concatenate([np.arange(9).repeat(6), [9, 9, 9]])
    split = draw_split(labels, seed=0)
    assert 9 not in split.classes
    assert set(split.part[labels == 9]) == {""}
    with pytest.raises(NiwtError, match="5 classes with 4 or more pictures are too few to divide"):
        draw_split(np.arange(5).repeat(6), seed=0)


def test_nothing_that_is_fitted_sees_a_picture_of_a_described_class_or_a_test_picture(monkeypatch):
    """Features of those pictures are garbage until every choice and every fit is done."""
    world, met = World(), []
    split = draw_split(world.labels, seed=4)
    fit = splits.fit_choice

    def watched(choice, features, labels, knowledge, seen, *rest):
        met.append((features, set(labels)))
        return fit(choice, features, labels, knowledge, seen, *rest)

    monkeypatch.setattr(splits, "fit_choice", watched)
    before = measured(world).choice
    (features, labels) = met[0]
    assert labels == set(np.flatnonzero(split.seen))
    assert torch.equal(features, world.features.float()[split.part == "train"])
    mutant = World()
    hidden = torch.from_numpy(split.part != "train")
    mutant.features[hidden] += 50 * normal(int(hidden.sum()), FEATURES, seed=3)
    assert measured(mutant).choice == before
    assert measured(mutant).rows != measured(world).rows


def test_rows_are_of_every_method_under_both_calibrations():
    actual = measured(World())
    assert set(actual.rows) == {
        f"{name}|{way}" for name in ("NIWT", "COSTA", "Ridge") for way in ("stolen share", "gamma")
    }
    for row in actual.rows.values():
        assert pytest.approx(2 * row.U * row.S / max(row.U + row.S, 1e-12)) == row.H
        assert 0 <= row.ausuc <= 1
    assert (actual.seen, actual.described) == (8, 4)
    assert SplitResult.from_dict(actual.to_dict()) == actual


def test_the_summary_is_a_paired_t_interval():
    random = np.random.default_rng(0)
    ours, other = random.normal(60, 3, 8), random.normal(58, 3, 8)

    def result(a: float, b: float) -> SplitResult:
        rows = {"NIWT|stolen share": Row(1, 2, a, 3, 0.4), "Ridge|gamma": Row(5, 6, b, 7, 0.8)}
        return SplitResult(0, 8, 4, rows, {})

    lines = {line.method: line for line in summarise([result(a, b) for a, b in zip(ours, other, strict=True)])}
    assert lines["NIWT"].ahead is None
    assert pytest.approx(ours.mean()) == lines["NIWT"].H
    wanted = stats.ttest_rel(ours, other).confidence_interval(0.95)
    assert lines["Ridge"].ahead == pytest.approx(((ours - other).mean(), wanted.low, wanted.high))
    assert interval(np.array([2.0])) == (2.0, 2.0, 2.0)
