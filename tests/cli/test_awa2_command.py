"""AwA2 from end to end: the real tables, and drawn animals that look as their attributes say."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from niwt_core.data.awa2 import FOLDER, UNSEEN
from niwt_core.data.text_tables import read_numbered, read_numbers

SEEN = ("antelope", "cow", "deer", "elephant", "fox", "killer+whale", "lion", "otter", "polar+bear", "skunk", "tiger", "zebra")  # fmt: skip
CLASSES = (*SEEN, "dolphin", "giraffe", "horse", "walrus")
PICTURES = 5
SIZE = 40


def draw_animal(path: Path, amount: dict[str, float], *, seed: int) -> None:
    """Background of land or water, a body in the animal's colours, stripes or spots; amounts are 0..1."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    sea = amount["water"] > 0.3
    picture = np.broadcast_to(np.array([40, 90, 200] if sea else [110, 170, 60], float), (SIZE, SIZE, 3)).copy()
    colours = {"black": (20, 20, 20), "white": (240, 240, 240), "brown": (130, 80, 40), "gray": (130, 130, 130),
               "orange": (240, 140, 30), "yellow": (230, 210, 60)}  # fmt: skip
    fraction = np.array([amount[name] + 1e-3 for name in colours])
    body = (fraction @ np.array(list(colours.values()))) / fraction.sum()
    size = 0.2 + 0.22 * amount["big"]
    inside = ((x - random.uniform(0.4, 0.6)) / size) ** 2 + ((y - random.uniform(0.4, 0.6)) / (0.7 * size)) ** 2 < 1
    picture[inside] = body
    picture[inside & (np.sin(50 * x) > 0) & (amount["stripes"] > 0.3)] = 15
    picture[inside & (np.sin(40 * x) * np.sin(40 * y) > 0.3) & (amount["spots"] > 0.3)] = 60
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(picture + random.normal(0, 8, picture.shape), 0, 255).astype(np.uint8)).save(path)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory, shared_data) -> Path:
    """The root of the set, which no test may change."""
    root = tmp_path_factory.mktemp("awa2")
    shutil.copytree(shared_data / "awa2-tables", root, dirs_exist_ok=True)
    base = root / FOLDER
    words = list(read_numbered(base / "predicates.txt").values())
    table = read_numbers(base / "predicate-matrix-continuous.txt").clip(0) / 100
    for c, name in enumerate(read_numbered(base / "classes.txt").values()):
        if name in CLASSES:
            amount = dict(zip(words, table[c], strict=True))
            for i in range(1, PICTURES + 1):
                draw_animal(base / "JPEGImages" / name / f"{name}_{10000 + i}.jpg", amount, seed=100 * c + i)
    return root


@pytest.fixture
def awa2(drawn, tmp_path) -> Path:
    """A copy to be spoiled."""
    return Path(shutil.copytree(drawn, tmp_path / "set"))


def options(root: Path, out: Path, *more: object) -> list:
    small = ("--backbone", "small_resnet", "--weights", "none", "--size", SIZE, "--epochs", 0, "--device", "cpu")
    return ["prepare", "awa2", "--root", root, "--out", out, *small, *more]


@pytest.mark.parametrize("knowledge", ["attributes", "binary"])
def test_from_pictures_to_a_built_class(niwt, drawn, tmp_path, quick, knowledge):
    out = tmp_path / "study"
    made = niwt(*options(drawn, out, "--knowledge", knowledge, "--json")).json
    assert (made["seen_classes"], made["unseen_classes"], made["pictures"]) == (12, 4, 16 * PICTURES)
    info = niwt("info", out, "--json").json
    assert {item["class"] for item in info["classes"] if not item["seen"]} == set(UNSEEN) & set(CLASSES)
    assert (info["knowledge"], info["attributes"]) == ("attributes", 85)
    actual = niwt("evaluate", out, "--json").json
    assert actual["split_hash"] == made["split_hash"]
    assert actual["zsl"] > 40  # of four classes, by a network that learnt nothing: chance is 25
    from niwt_core import load_study

    study = load_study(out)
    assert study.knowledge.scale == (1 if knowledge == "binary" else 100)
    assert study.knowledge.binary == (knowledge == "binary")
    recipe = tmp_path / "quagga.yaml"
    recipe.write_text("name: Quagga\nlike: zebra\nattributes: {stripes: true, brown: true}\n")
    built = niwt("build", out, recipe, "--out", tmp_path / "quagga.safetensors", "--json").json
    assert built["nearest"][0]["class"] == "zebra"
    photo = drawn / FOLDER / "JPEGImages" / "zebra" / "zebra_10001.jpg"
    recipe.write_text("name: Orca\nlike: killer whale\n")  # official: killer+whale
    assert niwt("build", out, recipe, "--out", tmp_path / "orca.safetensors").code == 0
    recipe.write_text("name: Quagga\nlike: zebra\nattributes: {stripes: true, brown: true}\n")
    answer = niwt("classify", out, photo, "--with", recipe, "--top", 20, "--json").json["results"][0]
    assert {"Quagga", "zebra", "giraffe"} <= {place["class"] for place in answer["ranking"]}


def test_a_split_that_lies_elsewhere(niwt, awa2, tmp_path, quick):
    elsewhere = tmp_path / "downloads" / "xlsa17" / "data" / "AWA2"
    elsewhere.mkdir(parents=True)
    (elsewhere / "testclasses.txt").write_text("zebra\nlion\n")
    made = niwt(*options(awa2, tmp_path / "study", "--splits", elsewhere.parents[1]))
    assert "14 seen and 2 unseen classes" in made.out
    assert "split: testclasses.txt" in made.out


MISTAKES = {
    "no pictures": ("JPEGImages", "no JPEGImages folder", "AwA2-data"),
    "no predicates": ("predicates.txt", "no predicates.txt", "AwA2-base"),
    "no classes": ("classes.txt", "no such file", "AwA2-base"),
    "no table": ("predicate-matrix-continuous.txt", "no predicate-matrix-continuous.txt", "--knowledge binary"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_what_is_missing(refused, awa2, tmp_path, name):
    gone, *words = MISTAKES[name]
    path = awa2 / FOLDER / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    refused(*options(awa2, tmp_path / "study"), words=tuple(words))


def test_the_other_table_still_serves(niwt, awa2, tmp_path, quick, refused):
    (awa2 / FOLDER / "predicate-matrix-binary.txt").unlink()
    refused(*options(awa2, tmp_path / "study", "--knowledge", "binary"), words=("--knowledge attributes",))


def test_other_mistakes(refused, awa2, tmp_path, own_set):
    out, images = tmp_path / "study", awa2 / FOLDER / "JPEGImages"
    empty = images / "bobcat"
    empty.mkdir()
    refused(*options(awa2, out), words=("class bobcat has no picture", "remove the folder"))
    empty.rmdir()
    nowhere = tmp_path / "empty"
    nowhere.mkdir()
    refused(*options(awa2, out, "--splits", nowhere), words=("no att_splits.mat", "xlsa17"))
    refused(*options(nowhere, out), words=("no Animals with Attributes 2", FOLDER))
    folder = ["prepare", "folder", "--root", own_set, "--out", out]
    refused(*folder, "--knowledge", "binary", words=("no binary table",))
    refused(*folder, "--splits", nowhere, words=("--splits",))
