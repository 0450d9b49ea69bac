"""`niwt classify` of folders, into tables, interrupted and resumed."""

import csv
import os

import pytest

from niwt_core.classify import many
from niwt_core.images import open_image
from tests.support.small_study import small_dataset, small_study


@pytest.fixture
def folder(tmp_path):
    """Seventy pictures in two folders, and a file that is none."""
    dataset = small_dataset()
    place = tmp_path / "photos"
    for part in ("a", "b"):
        (place / part).mkdir(parents=True)
    for i in range(70):
        data = (dataset.root / dataset.paths[i % len(dataset)]).read_bytes()
        (place / "ab"[i % 2] / f"{i:03}.png").write_bytes(data)
    (place / "a" / "broken.jpg").write_text("no picture")
    return place


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_folder_as_json(niwt, study, folder):
    done = niwt("classify", study, folder, "--json")
    results = done.json["results"]
    assert len(results) == 71
    (broken,) = (item for item in results if "error" in item)
    assert broken["image"].endswith("broken.jpg")
    assert "1 of 71 files could not be read" in done.err  # a note: it was not named
    alone = niwt("classify", study, results[0]["image"], "--json").json["results"][0]
    assert [item["class"] for item in alone["ranking"]] == [item["class"] for item in results[0]["ranking"]]


def test_a_table(niwt, study, folder, tmp_path):
    out = tmp_path / "answers.csv"
    done = niwt("classify", study, folder, "--csv", out, "--json")
    assert (done.json["pictures"], done.json["unreadable"]) == (71, 1)
    actual = rows(out)
    assert [row["image"] for row in actual] == [str(path) for path in sorted(folder.rglob("*.*"))]
    answers = niwt("classify", study, folder, "--json").json["results"]
    for row, answer in zip(actual, answers, strict=True):
        assert row["error"] == answer.get("error", "")
        if "error" not in answer:
            assert (row["class"], row["kind"]) == (answer["class"], answer["kind"])
            assert float(row["probability"]) == pytest.approx(answer["ranking"][0]["probability"], abs=1e-4)
            assert row["seen"] == "; ".join(answer["seen"])
    assert sorted(os.listdir(tmp_path)) == ["answers.csv", "photos"]  # the journal and the lock are gone


def interrupted_after(monkeypatch, count):
    """Reading the picture of that number interrupts; what was read is counted."""
    read = []

    def opened(path, **more):
        if len(read) >= count:
            raise KeyboardInterrupt
        read.append(path)
        return open_image(path, **more)

    monkeypatch.setattr(many, "open_image", opened)
    return read


def test_an_interrupted_table_goes_on(niwt, study, folder, tmp_path, monkeypatch):
    complete, out = tmp_path / "whole.csv", tmp_path / "answers.csv"
    niwt("classify", study, folder, "--csv", complete)
    monkeypatch.setattr(many, "AHEAD", 1)
    monkeypatch.setattr(many, "BATCH", 16)
    interrupted_after(monkeypatch, 70)
    stopped = niwt("classify", study, folder, "--csv", out)
    assert stopped.code == 130
    assert not out.exists()
    read = interrupted_after(monkeypatch, 71)
    with (tmp_path / ".answers.csv.partial").open("a") as journal:
        journal.write('{"stamp": "cut o')  # as a kill leaves it
    assert niwt("classify", study, folder, "--csv", out).code == 0
    assert 0 < len(read) < 71
    assert [{**row, "novelty": "", "score": "", "probability": ""} for row in rows(out)] == [
        {**row, "novelty": "", "score": "", "probability": ""} for row in rows(complete)
    ]


def test_what_belongs_to_another_study_or_file_is_not_taken_over(niwt, study, folder, tmp_path, recipe, monkeypatch):
    out = tmp_path / "answers.csv"
    niwt("classify", study, folder, "--csv", out)
    read = interrupted_after(monkeypatch, 1000)
    niwt("classify", study, folder, "--csv", out, "--with", recipe)
    assert len(read) == 71


def test_a_named_file_that_cannot_be_read_is_a_mistake(niwt, study, folder, photo, tmp_path):
    done = niwt("classify", study, photo, folder / "a" / "broken.jpg", "--csv", tmp_path / "out.csv")
    assert done.code == 2
    assert "1 of 2 pictures could not be read" in done.err
    assert len(rows(tmp_path / "out.csv")) == 2


def test_mistakes(refused, study, folder, tmp_path):
    (tmp_path / "empty").mkdir()
    refused("classify", study, tmp_path / "empty", words=("no pictures in that folder",))
    refused("classify", study, tmp_path / "*.png", words=("no file matches",))
    refused("classify", study, folder, "--csv", tmp_path, words=("that is a folder",))


def test_described_classes_are_left_out(niwt, study, folder, tmp_path):
    photo = folder / "a" / "000.png"
    names = small_study().unseen_classes

    def ranked(*more):
        done = niwt("classify", study, photo, "--top", 50, *more, "--json")
        return [(item["class"], item["kind"]) for item in done.json["results"][0]["ranking"]]

    assert {name for name, _ in ranked()} >= set(names)
    assert {name for name, kind in ranked("--without", names[0]) if kind == "unseen"} == set(names[1:])
    assert {kind for _, kind in ranked("--without", "described")} == {"seen"}
    niwt("classify", study, photo, "--without", "Dodo").one_error("no class 'Dodo'")
