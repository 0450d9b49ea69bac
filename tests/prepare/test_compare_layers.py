"""A layer's figures are those of a study that is prepared there; nothing of the test pictures chooses."""

import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from niwt_core import NiwtError
from niwt_core.data.aviary.dataset import drawn_with, read_aviary, write_aviary
from niwt_core.prepare import layer_reading
from niwt_core.prepare.compare_layers import compare_layers
from niwt_core.prepare.layer_figures import comparison_json
from niwt_core.prepare.layer_reading import choose_layers
from niwt_core.study.evaluate import evaluate
from niwt_core.study.pictures import study_pictures
from niwt_core.study.study import Study
from tests.support.small_study import GRID, small_dataset, small_study


@pytest.fixture(scope="module")
def dataset():
    with study_pictures(small_study(layer="second.1"), small_dataset().root) as pictures:
        yield pictures


@pytest.fixture(scope="module")
def thorough(dataset):
    study = small_study(layer="second.1")
    # what the small study itself was chosen from
    return compare_layers(study, dataset, layers=("second.1", "third.1"), thorough=True, grid=GRID)


@pytest.mark.parametrize("layer", ["second.1", "third.1"])
def test_a_layer_has_the_figures_of_a_study_prepared_there(thorough, layer):
    expected: Study = small_study(layer=layer)
    actual = next(item for item in thorough.layers if item.info.name == layer)
    choices = expected.choices
    assert (actual.decay, actual.mu, actual.ridge) == (choices.decay, choices.mu, choices.ridge)
    assert actual.gamma == pytest.approx(expected.gamma, rel=1e-4)
    assert actual.cross_validated_H == pytest.approx(choices.cross_validated_H, abs=1e-6)
    assert actual.predictability == pytest.approx(np.mean(list(expected.predictability.values())), abs=1e-5)
    status = [neuron.status for neuron in expected.neurons]
    live = len(status) - status.count("dead")
    assert (actual.live, actual.info.neurons) == (live, len(status))
    assert actual.verified == pytest.approx(100 * status.count("verified") / live)
    # The control counts names at the very edge of passing, where the last bit of an activation decides: a name or two.
    assert actual.shuffled == pytest.approx(100 * expected.provenance["shuffled_names_fraction"], abs=200 / live)
    result = evaluate(expected).metrics
    for key in ("U", "S", "H", "zsl"):
        assert getattr(actual.metrics, key) == pytest.approx(getattr(result, key), abs=1e-6)


def test_the_quick_way_keeps_the_studys_head_and_a_third_of_the_folds(dataset, thorough):
    study = small_study(layer="second.1")
    before = {name: value.clone() for name, value in study.network.state_dict().items()}
    stages = []
    actual = compare_layers(study, dataset, progress=lambda *step: stages.append(step))
    assert [item.info.name for item in actual.layers] == list(study.network.layers)
    assert {item.decay for item in actual.layers} == {study.choices.decay}
    assert 3 * actual.folds == thorough.folds
    assert study.network.layer == "second.1"
    assert all(torch.equal(value, before[name]) for name, value in study.network.state_dict().items())
    assert {done for stage, done, total in stages if done == total} >= {len(dataset)}
    assert len({stage for stage, _, _ in stages}) == 1 + len(actual.layers)
    assert all(
        math.isfinite(value) for row in comparison_json(study, actual)["layers"] for value in list(row.values())[1:]
    )


def test_test_pictures_choose_nothing(dataset):
    study = small_study(layer="second.1")
    held_out = np.flatnonzero(study.split == "test_unseen")
    labels = study.labels.copy()
    labels[held_out] = labels[held_out[::-1]]  # the unseen classes change places
    other = replace(study, labels=labels)
    first, second = (compare_layers(item, dataset, layers=("second.1", "third.1")) for item in (study, other))
    assert first.recommended == second.recommended
    assert [item.cross_validated_H for item in first.layers] == [item.cross_validated_H for item in second.layers]
    assert [item.metrics.zsl for item in first.layers] != [item.metrics.zsl for item in second.layers]
    best = max(first.layers, key=lambda item: item.cross_validated_H)
    assert best.info.name == first.recommended


def test_a_network_that_met_all_seen_classes_is_said(dataset):
    study = small_study(layer="second.1")
    settings = {**study.provenance["settings"], "training": {"epochs": 4}}
    trained = replace(study, provenance={**study.provenance, "settings": settings})
    assert compare_layers(trained, dataset, layers=("third.1",)).optimistic
    assert not compare_layers(study, dataset, layers=("third.1",)).optimistic


def test_default_layers_spread_over_what_can_be_held(monkeypatch):
    network = small_study(layer="second.1").network
    assert [info.name for info in choose_layers(network, 64, 40)] == ["first.1", "second.1", "third.1"]
    monkeypatch.setattr(
        layer_reading, "LARGEST", 40 * 4 * 16 * 16 * 16
    )  # what the second takes; the first takes three times as much
    assert [info.name for info in choose_layers(network, 64, 40)] == ["second.1", "third.1"]
    with pytest.raises(NiwtError, match="take 2 MiB, 0 are allowed"):
        choose_layers(network, 64, 40, ["first.1"])
    with pytest.raises(NiwtError, match="no layer 'fourth'"):
        choose_layers(network, 64, 40, ["fourth"])


def test_other_pictures_are_refused(tmp_path):
    study = small_study(layer="second.1")
    root = tmp_path / "images"  # found below --root, as CUB's and a user's own are
    shutil.copytree(small_dataset().root, root)
    with study_pictures(study, tmp_path) as dataset:
        assert dataset.root == root
        last = root / study.paths[-1]
        shutil.copyfile(root / study.paths[0], last)
        with pytest.raises(NiwtError, match="not the picture that the study was prepared from"):
            compare_layers(study, dataset)
        last.write_text("no picture")
        with pytest.raises(NiwtError, match="cannot be read"):
            compare_layers(study, dataset)
    last.unlink()
    with pytest.raises(NiwtError, match="1 of the study's"), study_pictures(study, tmp_path):
        pass


def test_where_pictures_are_looked_for(tmp_path):
    study = small_study(layer="second.1")

    def from_source(root: str) -> Path:
        with study_pictures(replace(study, provenance={"source": {"root": root}})) as dataset:
            return dataset.root

    assert from_source(str(small_dataset().root)) == small_dataset().root
    for root, words in (("", "keeps no pictures"), (str(tmp_path / "gone"), "no folder")):
        with pytest.raises(NiwtError, match=words):
            from_source(root)
    with pytest.raises(NiwtError, match="no such folder"), study_pictures(study, tmp_path / "none"):
        pass


def test_boxes_are_cut_out_again(monkeypatch):
    study, uncropped = small_study(layer="second.1"), small_dataset()
    boxes = np.tile(np.array([8, 8, 20, 30], np.float32), (len(uncropped), 1)) + np.arange(len(uncropped))[:, None] % 3
    backwards = replace(uncropped, boxes=boxes[::-1], paths=uncropped.paths[::-1])
    monkeypatch.setattr("niwt_core.study.pictures.read_cub", lambda root, crop_boxes: backwards)
    source = {"root": str(uncropped.root), "boxes": True}
    cut = replace(study, kind="cub", provenance={"source": source})
    with study_pictures(cut) as dataset:
        assert dataset.crop
        assert np.array_equal(dataset.boxes, boxes)  # by path, in the study's own order
        assert dataset.picture(0).size == (20, 30)
    with study_pictures(replace(cut, provenance={"source": source | {"boxes": False}})) as dataset:
        assert not dataset.crop


def test_the_aviary_is_drawn_again_to_the_byte(tmp_path):
    write_aviary(tmp_path, per_seen=2, per_seen_test=1, per_unseen_test=1, size=32, seed=3, workers=1)
    drawn = read_aviary(tmp_path)
    kept = np.arange(len(drawn)) != 2  # one was left out when the study was prepared
    tables = {
        name: getattr(drawn.keep(kept), name) for name in ("classes", "seen", "knowledge", "paths", "labels", "split")
    }
    provenance = {"aviary": drawn_with(tmp_path)}
    study = replace(small_study(layer="second.1"), kind="aviary", provenance=provenance, **tables)
    with study_pictures(study, workers=1) as dataset:
        root = dataset.root
        assert dataset.paths == study.paths
        assert all((root / path).read_bytes() == (tmp_path / path).read_bytes() for path in study.paths)
        assert np.array_equal(dataset.picture_attributes, drawn.picture_attributes[kept])
    assert not root.exists()
    with study_pictures(study, tmp_path) as dataset:
        assert dataset.root == tmp_path
        assert np.array_equal(dataset.picture_attributes, drawn.picture_attributes[kept])
    later = replace(study, provenance={"aviary": {**provenance["aviary"], "version": 99}})
    with pytest.raises(NiwtError, match="drawn by version 99"), study_pictures(later, workers=1):
        pass
