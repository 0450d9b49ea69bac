"""Classes without pictures, and no unseen class at all, from the folder to every command."""

import shutil
from pathlib import Path

import pytest

from niwt_core import load_study


def prepared(niwt, own_set: Path, out: Path) -> dict:
    return niwt("prepare", "folder", "--root", own_set, "--out", out, "--backbone", "small_resnet", "--weights", "none", "--size", "32",
                "--epochs", "0", "--json").json  # fmt: skip


def asked(niwt, study: Path, photo: Path, recipe: Path, tmp_path: Path) -> dict:
    """What `niwt evaluate` says, after every other command has worked."""
    recipe.write_text("name: Testbird\nattributes: {crown color: yellow}\n")
    assert niwt("info", study, "--json").json["study_id"]
    assert niwt("neurons", study, "--json").json["found"]
    assert niwt("classify", study, photo, "--with", recipe, "--json").json["results"][0]["class"]
    assert niwt("explain", study, photo, "--out", tmp_path / "why", "--json").json["files"]
    assert niwt("build", study, recipe, "--out", tmp_path / "row.safetensors", "--json").json["norm"] > 0
    assert niwt("report", study, "--out", tmp_path / "report").code == 0
    assert niwt("evaluate", study).code == 0
    assert niwt("evaluate", study, "--baselines", "--json").code == 0
    return niwt("evaluate", study, "--json").json


@pytest.mark.parametrize("how", ["no list", "empty list"])
def test_every_class_may_be_seen(niwt, own_set, photo, recipe, quick, tmp_path, how):
    if how == "no list":
        (own_set / "unseen.txt").unlink()
    else:
        (own_set / "unseen.txt").write_text("")
    made = prepared(niwt, own_set, tmp_path / "study")
    assert (made["unseen_classes"], made["U"]) == (0, None)
    assert any("no class is unseen" in notice for notice in made["notices"])
    if how == "no list":
        return
    actual = asked(niwt, tmp_path / "study", photo, recipe, tmp_path)
    assert (actual["U"], actual["H"], actual["zsl"]) == (None, None, None)
    assert actual["S"] == actual["S"]


@pytest.mark.parametrize("how", ["one", "all"])
def test_described_classes_need_no_pictures(niwt, own_set, photo, recipe, quick, tmp_path, how):
    unseen = (own_set / "unseen.txt").read_text().split("\n")[:-1]
    for name in unseen[:1] if how == "one" else unseen:
        shutil.rmtree(own_set / "images" / name)
    made = prepared(niwt, own_set, tmp_path / "study")
    assert made["unseen_classes"] == len(unseen)
    study = load_study(tmp_path / "study")
    assert set(unseen) == set(study.unseen_classes)
    actual = asked(niwt, tmp_path / "study", photo, recipe, tmp_path)
    assert (actual["U"] is None) == (how == "all")
    assert actual["per_class"][unseen[0]] is None


def test_an_empty_folder_of_an_unseen_class(niwt, own_set, quick, tmp_path):
    name = (own_set / "unseen.txt").read_text().split("\n")[0]
    for path in (own_set / "images" / name).iterdir():
        path.unlink()
    assert name in load_study(Path(prepared(niwt, own_set, tmp_path / "study")["out"])).unseen_classes


def test_a_name_that_nothing_describes_is_still_a_mistake(refused, own_set, tmp_path):
    (own_set / "unseen.txt").write_text("Unicorn\n")
    refused("prepare", "folder", "--root", own_set, "--out", tmp_path / "study", words=("unknown class 'Unicorn'",))


def test_a_folder_called_aviary_is_no_aviary(niwt, own_set, quick, photo, tmp_path):
    renamed = own_set.rename(own_set.with_name("aviary"))
    prepared(niwt, renamed, tmp_path / "study")
    study = load_study(tmp_path / "study")
    assert (study.name, study.kind) == ("aviary", "folder")
    assert "ground_truth" not in niwt("evaluate", study.folder, "--json").json
    assert niwt("report", study.folder, "--out", tmp_path / "report").code == 0


def test_why_no_neuron_has_a_name_is_said(niwt, own_set, quick, tmp_path):
    table = (own_set / "attributes.csv").read_text().splitlines()
    rows = [f"{line.split(',')[0]},{int(i == 0)}" for i, line in enumerate(table[1:])]  # of one class alone
    rows = [f"{row},{1 + i % 7}" for i, row in enumerate(rows)]
    (own_set / "attributes.csv").write_text("\n".join(["class,rare,number", *rows]))
    for folder in (own_set / "images").iterdir():
        for path in sorted(folder.iterdir())[4:]:
            path.unlink()
    notices = prepared(niwt, own_set, tmp_path / "study")["notices"]
    assert any(notice.startswith("no neuron has a name: ") and "held-out pictures" in notice for notice in notices)
    assert "no neuron has a name" in niwt("neurons", tmp_path / "study").out
