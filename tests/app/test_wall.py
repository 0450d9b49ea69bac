"""The wall: what may be put up, what others see of it, and that a stranger's file, name or folder does no harm."""

import base64
import io
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image
from streamlit.testing.v1 import AppTest

from niwt_core import NiwtError, Recipe
from pages.components.build.link import to_text
from pages.components.wall.cards import free_name
from pages.serving import policy, wall
from pages.serving.wall import ALL, EACH, LARGEST, MOST, WINDOW, Entry, Wall, entry_from_text
from tests.support.opened import page_text, went_well
from tests.support.small_study import small_study

Open = Callable[..., AppTest]
RUBY = Recipe("Ruby Needlebill", {"crown color": "red", "bill shape": "needle"})
EVIL = "<img src=x onerror=alert(1)>"


def jpeg(side: int = 64) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), "teal").save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.fixture
def board(tmp_path: Path) -> Wall:
    """An empty wall, with a clock that stands still."""
    return Wall(tmp_path / "of the host" / "wall", clock=lambda: 0.0)


@pytest.fixture
def hung(board: Wall, study_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Wall:
    """The same, as the app's."""
    monkeypatch.setenv(wall.WALL, str(board.folder))
    monkeypatch.setattr(wall, "_wall_in", lambda folder: board)
    return board


def mine(**changes: object) -> Entry:
    return replace(Entry(small_study().id, RUBY), **changes)  # type: ignore[arg-type]


def test_what_is_put_up_comes_back(board: Wall) -> None:
    identity = board.put(mine(nickname="  Ada   L. ", picture=jpeg()), visitor="a")
    (entry,) = board.entries(small_study().id)
    assert (entry.id, entry.recipe, entry.nickname, entry.picture) == (identity, RUBY, "Ada L.", jpeg())
    assert entry.at > 0
    assert board.entries("another study") == []
    board.remove(identity)
    board.remove(identity)
    assert board.entries(small_study().id) == []


def test_two_visitors_and_one_visitor_too_many(board: Wall) -> None:
    now = 0.0
    board.clock = lambda: now
    for _ in range(EACH):
        board.put(mine(), visitor="a")
    with pytest.raises(NiwtError, match="you have put up many"):
        board.put(mine(), visitor="a")
    board.put(mine(), visitor="b")
    assert len(board.entries(small_study().id)) == EACH + 1
    now = WINDOW + 1
    board.put(mine(), visitor="a")


def test_all_together_have_a_limit(board: Wall) -> None:
    for number in range(ALL):
        board.put(mine(), visitor=str(number))
    with pytest.raises(NiwtError, match="people have put up many"):
        board.put(mine(), visitor="new")


def test_a_full_wall_takes_no_more(board: Wall) -> None:
    board.put(mine(), visitor="a")
    (file,) = board.folder.iterdir()
    for number in range(MOST - 1):
        (board.folder / f"{number:016x}.json").write_bytes(file.read_bytes())
    with pytest.raises(NiwtError, match="full"):
        board.put(mine(), visitor="b")
    assert len(board.entries(small_study().id)) == MOST


@pytest.mark.parametrize(
    "change",
    [
        {"picture": b"no picture"},
        {"picture": jpeg(600)},
        {"nickname": "x" * 41},
        {"nickname": "a\u202eb"},
        {"recipe": Recipe("Long", caption="€" * (LARGEST // 3 + 1))},
    ],
)
def test_what_is_too_much_is_refused(board: Wall, change: dict[str, object]) -> None:
    with pytest.raises(NiwtError):
        board.put(mine(**change), visitor="a")
    assert board.entries(small_study().id) == []


@pytest.mark.parametrize("identity", ["", "..", "../../secret", "0" * 15, "0" * 16 + "\n", "Z" * 16])
def test_only_an_entry_can_be_taken_down(board: Wall, identity: str) -> None:
    with pytest.raises(NiwtError, match="no such class"):
        board.remove(identity)


CHANGES = [
    {"format": 2}, {"study": 3}, {"recipe": None}, {"recipe": {"name": "x"}}, {"recipe": {"name": "", "caption": "c"}}, {"nickname": 5},
    {"nickname": "a\nb\x00"}, {"picture": "!!"}, {"picture": base64.b64encode(b"<svg onload=alert(1)>").decode()}, {"at": "soon"},
    {"at": float("nan")}, {"picture": None},
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_damaged_file_is_passed_over(board: Wall, change: dict[str, object]) -> None:
    good = board.put(mine(), visitor="a")
    values = {**json.loads((board.folder / f"{good}.json").read_text()), **change}
    (board.folder / f"{'f' * 16}.json").write_text(json.dumps(values))
    assert [entry.id for entry in board.entries(small_study().id)] == [good]


JSON = some.recursive(some.none() | some.integers() | some.text(max_size=5), some.lists)


@given(text=some.text(max_size=60) | JSON.map(json.dumps))
def test_any_text_is_an_entry_or_a_mistake(text: str) -> None:
    with pytest.raises(NiwtError):
        entry_from_text(text, id="0" * 16)


def test_what_is_no_file_of_the_wall_is_passed_over(board: Wall) -> None:
    good = board.put(mine(), visitor="a")
    (board.folder / ("a" * 16 + ".json")).write_bytes(b"\xff\xfe")
    (board.folder / ("b" * 16 + ".json")).write_bytes(b"x" * (LARGEST + 1))
    (board.folder / ("c" * 16 + ".json")).mkdir()
    (board.folder / "notes.json").write_text(mine().to_text())
    os.mkfifo(board.folder / ("d" * 16 + ".json"))
    assert [entry.id for entry in board.entries(small_study().id)] == [good]


def test_a_folder_that_is_gone_or_closed_says_so_without_its_name(board: Wall, tmp_path: Path) -> None:
    assert board.entries(small_study().id) == []
    blocked = tmp_path / "a file"
    blocked.write_text("")
    closed = Wall(blocked / "wall")
    assert closed.entries(small_study().id) == []
    with pytest.raises(NiwtError, match="cannot be written to just now") as problem:
        closed.put(mine(), visitor="a")
    assert str(tmp_path) not in str(problem.value)


def test_a_file_that_the_host_deletes_is_gone_and_one_that_changes_is_read_again(board: Wall) -> None:
    identity = board.put(mine(), visitor="a")
    file = board.folder / f"{identity}.json"
    assert board.entries(small_study().id)
    file.write_text(file.read_text().replace("Ruby", "Opal") + " ")
    assert board.entries(small_study().id)[0].recipe.name == "Opal Needlebill"
    file.unlink()
    assert board.entries(small_study().id) == []


def test_without_the_option_there_is_no_wall(study_folder: Path, page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(wall.WALL, raising=False)
    assert wall.wall() is None
    assert "has no wall" in page("wall").info[0].value
    at = page("build", **{"class": to_text(RUBY)})
    assert "Put it up" not in [button.label for button in at.button]


def test_put_up_by_one_and_copied_by_another(hung: Wall, page: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(policy.PUBLIC, "1")
    at = page("build", **{"class": to_text(RUBY)})
    put = next(button for button in at.button if button.label == "Put it up")
    assert put.disabled  # nothing goes up without consent
    assert hung.entries(small_study().id) == []
    next(box for box in at.checkbox if box.label.startswith("I agree")).check().run()
    next(field for field in at.text_input if field.label.startswith("From")).input(EVIL[:40]).run()
    at = went_well(next(button for button in at.button if button.label == "Put it up").click().run())
    (entry,) = hung.entries(small_study().id)
    assert (entry.recipe.name, entry.nickname, entry.picture) == ("Ruby Needlebill", EVIL[:40], b"")
    assert "Put it up" not in [button.label for button in at.button]  # not twice

    other = page("wall")
    text = page_text(other)
    assert "Ruby Needlebill" in text
    assert EVIL[:10] not in text  # escaped
    assert "&lt;img" in text
    assert str(hung.folder) not in text
    assert "of the host" not in text
    assert "Take down" not in [button.label for button in other.button]
    other = went_well(next(button for button in other.button if button.label == "Open a copy").click().run())
    other = went_well(next(button for button in other.button if button.label == "Open a copy").click().run())
    (history,) = other.session_state["class_histories"].values()
    assert list(history.classifier.built) == ["Ruby Needlebill", "Ruby Needlebill 2"]


def test_only_who_put_it_up_takes_it_down(hung: Wall, page: Open) -> None:
    identity = hung.put(mine(), visitor="a")
    at = page("wall")
    at.session_state["wall-posted"] = {identity: "x"}
    at.run()
    went_well(next(button for button in at.button if button.label == "Take down").click().run())
    assert hung.entries(small_study().id) == []


def test_a_name_that_is_markup_is_a_name(hung: Wall, page: Open) -> None:
    for name in (EVIL, "<script>alert(1)</script>", "[x](javascript:alert(1))", "$\\frac12$ :red[x]"):
        hung.put(mine(recipe=replace(RUBY, name=name), nickname=name[:40]), visitor=name)
    text = page_text(page("wall"))
    assert "<img src=x" not in text
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 1


def test_a_class_that_cannot_be_built_here_is_not_shown(hung: Wall, page: Open) -> None:
    seen = small_study().seen_classes[0]
    hung.put(mine(recipe=Recipe("Hatted", {"hat": "red"})), visitor="a")
    hung.put(mine(recipe=replace(RUBY, name=seen)), visitor="a")
    assert "Nothing hangs here yet" in page_text(page("wall"))


def test_a_free_name_is_free_and_short() -> None:
    assert free_name("A", []) == "A"
    assert free_name("A", ["a", "A 2"]) == "A 3"
    long = "x" * 80
    assert len(free_name(long, [long])) <= 80
