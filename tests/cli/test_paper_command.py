"""``niwt prepare --preset``, ``niwt paper`` and what ``niwt evaluate`` shows of it."""

import json

import pytest

PRESET = """
backbone: small_resnet
layer: {layer}
images: seen
count: 12
map: {{learning_rate: 0.05, epochs: 3, batch: 16}}
transfer: {{learning_rate: 1e-2, regularisation: 1e-2, iterations: 6, pairs: 6}}
"""


@pytest.fixture
def preset(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(PRESET.format(layer="stages.2"))
    return path


def prepare(root, out, *more):
    return ["prepare", "folder", "--root", root, "--out", out, "--weights", "none", "--size", 48, "--epochs", 0,
            "--device", "cpu", *more]  # fmt: skip


def test_preset_then_paper_then_evaluate(niwt, own_set, tmp_path, quick, preset):
    out = tmp_path / "study"
    done = niwt(*prepare(own_set, out, "--preset", preset))
    assert done.code == 0, done.err
    assert f"niwt paper {out} --root {own_set}" in done.out
    info = niwt("info", out, "--json").json
    assert (info["layer"], info["backbone"]) == ("stages.2", "small_resnet")
    assert info["provenance"]["settings"]["probes"] == "seen"
    assert "paper" not in niwt("evaluate", out, "--json").json  # a study that has none
    made = niwt("paper", out, "--root", own_set, "--folds", 0, "--rate", 0.02, "--json").json
    assert made["preset"] == "mine"
    assert made["settings"]["transfer"]["learning_rate"] == 0.02  # what was typed wins over the preset
    assert made["settings"]["transfer"]["regularisation"] == 0.01
    assert made["settings"]["images_found"] == 12
    actual = niwt("evaluate", out, "--json").json
    assert actual["paper"]["ways"] == made["ways"]
    assert actual["paper"]["ways"][0]["name"] == "paper's loop"
    assert {"U", "S", "H", "zsl", "loss", "cosine", "seconds"} <= set(actual["paper"]["ways"][0])
    plain = niwt("evaluate", out)
    assert "paper's loop" in plain.out
    assert "gamma not chosen: --folds 0" in plain.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["birds", "mine.yaml", "study"]
    content = json.loads((out / "paper.json").read_text())
    (out / "paper.json").write_text(json.dumps(content | {"study": "0"}))
    niwt("evaluate", out).one_error("paper's result", "niwt paper")


def test_what_is_typed_wins_over_the_preset(niwt, own_set, tmp_path, quick, preset):
    out = tmp_path / "study"
    assert niwt(*prepare(own_set, out, "--preset", preset, "--layer", "stages.1", "--probes", "noise")).code == 0
    info = niwt("info", out, "--json").json
    assert (info["layer"], info["provenance"]["settings"]["probes"]) == ("stages.1", "noise")
    assert info["provenance"]["preset"]["layer"] == "stages.2"


def test_mistakes(refused, own_set, tmp_path, study, preset):
    out = tmp_path / "new"
    refused(*prepare(own_set, out, "--preset", "paper-cub"), words=("no preset 'paper-cub'", "paper-cub-vgg16"))
    refused(*prepare(own_set, out, "--preset", "paper-cub-vgg16"), words=("is for cub, not folder",))
    preset.write_text(PRESET.format(layer="layer9.9"))
    refused(*prepare(own_set, out, "--preset", preset), words=("no layer 'layer9.9'", "layer"))
    preset.write_text("backbone: small_resnet\nlayer: stages.2\nspeed: 9\n")
    refused(*prepare(own_set, out, "--preset", preset), words=("unknown entry 'speed'", "mine.yaml"))
    refused("paper", study, "--root", tmp_path / "nowhere", words=("no such folder",))
    refused("paper", study, "--root", own_set, "--images", "nowhere", words=("no folder of images",))
    refused("paper", study, "--root", own_set, words=("training pictures are not there", "--root"))
    refused("paper", tmp_path, "--root", own_set, words=("no study there",))
