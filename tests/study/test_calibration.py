"""A study's calibration: stored, the same bits for built classes, movable, and optional."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from niwt_core.classify.recipe import Recipe
from niwt_core.errors import NiwtError
from niwt_core.evaluation.metrics import metrics, score
from niwt_core.study.calibration import built_bias, share_curve, with_gamma, with_share
from niwt_core.study.evaluate import evaluate, to_json
from niwt_core.study.splits import run_splits, splits_json
from niwt_core.study.storage import load_study, save_study
from tests.support.quick import QUICK
from tests.support.small_study import small_study


@pytest.fixture(params=["third.1", "second.1"])
def study(request):
    prepared = small_study(layer=request.param)
    return replace(prepared, choices=replace(prepared.choices, calibration="stolen share"))


def test_a_described_class_and_the_same_class_built_have_the_same_bias(study):
    for c in np.flatnonzero(~study.seen):
        expected = float(study.full_head.biases[c])
        assert np.float32(built_bias(study, study.full_head.rows[c])) == pytest.approx(expected, abs=1e-6)
        classifier = study.classifier(unseen=False)
        built = classifier.add_recipe(Recipe(name="again", attributes={}, like=study.classes[c]))
        assert built.bias == built_bias(study, built.weights)


def test_each_described_class_takes_its_share_of_training_pictures(study):
    bare = with_share(study, 0.2)
    stolen = replace(bare.stolen_share, shrinkage=0.0)
    train = torch.from_numpy(study.split == "train")
    for c in np.flatnonzero(~study.seen):
        alone = replace(bare, stolen_share=stolen)
        bias = built_bias(alone, study.full_head.rows[c])
        logits = (study.features[train].float() - study.head.mean) @ study.full_head.rows[c] + bias
        taken = int((logits > stolen.best_seen).sum())
        assert abs(taken - 0.2 * int(train.sum())) <= 1


def test_it_is_stored_and_read_back(study, tmp_path):
    loaded = save_study(study, tmp_path / "study")
    assert loaded.calibration == "stolen share"
    assert loaded.stolen_share.facts() == study.stolen_share.facts()
    assert torch.equal(loaded.full_head.biases, study.full_head.biases)
    row = study.full_head.rows[int(np.flatnonzero(~study.seen)[0])]
    assert built_bias(loaded, row) == built_bias(study, row)


def test_a_study_of_an_early_version_knows_gamma_alone(study, tmp_path):
    early = save_study(replace(study, stolen_share=None), tmp_path / "early")
    assert load_study(tmp_path / "early").calibration == "gamma"
    assert early.gamma == early.choices.gamma
    assert set(early.full_head.biases[~torch.from_numpy(early.seen)].tolist()) == {early.transferred_bias}
    with pytest.raises(NiwtError, match="no stolen share"):
        with_share(early, 0.01)


def test_the_published_protocol_is_gamma_and_the_mean_seen_bias(study):
    published = with_gamma(study)
    assert (study.gamma, published.gamma) == (0.0, study.choices.gamma)
    actual = evaluate(study)
    assert actual.by_gamma == evaluate(published).metrics
    assert actual.plain == evaluate(published).plain
    text = to_json(study, actual)
    assert text["calibration"] == "stolen share"
    assert text["by_gamma"]["H"] == round(actual.by_gamma.H, 4)
    assert text["stolen_share"]["H"] == text["H"]
    assert text["stolen_share"]["share"] == study.stolen_share.share


def test_the_curve_of_shares_is_what_moving_the_share_gives(study):
    pictures = np.flatnonzero(study.split != "train")
    for point in share_curve(study, (0.05, 0.2)):
        moved = with_share(study, point.share)
        logits = moved.full_head.logits(study.features[pictures].float())
        assert point.metrics == metrics(score(logits, study.labels[pictures], study.seen), 0.0)
    with pytest.raises(NiwtError, match="no share"):
        with_share(study, 0.0)


def test_divisions_are_kept_and_not_measured_again(study, tmp_path):
    options = {"fraction": 0.25, "grid": QUICK, "baselines": (), "work": tmp_path}
    first = run_splits(study, 2, **options)
    files = sorted(tmp_path.rglob("*.json"))
    assert len(files) == 2
    stamps = [file.stat().st_mtime_ns for file in files]
    assert run_splits(study, 2, **options) == first
    assert [file.stat().st_mtime_ns for file in files] == stamps
    files[1].unlink()  # as if it had been interrupted
    assert run_splits(study, 2, **options) == first
    text = splits_json(study, first, fraction=0.25)
    assert text["splits"] == 2
    assert {line["method"] for line in text["methods"]} == {"NIWT"}
    assert text["network_met_described_classes"] is False
