"""A user's mistake is exit code 2 and one line on stderr; nothing is half-written."""

import json
import os
from pathlib import Path

import pytest

from niwt_core.study.storage import TABLES, TENSORS
from tests.support.bad_pictures import BAD, write_bad
from tests.support.small_study import small_study


@pytest.mark.parametrize(("name", "words"), BAD.items())
def test_pictures_that_cannot_be_read(refused, study, photo, tmp_path, name, words):
    write_bad(tmp_path)
    refused("classify", study, tmp_path / name, "--json", words=(words, name))
    refused("explain", study, tmp_path / name, "--out", tmp_path / "report", "--json", words=(words, name))


@pytest.mark.parametrize("as_json", [True, False])
def test_one_picture_that_cannot_be_read_costs_no_other_its_answer(niwt, study, photo, tmp_path, as_json):
    """Two bad headers and one damaged behind its header, among good ones: an entry each, in order."""
    write_bad(tmp_path)
    names = ["text.jpg", None, "truncated.jpg", None, "missing.jpg"]
    images = [photo if name is None else tmp_path / name for name in names]
    done = niwt("classify", study, *images, *(["--json"] if as_json else []))
    assert done.code == 2
    assert done.err.startswith("error: 3 of 5 pictures could not be read")
    assert done.err.count("\n") == 1
    if not as_json:
        assert done.out.count("probability") == 2
        return
    results = json.loads(done.out)["results"]
    assert [item["image"] for item in results] == [str(path) for path in images]
    assert ["class" in item for item in results] == [name is None for name in names]
    for item, name in zip(results, names, strict=True):
        assert name is None or BAD[name] in item["error"]
    alone = niwt("classify", study, photo, "--json").json["results"][0]
    for result in (results[1], results[3]):  # to rounding: a batch is summed in another order than one picture
        scores = [item.pop("score") for item in result["ranking"]], [item["score"] for item in alone["ranking"]]
        assert scores[0] == pytest.approx(scores[1], abs=1e-4)
        assert [item["class"] for item in result["ranking"]] == [item["class"] for item in alone["ranking"]]
        assert (result["class"], result["familiar"], result["seen"]) == (
            alone["class"],
            alone["familiar"],
            alone["seen"],
        )


def test_file_names_that_are_not_utf8(niwt, study, photo, tmp_path):
    name = os.fsdecode(os.fsencode(tmp_path) + b"/bird-\xff.png")
    Path(name).write_bytes(photo.read_bytes())
    result = niwt("classify", study, name, "--json").json["results"][0]
    assert result["image"].endswith("bird-\\udcff.png")
    assert niwt("classify", study, name).code == 0
    niwt("classify", study, f"{name}x", "--json").one_error("no such file")
    assert niwt("explain", study, name, "--out", os.fsdecode(os.fsencode(tmp_path) + b"/out-\xff")).code in (0, 2)


def test_a_pipe_is_no_recipe_and_no_picture(refused, study, photo, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    refused("build", study, tmp_path / "pipe", "--out", tmp_path / "x", words=("no regular file",))
    refused("classify", study, tmp_path / "pipe", words=("no regular file",))
    refused("classify", study, photo, "--with", tmp_path / "pipe", words=("no regular file",))


RECIPES = {
    "missing": (None, "no such recipe"),
    "unknown attribute": ("name: A\nattributes: {number of heads: two}\n", "no attribute"),
    "unknown value": ("name: A\nattributes: {crown color: octarine}\n", "no value"),
    "nan": ("name: A\nattributes: {crown color::red: .nan}\n", "not an amount"),
    "infinite": ("name: A\nattributes: {crown color: {red: .inf}}\n", "not an amount"),
    "negative": ("name: A\nattributes: {crown color: {red: -1}}\n", "not an amount"),
    "not yaml": ("name: [A\n", "not valid YAML"),
    "python tag": ("name: !!python/object/apply:os.system ['touch PWNED']\nlike: x\n", "a tag"),
    "bomb": ("name: A\nattributes: {a: &a [x,x], b: [*a,*a]}\n", "an anchor"),
    "huge": ("name: A\nlike: " + "x" * 2_000_000, "too large"),
    "long value": ("name: A\nattributes: {crown color: " + "x" * 500_000 + "}\n", "too large"),
    "binary": ("name: A\nlike: \x00\x01\n", "not valid YAML"),
    "other study": ("name: A\nlike: x\nstudy: 00000000deadbeef\n", "written for study"),
    "unknown class": ("name: A\nlike: Unicorn\n", "no class"),
    "caption": ("name: A\ncaption: a red bird\n", "no word that this study knows"),
    "nothing said": ("name: A\n", "nothing describes"),
}


@pytest.mark.parametrize(("text", "words"), RECIPES.values(), ids=RECIPES.keys())
def test_recipes(refused, study, photo, tmp_path, text, words):
    path = tmp_path / "bad.yaml"
    if text is not None:
        path.write_text(text)
    out = tmp_path / "out" / "bird.safetensors"
    line = refused("build", study, path, "--out", out, "--json", words=(words,))
    assert len(line) < 1600
    refused("classify", study, photo, "--with", path, "--json", words=(words,))
    refused("explain", study, photo, "--with", path, "--out", tmp_path / "report", words=(words,))


def test_a_recipe_with_the_name_of_a_seen_class(refused, study, photo, tmp_path):
    name = small_study(layer="second.1").seen_classes[0]
    path = tmp_path / "bird.yaml"
    path.write_text(json.dumps({"name": name, "attributes": {"crown color": "red"}}))
    refused("classify", study, photo, "--with", path, words=("is a seen class",))
    refused("explain", study, photo, "--with", path, "--out", tmp_path / "report", words=("is a seen class",))


COMMANDS = ("info", "neurons", "build", "classify", "explain", "evaluate")


def ask(command: str, study, photo, recipe, tmp_path) -> list:
    return {
        "build": ["build", study, recipe, "--out", tmp_path / "out.safetensors"],
        "classify": ["classify", study, photo],
        "explain": ["explain", study, photo, "--out", tmp_path / "report"],
    }.get(command, [command, study])


@pytest.mark.parametrize("command", COMMANDS)
def test_a_study_that_is_none(refused, photo, recipe, tmp_path, command):
    for place in (tmp_path / "missing", tmp_path, photo, tmp_path / ("x" * 300)):
        refused(*ask(command, place, photo, recipe, tmp_path), "--json")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", ["study.json", TABLES[1], TENSORS[1]])
def test_a_study_with_one_flipped_bit(refused, study_copy, photo, recipe, tmp_path, command, name):
    data = bytearray((study_copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (study_copy / name).write_bytes(data)
    refused(*ask(command, study_copy, photo, recipe, tmp_path), words=(name,))


def test_outputs_that_cannot_be_written(refused, study, photo, recipe, tmp_path):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder").mkdir()
    for out in ("file/bird.safetensors", "folder", "file/deep/bird.safetensors"):
        refused("build", study, recipe, "--out", tmp_path / out)
    for out in ("file", "file/report"):
        refused("explain", study, photo, "--out", tmp_path / out)
    if os.path.isdir("/proc"):
        refused("build", study, recipe, "--out", "/proc/bird.safetensors", words=("cannot write",))
        refused("explain", study, photo, "--out", "/proc/report", words=("cannot write",))


def test_a_read_only_folder(refused, study, recipe, tmp_path, monkeypatch):
    def refuse(source, target):
        raise PermissionError(13, "Permission denied", str(target))

    monkeypatch.setattr("niwt_core.files.os.replace", refuse)
    refused("build", study, recipe, "--out", tmp_path / "bird.safetensors", words=("Permission denied",))


@pytest.mark.parametrize(
    "arguments",
    [
        ["classify", "STUDY", "PHOTO", "--top", "0"],
        ["classify", "STUDY", "PHOTO", "--top", "-3"],
        ["classify", "STUDY", "PHOTO", "--top", "many"],
        ["neurons", "STUDY", "--top", "0"],
        ["neurons", "STUDY", "--attribute", "number of heads"],
        ["neurons", "STUDY", "--class", "Unicorn"],
        ["explain", "STUDY", "PHOTO", "--class", "Unicorn", "--out", "REPORT"],
        ["classify", "STUDY"],
        ["classify"],
        ["build", "STUDY", "RECIPE"],
        ["evaluate", "STUDY", "more"],
        ["evaluate", "STUDY", "--no-such-option"],
        ["nonsense"],
        ["--nonsense"],
        ["app", "MISSING"],
        ["info", ""],
    ],
)
def test_arguments(refused, study, photo, recipe, tmp_path, arguments):
    known = {
        "STUDY": study,
        "PHOTO": photo,
        "RECIPE": recipe,
        "REPORT": tmp_path / "report",
        "MISSING": tmp_path / "no",
    }
    refused(*(known.get(argument, argument) for argument in arguments))


def test_json_is_said_even_of_numbers_that_are_not(niwt, study, monkeypatch):
    from niwt_core.study import evaluate as evaluation_report

    real = evaluation_report.to_json
    broken = {"S": float("nan"), "deep": [float("inf")]}
    monkeypatch.setattr(evaluation_report, "to_json", lambda *a, **more: real(*a, **more) | broken)
    actual = niwt("evaluate", study, "--json").json
    assert actual["S"] is None
    assert actual["deep"] == [None]
