"""Mistakes in `niwt prepare`: refused before any long work, in one line, with nothing half-written."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from niwt_core.prepare.extraction import extract


@pytest.fixture(autouse=True)
def no_long_work(monkeypatch):
    """Reading the pictures would be the first long stage."""

    def fail(*_, **__):
        pytest.fail("the pictures were read before the mistake was found")

    monkeypatch.setattr("niwt_core.prepare.activations.extract", fail)
    assert extract is not fail


def command(own_set: Path, *more: object, **changes: object) -> list:
    """A good command with some options changed (None takes one out) and more at the end."""
    options = {
        "root": own_set,
        "backbone": "small_resnet",
        "weights": "none",
        "epochs": 0,
        "size": 48,
        "device": "cpu",
    } | changes
    named = [part for key, value in options.items() if value is not None for part in (f"--{key}", value)]
    return ["prepare", "folder", *named, *more]


OPTIONS = {
    "no root": ({"root": None}, "no --root"),
    "root missing": ({"root": "nowhere"}, "no such folder"),
    "no out": ({"out": None}, "--out"),
    "backbone": ({"backbone": "resnet51"}, "unknown backbone"),
    "hub backbone": ({"backbone": "hf:no/such-model", "weights": None}, "no/such-model"),
    "layer": ({"layer": "layer9"}, "no layer 'layer9'"),
    "negative epochs": ({"epochs": -1}, "epochs"),
    "too many epochs": ({"epochs": 10**6}, "epochs"),
    "epochs no number": ({"epochs": "few"}, "--epochs"),
    "negative seed": ({"seed": -1}, "seed"),
    "large seed": ({"seed": 2**40}, "seed"),
    "size zero": ({"size": 0}, "size"),
    "size huge": ({"size": 100_000}, "size"),
    "device": ({"device": "tpu"}, "unknown device"),
    "no such device": ({"device": "cuda:7"}, "no device"),
    "knowledge missing": ({"knowledge": "nowhere.json"}, "nowhere.json"),
    "encoder missing": ({"knowledge": "captions", "encoder": "/nowhere/model"}, "encoder"),
    "probes missing": ({"probes": "nowhere"}, "probe"),
    "weights missing": ({"weights": "nowhere.safetensors"}, "no such weights file"),
}


@pytest.mark.parametrize(("changes", "words"), OPTIONS.values(), ids=OPTIONS.keys())
def test_options(refused, own_set, tmp_path, changes, words):
    refused(*command(own_set, "--json", **{"out": tmp_path / "study"} | changes), words=(words,))


def test_unknown_kind_of_set(refused, own_set, tmp_path):
    refused("prepare", "imagenet", "--root", own_set, "--out", tmp_path / "study", words=("unknown kind of set",))


def test_outputs(refused, own_set, tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "photo.jpg").write_text("x")
    for out, words in (("file", "in the way"), ("full", "other things"), ("file/study", "cannot write")):
        refused(*command(own_set, out=tmp_path / out), words=(words,))
    refused(*command(own_set, out=tmp_path / ("x" * 300)))
    if Path("/proc").is_dir():
        refused(*command(own_set, out=Path("/proc/study")), words=("cannot write",))


@pytest.mark.parametrize("kind", ["text", "empty", "flipped", "other network", "nan", "pickle"])
def test_weights(refused, own_set, tmp_path, kind):
    path = tmp_path / ("w.pth" if kind == "pickle" else "w.safetensors")
    if kind in ("text", "empty"):
        path.write_text("no weights" * (kind == "text"))
    elif kind == "pickle":
        torch.save({"model": Path("/")}, path)  # an object, and so code, and no tensor
    else:
        save_file({"a.weight": torch.full((3, 3), torch.nan if kind == "nan" else 1.0)}, path)
        if kind == "flipped":
            data = bytearray(path.read_bytes())
            data[3] ^= 0x40
            path.write_bytes(data)
    refused(*command(own_set, out=tmp_path / "study", weights=path), words=(path.name,))


def change(own_set: Path, kind: str) -> None:
    """Spoils the set in one way."""
    table, unseen = own_set / "attributes.csv", own_set / "unseen.txt"
    lines = table.read_text().splitlines()
    if kind == "nan":
        table.write_text("\n".join([*lines[:2], lines[2].rsplit(",", 1)[0] + ",nan", *lines[3:]]))
    elif kind == "hole":
        table.write_text("\n".join([*lines[:2], lines[2].rsplit(",", 1)[0] + ",", *lines[3:]]))
    elif kind == "no number":
        table.write_text("\n".join([*lines[:2], lines[2].rsplit(",", 1)[0] + ",yes", *lines[3:]]))
    elif kind == "class missing":
        table.write_text("\n".join(lines[:-1]))
    elif kind == "class unknown":
        table.write_text("\n".join([*lines[:-1], "Unicorn" + lines[-1][lines[-1].index(",") :]]))
    elif kind == "attribute twice":
        table.write_text("\n".join([lines[0].replace(lines[0].split(",")[2], lines[0].split(",")[1]), *lines[1:]]))
    elif kind == "all zero":
        zero = lines[1].split(",")[0] + ",0" * lines[0].count(",")
        table.write_text("\n".join([lines[0], zero, *lines[2:]]))
    elif kind == "empty table":
        table.write_text("")
    elif kind == "binary table":
        table.write_bytes(bytes(range(256)))
    elif kind == "unseen unknown":
        unseen.write_text("Unicorn\n")
    elif kind == "all unseen":
        unseen.write_text("\n".join(path.name for path in (own_set / "images").iterdir()))
    elif kind == "no images":
        (own_set / "images").rename(own_set / "photos")
    elif kind == "class without pictures":
        for path in next((own_set / "images").iterdir()).iterdir():
            path.write_text("no picture")


KINDS = (
    "nan", "hole", "no number", "class missing", "attribute twice", "all zero", "empty table", "binary table",
    "unseen unknown", "all unseen", "no images",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_sets_that_cannot_work(refused, own_set, tmp_path, kind):
    change(own_set, kind)
    refused(*command(own_set, out=tmp_path / "study"))


def test_captions_that_are_missing(refused, own_set, tmp_path):
    more = {"knowledge": "captions", "encoder": "tfidf"}
    victim = next((own_set / "captions").iterdir())
    victim.write_text("\n")
    refused(*command(own_set, out=tmp_path / "study", **more), words=("caption",))
    for path in (own_set / "captions").iterdir():
        path.unlink()
    refused(*command(own_set, out=tmp_path / "study", **more), words=("caption",))


@pytest.mark.parametrize("name", ["table.csv", "words.json", "embedding.npy", "embedding.mat", "embedding2.npy"])
def test_knowledge_files_that_are_none(refused, own_set, tmp_path, name):
    path = tmp_path / name
    if name == "embedding2.npy":
        np.save(path, np.zeros((3, 4)))
    else:
        path.write_text("nothing of the kind")
    refused(*command(own_set, out=tmp_path / "study", knowledge=path))


def test_too_small_an_input(refused, own_set, tmp_path):
    """Found by running the network once, before every picture is read."""
    refused(*command(own_set, out=tmp_path / "study", backbone="vgg11", size=8), words=("8 pixels",))
