"""niwt export, compare-layers and report: what they answer, and what they refuse."""

import json

import torch

from tests.support.small_study import small_dataset


def test_export(niwt, study, recipe, tmp_path):
    out = tmp_path / "birds.pt2"
    actual = niwt("export", study, "--out", out, "--with", recipe, "--json").json
    assert (actual["seen"], actual["unseen"], actual["built"], actual["classes"]) == (6, 2, 1, 9)
    assert actual["calibrated"]
    assert actual["deviation"] <= actual["tolerance"]
    texts = {"labels.json": ""}
    program = torch.export.load(out, extra_files=texts)
    assert json.loads(texts["labels.json"])["classes"][0]["name"] == "Ruby Testbird"
    assert program.module()(torch.zeros(5, 3, 64, 64, dtype=torch.uint8)).shape == (5, 9)
    plain = niwt("export", study, "--out", out, "--raw")
    assert plain.code == 0
    assert "raw logits" in plain.out


def test_export_mistakes(refused, study, tmp_path):
    refused("export", study, "--out", tmp_path / "birds.txt", "--json", words=("no format for .txt", ".pt2 or .onnx"))
    refused("export", study, "--out", tmp_path, words=("no format",))
    refused("export", tmp_path, "--out", tmp_path / "birds.pt2", words=("no study",))


def test_compare_layers(niwt, study):
    root = small_dataset().root
    actual = niwt("compare-layers", study, "--root", root, "--layer", "second.1", "--layer", "third.1", "--json").json
    assert [row["layer"] for row in actual["layers"]] == ["second.1", "third.1"]
    assert (actual["own"], actual["folds_are_optimistic"]) == ("second.1", False)
    assert actual["recommended"] == max(actual["layers"], key=lambda row: row["cross_validated_H"])["layer"]
    plain = niwt("compare-layers", study, "--root", root, "--layer", "third.1")
    assert plain.code == 0
    assert "third.1*" in plain.out


def test_compare_layers_mistakes(refused, study, tmp_path):
    refused("compare-layers", study, "--json", words=("keeps no pictures", "--root"))
    refused("compare-layers", study, "--root", tmp_path / "none", words=("no such folder",))
    refused("compare-layers", study, "--root", tmp_path, words=("are not there", "--root"))
    refused("compare-layers", study, "--layer", "fourth", words=("no layer 'fourth'",))


def test_report(niwt, study, tmp_path):
    out = tmp_path / "deep" / "study.html"
    actual = niwt("report", study, "--out", out, "--json").json
    assert out.read_text("utf-8").startswith("<!doctype html>")
    assert (actual["bytes"], actual["baselines"]) == (out.stat().st_size, [])
    assert str(out) in niwt("report", study, "--out", out, "--baselines").out
    assert "Beside other methods" in out.read_text("utf-8")


def test_report_mistakes(refused, study, tmp_path):
    refused("report", study, "--out", tmp_path, "--json", words=("that is a folder",))
    refused("report", tmp_path, "--out", tmp_path / "study.html", words=("no study",))
