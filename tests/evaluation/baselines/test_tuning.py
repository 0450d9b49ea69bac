"""The baselines of a study: tuned when it is prepared, or afterwards on the same folds; figures against a plain computation."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from niwt_core import Study
from niwt_core.evaluation.baseline_tuning import about, first_partition, training_data_of
from niwt_core.evaluation.baselines import BASELINES, Ridge
from niwt_core.evaluation.baselines.costa import Costa
from niwt_core.evaluation.folds import FoldFeatures, class_folds, fold_heads
from niwt_core.method.head import fit_head
from niwt_core.study.baselines import left_out, one_network, run_baselines, study_folds
from niwt_core.study.evaluate import H_on_folds, evaluate, to_json
from tests.support.small_study import small_dataset, small_study


def without(study: Study, *names: str) -> Study:
    """The study as if it had been prepared before these baselines were added."""
    baselines = {name: chosen for name, chosen in study.choices.baselines.items() if name not in names}
    return replace(study, choices=replace(study.choices, baselines=baselines))


def fine_tuned(study: Study) -> Study:
    settings = {**study.provenance["settings"], "training": {"epochs": 4}, "fold_networks": 2}
    return replace(study, provenance={**study.provenance, "settings": settings})


def test_every_rival_is_tuned_and_shown_with_and_without_calibration():
    study = small_study()
    names = [baseline.name for baseline in BASELINES]
    assert list(study.choices.baselines) == names
    results = run_baselines(study)
    assert list(results) == [name + end for name in names for end in ("", " (uncalibrated)")]
    for name, actual in results.items():
        assert np.isfinite([actual.U, actual.S, actual.H, actual.zsl]).all()
        assert actual.gamma == (0 if "(uncalibrated)" in name else study.choices.baselines[name]["gamma"])


@pytest.mark.parametrize("baseline", [Ridge, Costa], ids=lambda baseline: baseline.name)
def test_h_on_folds_is_the_mean_of_what_each_fold_gets_at_the_gamma(baseline):
    study = small_study()
    chosen, knowledge = (
        study.choices.baselines[baseline.name],
        torch.from_numpy(study.encoded_knowledge).float().numpy(),
    )
    features, each = study.features.float(), []
    views = [FoldFeatures(features, lambda rows, _: rows, None)] * study.choices.folds
    for item in fold_heads(study_folds(study), views, study.labels, decay=study.choices.decay):
        fold, centred = item.fold, about(knowledge.astype(float), item.fold.kept, unit=baseline.unit_descriptions)
        local = np.searchsorted(fold.kept, study.labels[fold.fit])
        data, condition = training_data_of(features[fold.fit], local, centred[fold.kept], item.head, seed=study.seed)
        means = []
        for pictures in (fold.unseen_test, fold.seen_test):
            x = np.concatenate([data.features, condition(features[pictures]).numpy()])
            (scores,) = baseline.fit(data).scores(x, centred[fold.left_out], [tuple(chosen["calibrated"])])
            lowered = scores.copy()
            lowered[:, : len(fold.kept)] -= chosen["gamma"] * scores[: len(local), : len(fold.kept)].std()
            best = np.concatenate([fold.kept, fold.left_out])[lowered[len(local) :].argmax(1)]
            of_class = [np.mean(best[study.labels[pictures] == c] == c) for c in np.unique(study.labels[pictures])]
            means.append(100 * np.mean(of_class))
        each.append(2 * means[0] * means[1] / max(sum(means), 1e-12))
    assert chosen["H"] == pytest.approx(np.mean(each), abs=1e-6)


def test_h_on_folds_is_written_where_all_methods_have_it():
    study = small_study()
    written = to_json(study, evaluate(study, baselines=True))["H_on_folds"]
    assert list(written) == ["NIWT", *(baseline.name for baseline in BASELINES)]
    assert written["NIWT"] == study.choices.cross_validated_H
    assert "H_on_folds" not in to_json(study, evaluate(study))
    early = {**study.choices.baselines, "SAE": {k: v for k, v in study.choices.baselines["SAE"].items() if k != "H"}}
    assert not H_on_folds(replace(study, choices=replace(study.choices, baselines=early)))


def test_the_folds_of_a_study_are_those_of_its_preparation():
    study, dataset = small_study(), small_dataset()
    wanted = class_folds(dataset.labels, dataset.train, dataset.seen, seed=study.seed)
    actual = study_folds(study)
    assert len(actual) == len(wanted) == study.choices.folds
    for one, other in zip(actual, wanted, strict=True):
        for part in ("kept", "left_out", "fit", "seen_test", "unseen_test"):
            assert np.array_equal(getattr(one, part), getattr(other, part))


def test_a_rival_that_was_not_tuned_is_tuned_alike():
    study, reported = small_study(), []
    actual = run_baselines(without(study, "ALE", "Ridge"), on_baseline=lambda *step: reported.append(step))
    assert actual == run_baselines(study)
    assert [name for name, _, _ in reported[:2]] == ["ALE to the folds", "Ridge to the folds"]
    assert [done for _, done, _ in reported] == list(range(len(BASELINES) + 2))
    assert {total for _, _, total in reported} == {len(BASELINES) + 2}


def test_an_early_study_had_descriptions_of_any_length():
    study = small_study()
    early = {name: dict(chosen) for name, chosen in study.choices.baselines.items()}
    for chosen in early.values():
        del chosen["unit_descriptions"]
    study = replace(study, choices=replace(study.choices, baselines=early))
    assert run_baselines(study) == run_baselines(small_study())  # tuned anew
    assert set(run_baselines(fine_tuned(study))) == set(run_baselines(small_study()))  # run as it was tuned


def test_without_the_networks_of_the_folds_it_is_left_out():
    study = fine_tuned(without(small_study(), "ALE", "COSTA"))
    assert not one_network(study)
    assert left_out(study) == ("ALE", "COSTA")
    result = evaluate(study, baselines=True)
    assert "ESZSL" in result.baselines
    assert "ALE" not in result.baselines
    assert to_json(study, result)["baselines_left_out"] == ["ALE", "COSTA"]
    assert not left_out(small_study())


def test_ridge_figures_against_a_plain_computation():
    study = small_study()
    chosen = study.choices.baselines["Ridge"]
    train, test = study.split == "train", study.split != "train"
    seen = study.seen
    k = study.encoded_knowledge - study.encoded_knowledge[seen].mean(0)
    k /= np.linalg.norm(k, axis=1, keepdims=True)
    rows, biases = study.head.rows.double().numpy(), study.head.biases.double().numpy()
    gram = k[seen] @ k[seen].T
    ridge = chosen["calibrated"][0] * np.linalg.eigvalsh(gram).mean()
    solved = np.linalg.solve(gram + ridge * np.eye(len(gram)), rows - rows.mean(0))
    every, offsets = np.zeros((len(k), rows.shape[1])), np.full(len(k), biases.mean())
    every[seen], offsets[seen] = rows, biases
    every[~seen] = rows.mean(0) + k[~seen] @ k[seen].T @ solved
    x = study.features.double().numpy() - study.head.mean.double().numpy()
    unit = (x[train] @ rows.T + biases).std()
    predicted = (x[test] @ every.T + offsets - chosen["gamma"] * unit * seen).argmax(1)
    ground_truth, actual = study.labels[test], run_baselines(study)["Ridge"]
    for of, value in ((~seen, actual.U), (seen, actual.S)):
        assert value == pytest.approx(
            100 * np.mean([(predicted[ground_truth == c] == c).mean() for c in np.flatnonzero(of)])
        )


def test_a_lesson_has_the_head_in_its_own_coordinates():
    features, labels = torch.randn(40, 6, generator=torch.Generator().manual_seed(0)), np.arange(40) % 4
    head = fit_head(features + 3, torch.from_numpy(labels), classes=4, decay=1e-2)
    training_data, condition = training_data_of(features + 3, labels, np.zeros((4, 2)), head, seed=1)
    wanted = head.logits(features + 3).numpy()
    np.testing.assert_allclose(training_data.features @ training_data.rows.T + training_data.biases, wanted, atol=1e-4)
    assert np.square(training_data.features).sum(1).mean() == pytest.approx(1)
    assert np.array_equal(condition(features + 3).numpy(), training_data.features)
    assert Ridge.fit(training_data).training_data.seed == 1


def test_long_fits_see_each_class_held_out_once():
    study = small_study()
    folds = study_folds(study)
    heads = fold_heads(folds, [FoldFeatures(study.features.float(), lambda rows, _: rows, None)] * len(folds), study.labels, decay=1e-2)  # fmt: skip
    first = first_partition(heads)
    assert len(first) < len(heads)
    left_out = np.concatenate([item.fold.left_out for item in first])
    assert sorted(left_out.tolist()) == np.flatnonzero(study.seen).tolist()
    assert len(first_partition(heads[:2])) == 2


@pytest.mark.parametrize("threads", [1, 3])
def test_side_by_side_or_one_after_the_other_the_figures_are_the_same(threads):
    before, steps = torch.get_num_threads(), []
    alone = run_baselines(small_study())
    try:
        torch.set_num_threads(threads)
        together = run_baselines(small_study(), on_baseline=lambda name, done, total: steps.append((name, done, total)))
    finally:
        torch.set_num_threads(before)
    assert together == alone
    assert list(together) == list(alone)
    assert sorted(done for _, done, _ in steps) == list(range(len(BASELINES)))
    assert {name for name, _, _ in steps} == {baseline.name for baseline in BASELINES}


def test_a_run_that_nobody_waits_for_ends():
    class Gone(Exception):
        pass

    def leave(name, done, total):
        if done == 2:
            raise Gone

    with pytest.raises(Gone):
        run_baselines(small_study(), on_baseline=leave)
