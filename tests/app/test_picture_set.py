"""Pictures and words that are gathered in the app: classes by names, corrections, and the tables that the engine reads."""

from pathlib import Path

import pytest

from niwt_core import NiwtError
from niwt_core.data.folder import read_folder
from pages.components.studies.picture_set import PictureSet, Words, class_of, classes_of, clean_class
from pages.components.studies.readiness import is_ready, readiness
from tests.support.shapes import SHAPES, shape


@pytest.fixture
def gathered(tmp_path: Path) -> PictureSet:
    """Two pictures of each of five classes."""
    gathered = PictureSet(tmp_path / "set")
    added, errors = gathered.add((f"{name}_{i}.jpg", shape(name, i)) for name in SHAPES for i in range(2))
    assert (added, errors) == (10, [])
    return gathered


def words(**changes: object) -> Words:
    attributes = ["red", "blue", "green", "shape: round", "shape: corners"]
    values = {
        name: {one: float(one.removeprefix("shape: ") in terms) for one in attributes} for name, terms in SHAPES.items()
    }
    return Words(**{"attributes": attributes, "values": values, "held_back": ["blue square"], **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "class_"),
    [
        ("robin_03.jpg", "robin"),
        ("Barn owl (12).JPG", "Barn owl"),
        ("green_woodpecker-4.png", "green woodpecker"),
        ("robin/IMG_1234.jpg", "robin"),
        ("birds\\wren\\5.webp", "wren"),
        ("images/robin_1.jpg", "robin"),
        ("IMG_20240101_101112.jpg", ""),
        ("DSC00012.JPG", ""),
        ("4711.png", ""),
        ("../robin_1.jpg", "robin"),
    ],
)
def test_a_name_says_its_class_or_nothing(name: str, class_: str) -> None:
    assert class_of(name) == class_


def test_one_folder_for_all_tells_nothing_apart() -> None:
    assert classes_of(["birds/robin_1.jpg", "birds/wren_1.jpg"]) == ["robin", "wren"]
    assert classes_of(["robin/1.jpg", "robin/2.jpg"]) == ["robin", "robin"]
    assert classes_of(["b/robin/1.jpg", "b/wren/1.jpg"]) == ["robin", "wren"]


def test_a_class_is_a_folder_that_stays_inside() -> None:
    assert clean_class("../../etc") == "etc"
    assert clean_class("a/b") == "a b"
    assert clean_class(" .hidden ") == "hidden"
    assert "/" not in clean_class("x" * 300 + "/y")
    assert len(clean_class("x" * 300)) <= 80


def test_what_is_no_picture_is_named_and_the_same_bytes_are_kept_once(gathered: PictureSet) -> None:
    again = [("red circle_0.jpg", shape("red circle", 0)), ("wren_1.jpg", b"no picture")]
    added, errors = gathered.add(again)
    assert added == 0
    assert [error.where for error in errors] == ["wren_1.jpg"]
    assert "wren" not in gathered.counts
    assert not (gathered.root / "images" / "wren").exists()


def test_pictures_without_a_class_are_given_one_or_taken_out(gathered: PictureSet) -> None:
    gathered.add([("IMG_1.jpg", shape("red circle", 5)), ("IMG_2.jpg", shape("red circle", 6))])
    lost = [file for file, class_ in gathered.pictures if not class_]
    assert len(lost) == 2
    assert any("no class yet" in check.words for check in readiness(gathered, gathered.root.with_name("out")))
    gathered.assign({lost[0]: "red circle"})
    gathered.remove([lost[1]])
    assert gathered.counts["red circle"] == 3
    assert all(class_ for _, class_ in gathered.pictures)


def test_the_engine_reads_what_was_said(gathered: PictureSet) -> None:
    gathered.say(words(described_only=["green circle"], values=words().values | {"green circle": {"green": 0.75}}))
    gathered.write_tables()
    dataset = read_folder(gathered.root)
    assert set(dataset.classes) == {*SHAPES, "green circle"}
    unseen = {name for name, seen in zip(dataset.classes, dataset.seen, strict=True) if not seen}
    assert unseen == {"blue square", "green circle"}
    table = dict(
        zip(dataset.knowledge.names, dataset.knowledge.values[dataset.classes.index("green circle")], strict=True)
    )
    assert table["green"] == pytest.approx(0.75)
    assert "shape::round" in dataset.knowledge.names
    assert gathered.words == words(
        described_only=["green circle"], values=words().values | {"green circle": {"green": 0.75}}
    )


def test_sentences_become_captions(gathered: PictureSet) -> None:
    gathered.say(words(kind="captions", sentences={name: f"A {name} on paper." for name in SHAPES}))
    gathered.write_tables()
    dataset = read_folder(gathered.root)
    assert dataset.knowledge.kind == "captions"
    assert dataset.captions["red circle"] == ("A red circle on paper.",)


def test_it_is_ready_only_when_the_engine_would_take_it(gathered: PictureSet) -> None:
    out = gathered.root.with_name("out")

    def problems(terms: Words) -> list[str]:
        gathered.say(terms)
        return [check.words for check in readiness(gathered, out) if check.fine is False]

    assert problems(words()) == []
    assert is_ready(readiness(gathered, out))
    assert "no attribute yet" in problems(words(attributes=[]))[0]
    assert "no word yet for red circle" in problems(words(values=words().values | {"red circle": {}}))[0]
    assert "at least 4" in problems(words(held_back=["blue square", "red circle"]))[0]
    assert "described alike" in problems(words(values={name: {"red": 1.0} for name in SHAPES}))[0]
    assert "no sentence yet" in problems(words(kind="captions"))[0]
    assert not is_ready(readiness(PictureSet(gathered.root.with_name("empty")), out))
    (out / "other").mkdir(parents=True)
    assert "holds other things" in problems(words())[0]


def test_a_set_moves_only_to_a_free_place(gathered: PictureSet, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(NiwtError, match="something is there already"):
        gathered.move_to(tmp_path / "taken")
    moved = gathered.move_to(tmp_path / "pictures" / "shapes")
    assert sum(moved.counts.values()) == 10
    assert gathered.pictures == []
