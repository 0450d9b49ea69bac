"""What each command answers when all is well."""

import csv
import math

import pytest
import torch
from safetensors.torch import load_file

from niwt_core import build_class, read_recipe
from niwt_core.study.evaluate import evaluate
from tests.support.bad_pictures import GOOD, write_good
from tests.support.small_study import small_dataset, small_study


def numbers(value: object):
    """Every number in a JSON value."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from numbers(item)
    elif isinstance(value, int | float):
        yield value


def test_info(niwt, study):
    actual = niwt("info", study, "--json").json
    expected = small_study(layer="second.1")
    assert actual["study_id"] == expected.id
    assert (actual["seen_classes"], actual["unseen_classes"]) == (6, 2)
    assert [layer["name"] for layer in actual["layers"]] == list(expected.network.layers)
    assert actual["layer"] == "second.1"
    assert [item["class"] for item in actual["classes"]] == list(expected.classes)
    assert all((item["predictability"] is not None) == item["seen"] for item in actual["classes"])
    plain = niwt("info", study)
    assert plain.code == 0
    assert expected.id in plain.out


def test_neurons(niwt, study):
    expected = small_study(layer="second.1")
    every = niwt("neurons", study, "--json").json
    assert every["found"] == len(every["neurons"]) == len(expected.neurons)
    best = niwt("neurons", study, "--class", expected.unseen_classes[0], "--top", 3, "--json").json
    assert len(best["neurons"]) == 3
    importances = [neuron["importance"] for neuron in best["neurons"]]
    assert importances == sorted(importances, reverse=True)
    named = niwt("neurons", study, "--attribute", "Crown color: red", "--json").json
    assert named["attribute"] == expected.knowledge.names[expected.knowledge.column("crown color: red")]
    assert named["found"] == len(named["neurons"])
    assert niwt("neurons", study, "--attribute", "crown color::red").code == 0


def test_the_whole_dictionary_as_a_table(niwt, study, tmp_path):
    expected = small_study(layer="second.1").neurons
    out = tmp_path / "neurons.csv"
    assert niwt("neurons", study, "--top", 1, "--csv", out, "--json").json["csv"] == str(out)
    with out.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["neuron"]) for row in rows] == [neuron.index for neuron in expected]  # all, whatever was searched
    for row, neuron in zip(rows, expected, strict=True):
        assert (row["hypothesis"], row["trust"]) == (neuron.label, neuron.trust)
        assert bool(row["name"]) == neuron.is_named
        assert row["fits_better"] == neuron.better_label
        assert float(row["auroc"]) == pytest.approx(neuron.auroc, rel=1e-4)
    missing = niwt("neurons", study, "--csv", tmp_path / "neurons.csv" / "below.csv")
    assert missing.code == 2


def test_build(niwt, study, recipe, tmp_path):
    out = tmp_path / "deep" / "bird.safetensors"
    actual = niwt("build", study, recipe, "--out", out, "--json").json
    built = build_class(small_study(layer="second.1"), read_recipe(recipe))
    assert torch.equal(load_file(out)["weights"], built.weights)
    assert actual["name"] == "Ruby Testbird"
    assert actual["norm"] == pytest.approx(built.norm)
    assert len(actual["nearest"]) == 5
    assert all(map(math.isfinite, numbers(actual)))
    assert [path.name for path in out.parent.iterdir()] == ["bird.safetensors"]
    assert "Ruby Testbird" in niwt("build", study, recipe, "--out", out).out


def test_classify(niwt, study, photo, recipe):
    dataset = small_dataset()
    photos = [dataset.root / path for path in dataset.paths[:3]]
    actual = niwt("classify", study, *photos, "--with", recipe, "--top", 4, "--json").json
    assert [item["image"] for item in actual["results"]] == [str(path) for path in photos]
    classifier = small_study(layer="second.1").classifier()
    classifier.add_recipe(read_recipe(recipe))
    for item, path in zip(actual["results"], photos, strict=True):
        answer = classifier.classify(path)
        ranking = answer.ranking[:4]
        assert [place["class"] for place in item["ranking"]] == [place.name for place in ranking]
        assert item["class"] == ranking[0].name
        assert (item["familiar"], item["novelty"]) == (answer.familiar, pytest.approx(answer.novelty, rel=1e-3))
        explanation = answer.explain()
        assert sorted(item["seen"]) == sorted(one.attribute for one in explanation.seen)
        assert sorted(item["not_seen"]) == sorted(one.attribute for one in explanation.not_seen)
    every = niwt("classify", study, photo, "--with", recipe, "--top", 100, "--json").json
    kinds = [place["kind"] for place in every["results"][0]["ranking"]]
    assert sorted(set(kinds)) == ["built", "seen", "unseen"]
    assert len(kinds) == 9
    assert sum(place["probability"] for place in every["results"][0]["ranking"]) == pytest.approx(1, abs=1e-5)
    assert str(photo) in niwt("classify", study, photo).out


@pytest.mark.parametrize("name", GOOD)
def test_unusual_pictures_are_classified(niwt, study, tmp_path, name):
    write_good(tmp_path)
    actual = niwt("classify", study, tmp_path / name, "--json").json
    assert all(map(math.isfinite, numbers(actual)))


def test_explain(niwt, study, photo, recipe, tmp_path):
    actual = niwt("explain", study, photo, "--with", recipe, "--class", "Ruby Testbird", "--out", tmp_path / "report", "--json").json  # fmt: skip
    assert "Ruby Testbird" in actual["sentence"]
    assert {path.name for path in (tmp_path / "report").iterdir()} == set(actual["files"])
    assert all((tmp_path / "report" / name).stat().st_size for name in actual["files"])
    assert all(map(math.isfinite, numbers(actual)))


def test_explain_without_a_folder_says_the_sentence_and_writes_nothing(niwt, study, photo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    actual = niwt("explain", study, photo, "--json").json
    assert niwt("explain", study, photo).out.strip() == actual["sentence"]
    assert actual["files"] == []
    assert not list(tmp_path.iterdir())


def test_evaluate(niwt, study):
    actual = niwt("evaluate", study, "--baselines", "--json").json
    assert {"U", "S", "H", "zsl", "gamma", "ausuc", "seen_classes", "unseen_classes", "split_hash"} <= set(actual)
    result = evaluate(small_study(layer="second.1")).metrics
    assert actual["U"] == pytest.approx(result.U, abs=1e-3)
    assert {"ESZSL", "SAE"} <= set(actual["baselines"])
    for baseline in actual["baselines"].values():
        assert {"U", "S", "H", "zsl"} <= set(baseline)
    assert niwt("evaluate", study, "--json").json["baselines"] == {}
    assert "NIWT" in niwt("evaluate", study).out


def test_prepare_a_users_own_folder(niwt, own_set, tmp_path, quick):
    out = tmp_path / "study"
    arguments = [
        "prepare",
        "folder",
        "--root",
        own_set,
        "--out",
        out,
        "--backbone",
        "small_resnet",
        "--weights",
        "none",
    ]
    actual = niwt(*arguments, "--size", 48, "--epochs", 0, "--device", "cpu", "--json").json
    assert (actual["seen_classes"], actual["unseen_classes"], actual["pictures"]) == (6, 2, 62)
    assert niwt("info", out, "--json").json["study_id"] == actual["study_id"]
    again = niwt(
        *arguments, "--size", 48, "--epochs", 0, "--device", "cpu", "--json"
    ).json  # over the study that is there
    assert again["study_id"] == actual["study_id"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["birds", "study"]


def test_prepare_from_captions_and_build_by_caption(niwt, own_set, tmp_path, quick, photo):
    out = tmp_path / "study"
    first = sorted((own_set / "images").glob("*/*.png"))[0]
    first.write_text("no picture")
    done = niwt("prepare", "folder", "--root", own_set, "--out", out, "--backbone", "small_resnet", "--weights", "none",
                "--size", 48, "--epochs", 0, "--knowledge", "captions", "--encoder", "tfidf", "--json").json  # fmt: skip
    assert [item["path"] for item in done["skipped"]] == [f"{first.parent.name}/{first.name}"]
    assert done["pictures"] == 61
    caption = tmp_path / "caption.yaml"
    caption.write_text("name: Described\ncaption: a bird with a red crown and a hooked bill shape\n")
    actual = niwt("classify", out, photo, "--with", caption, "--top", 20, "--json").json
    assert "Described" in [place["class"] for place in actual["results"][0]["ranking"]]


def test_help_and_no_arguments(niwt):
    for arguments in ([], ["--help"], ["classify", "--help"]):
        done = niwt(*arguments)
        assert done.code == 0
        assert "Usage" in done.out
