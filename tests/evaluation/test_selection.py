"""Choices come from seen classes alone, by what counts: mutations that must not change anything, and brute force."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

from niwt_core.evaluation.baseline_tuning import choose_baseline
from niwt_core.evaluation.baselines import BASELINES
from niwt_core.evaluation.folds import FoldFeatures, fold_heads
from niwt_core.evaluation.grid import Grid
from niwt_core.evaluation.margins import Margins
from niwt_core.evaluation.selection import choose
from niwt_core.evaluation.trials import Trials
from niwt_core.method.head import fit_head
from niwt_core.method.leave_one_out import left_out_logits
from niwt_core.method.transfer.exact import fit_transfer
from tests.support.class_world import FEATURES, GRID, World
from tests.support.tiny_networks import normal


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


def scored(world, fold, decay, mu, ridge, norm, share, shrinkage):
    """(label, the score of each class) of a fold's test pictures, from nothing but heads, a textbook ridge and the definition of the share."""
    x = world.features.double()
    local = torch.from_numpy(np.searchsorted(fold.kept, world.labels[fold.fit]))
    head = fit_head(world.features[fold.fit], local, classes=len(fold.kept), decay=decay)
    kept, left_out = world.knowledge[fold.kept].double(), world.knowledge[fold.left_out].double()
    wanted = world.targets(head.rows, fold.kept).double()
    centred = kept - kept.mean(0)
    gram = centred @ centred.T
    added = ridge * torch.linalg.eigvalsh(gram).mean()
    inner = torch.linalg.solve(gram + added * torch.eye(len(gram)), wanted - wanted.mean(0))
    importances = wanted.mean(0) + (left_out - kept.mean(0)) @ centred.T @ inner
    transfer = fit_transfer(
        head.rows.double(), head.biases.double(), None if world.operator is None else world.operator.double(), mu=mu
    )
    rows = norm * transfer.weights(importances)
    seen, described = (x - head.mean) @ head.rows.double().T + head.biases, (x - head.mean) @ rows.T + transfer.bias
    best = left_out_logits(head, world.features[fold.fit], local, decay=decay).max(1).values.double()
    margins = (described[fold.fit] - best[:, None]).numpy()
    described_biases = np.array(
        [-np.quantile(margins[:, c], 1 - share * len(margins) / (len(margins) - 1)) for c in range(len(rows))]
    )
    biases = (1 - shrinkage) * described_biases + shrinkage * described_biases.mean()
    for picture in (*fold.seen_test, *fold.unseen_test):
        scores = {int(c): float(value) for c, value in zip(fold.kept, seen[picture], strict=True)}
        scores |= {
            int(c): float(value) for c, value in zip(fold.left_out, described[picture].numpy() + biases, strict=True)
        }
        yield int(world.labels[picture]), scores


def outcomes(world, fold, *setting):
    """(U, S) of one fold, one picture at a time."""
    right: dict[int, list[bool]] = {}
    for label, scores in scored(world, fold, *setting):
        right.setdefault(label, []).append(max(scores, key=scores.__getitem__) == label)
    means = {c: 100 * np.mean(hits) for c, hits in right.items()}
    return np.mean([means[int(c)] for c in fold.left_out if int(c) in means]), np.mean(
        [means[int(c)] for c in fold.kept if int(c) in means]
    )


@pytest.mark.parametrize("neurons", [0, 8])
def test_every_setting_has_the_mean_h_that_brute_force_gives(neurons):
    world = World(1, neurons=neurons)
    grid = Grid(
        decay=(1e-2,), mu=(0.0,), ridge=(0.3,), norm=(0.7, 1.0), share=(0.013, 0.061, 0.2), shrinkage=(0.0, 0.5)
    )
    (tried,) = Trials(world.folds, world.features_of_folds, world.labels, world.knowledge).on(grid).values()
    axes = product(enumerate(grid.norm), enumerate(grid.share), enumerate(grid.shrinkage))
    for (n, norm), (q, share), (s, shrinkage) in axes:
        pairs = [outcomes(world, fold, 1e-2, 0.0, 0.3, norm, share, shrinkage) for fold in world.folds]
        wanted = np.mean([2 * u * s / max(u + s, 1e-12) for u, s in pairs])
        assert tried.balance.H[n, q, s] == pytest.approx(wanted, abs=1e-6)
        assert tried.balance.U[n, q, s] == pytest.approx(np.mean([u for u, _ in pairs]), abs=1e-6)


@pytest.mark.parametrize("neurons", [0, 8])
def test_of_a_grid_that_grew_only_the_new_is_tried(neurons, monkeypatch):
    world, biases = World(1, neurons=neurons), []
    small = Grid(decay=(1e-2,), mu=(0.0,), ridge=(0.3,), norm=(0.7, 1.0), share=(0.013, 0.061), shrinkage=(0.0, 0.5))
    large = replace(small, ridge=(0.1, 0.3), norm=(0.5, 0.7, 1.0), share=(0.013, 0.061, 0.2))
    outcome = Margins.outcome
    monkeypatch.setattr(Margins, "outcome", lambda margins, tried: biases.append(len(tried)) or outcome(margins, tried))
    trials = Trials(world.folds, world.features_of_folds, world.labels, world.knowledge)
    counts = []
    for grid in (small, large, large):
        biases.clear()
        grown = trials.on(grid)
        counts.append(sum(biases) / len(world.folds))
    assert counts == [
        2 * 4,
        6 + 2 * 2 + 3 * 6,
        0,
    ]  # of ridge 0.3 a new norm and, at the old ones, a new share; and ridge 0.1
    whole = Trials(world.folds, world.features_of_folds, world.labels, world.knowledge).on(large)
    assert list(whole) == list(grown)
    for setting, tried in whole.items():
        np.testing.assert_array_equal(grown[setting].balance, tried.balance)
        assert grown[setting].gammas == tried.gammas


def test_one_network_is_asked_for_all_folds_at_once():
    world, asked = World(neurons=8), []

    def of_many(heads):
        asked.append(len(heads))
        return [world.targets(rows, classes) for rows, classes in heads]

    features = FoldFeatures(world.features, world.targets, world.operator, of_many)
    grid = replace(GRID, mu=(0.3,), ridge=(0.3,), norm=(0.8,), share=(0.05,), shrinkage=(0.5,))
    options = {"labels": world.labels, "knowledge": world.knowledge, "described": 3, "grid": grid}
    choice = choose(world.folds, [features] * len(world.folds), **options)
    assert asked == [len(world.folds)]
    assert choice == world.chosen(grid)


@pytest.mark.parametrize("neurons", [0, 8])
def test_the_temperature_is_that_at_which_the_folds_pictures_are_most_likely(neurons):
    world = World(1, neurons=neurons)
    trials = Trials(world.folds, world.features_of_folds, world.labels, world.knowledge)
    share, shrinkage = np.array([0.061]), np.array([0.5])
    actual = trials.temperature(
        (1e-2, 0.0, 0.3), norm=0.7, bias=lambda margins, unit: margins.biases(share, shrinkage)[0, 0]
    )
    groups: dict[tuple[int, bool], list[tuple[np.ndarray, float]]] = {}
    for number, fold in enumerate(world.folds):
        for label, scores in scored(world, fold, 1e-2, 0.0, 0.3, 0.7, 0.061, 0.5):
            groups.setdefault((number, label in fold.left_out), []).append(
                (np.array(list(scores.values())), scores[label])
            )

    def loss(temperature):
        return sum(
            np.mean([np.log(np.exp((every - right) / temperature).sum()) for every, right in group])
            for group in groups.values()
        )

    assert loss(actual) < min(loss(1.02 * actual), loss(actual / 1.02))


def test_the_best_trial_is_chosen():
    choice = World(neurons=8).chosen(replace(GRID, decay=(1e-3, 1e-2)))
    if choice.calibration == "stolen share":
        best = max(choice.trials, key=lambda trial: trial["H"])
        names = ("decay", "mu", "ridge", "norm", "shrinkage", "gamma", "H", "gamma_H")
        assert tuple(getattr(choice, key) for key in names) == tuple(best[key] for key in names)
    assert len({trial["H"] for trial in choice.trials}) > 1
    assert {trial["mu"] for trial in choice.trials} >= {0.0, 0.3, 30.0}


def test_mu_is_not_tried_where_it_changes_nothing():
    assert {trial["mu"] for trial in World().chosen().trials} == {0.0}


def test_a_grid_grows_where_the_best_value_is_its_last():
    few = replace(GRID, decay=(3e-5, 1e-4))  # a small world of few pictures wants more
    choice = World().chosen(few)
    tried = {trial["decay"] for trial in choice.trials}
    assert len(tried) > 2
    assert ("decay" in choice.at_end) == (choice.decay in (min(tried), max(tried)))
    assert World().chosen(replace(GRID, decay=(3e-5,))).decay == 3e-5  # one value is an order


def test_grids_grow_by_their_own_steps_and_know_their_natural_ends():
    grid = Grid(
        decay=(1e-4, 1e-3),
        mu=(0.0, 1.0),
        norm=(0.5, 1.0),
        share=(0.1, 0.2),
        shrinkage=(0.0, 1.0),
        ridge=(0.1, 0.4, 1.0),
    )
    assert grid.ends((1e-4, 0.0, 0.4, 1.0, 0.2, 1.0)) == ("decay", "norm", "share")  # mu 0 and shrinkage 1 are no end
    grown = grid.grown((1e-4, 1.0, 0.4, 1.0, 0.2, 0.0))
    assert grown.norm == (0.5, 1.0, 2.0)
    assert grown.share == (0.1, 0.2, 0.25)
    assert len(grown.decay) == 3
    assert grown.decay[0] == pytest.approx(1e-4 / 3)
    assert grown.mu == (0.0, 1.0, 3.0)
    assert (grown.ridge, grown.shrinkage) == (grid.ridge, grid.shrinkage)
    assert "share" not in grown.ends((1e-4, 1.0, 0.4, 1.0, 0.25, 0.0))


def test_the_share_is_carried_over_so_that_all_take_as_much_together():
    world = World()
    options = {"labels": world.labels, "knowledge": world.knowledge, "grid": replace(GRID, share=(0.05,))}
    left_out = np.mean([len(fold.left_out) for fold in world.folds])
    for described, times in ((0, 1.0), (6, left_out / 6), (3, left_out / 3), (1, 2.0)):
        choice = choose(world.folds, world.features_of_folds, described=described, **options)
        assert choice.share == pytest.approx(0.05 * times)


@pytest.mark.parametrize("baseline", BASELINES, ids=lambda baseline: baseline.name)
def test_rivals_are_tuned_on_the_same_folds_and_see_as_little(baseline):
    world, mutant = World(), World()
    mutant.features[torch.from_numpy(~mutant.train)] = torch.nan
    mutant.knowledge[torch.from_numpy(~mutant.seen)] = torch.nan
    choices = []
    for w in (world, mutant):
        features_of_folds = [FoldFeatures(w.features, w.targets, None)] * len(w.folds)
        heads = fold_heads(w.folds, features_of_folds, w.labels, decay=1e-2)
        best = [np.ones(len(fold.fit)) for fold in w.folds]
        choices.append(choose_baseline(baseline, heads, w.labels, w.knowledge.double().numpy(), best_seen=best))
    assert choices[0] == choices[1]
    assert {choices[0].calibrated, choices[0].plain, choices[0].stolen[0]} <= set(baseline.grid)
