"""A person's own names on a neuron's page: given, shown everywhere, in the table, and undone with one click; and more pictures of a neuron."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from niwt_core.neurons.user_names import names_file, read_names
from pages.components.dictionary.more_examples import markup
from pages.components.shared import user_names
from tests.support.opened import page_text, went_well
from tests.support.small_study import small_study
from tests.support.tiny_aviary import shipped_aviary

Open = Callable[..., AppTest]


@pytest.fixture
def kept() -> Iterator[Path]:
    """Where the small study's names are kept, and gone afterwards."""
    study = small_study()
    assert study.folder is not None
    path = names_file(study.folder, study.id)
    yield path
    path.unlink(missing_ok=True)


def called(at: AppTest, name: str) -> AppTest:
    at.text_input(key="own-name-3").set_value(name)
    return went_well(next(button for button in at.button if button.label == "Call it that").click().run())


def test_a_name_of_ones_own_is_shown_everywhere_and_undone(page: Open, kept: Path) -> None:
    at = called(page("dictionary", neuron="3"), "drooping tail")
    assert "<h1>drooping tail ✎</h1>" in page_text(at)
    assert "The study calls it" in page_text(at)
    assert read_names(kept, small_study().id, neurons=24).names == {3: "drooping tail"}
    other = page("dictionary")  # another session finds it in the file
    other = went_well(other.text_input(key="words").set_value("drooping").run())
    assert [button.label for button in other.button if button.label.startswith("Open neuron")] == [
        "Open neuron 3: your own name, drooping tail ✎"
    ]
    at = went_well(at.button(key="name-undo").click().run())
    assert "drooping tail" not in page_text(at)
    assert not kept.exists()


def test_a_wrong_name_is_shown_as_none_and_undone(page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = shipped_aviary()
    monkeypatch.setenv("NIWT_STUDY", str(study.folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))  # it came with the program, so names for it are kept at home
    neuron = next(item for item in study.neurons if item.is_named)
    at = page("dictionary", neuron=str(neuron.index))
    at = went_well(at.button(key="name-wrong").click().run())
    assert "<h1>Unnamed</h1>" in page_text(at)
    assert f"You said that “{neuron.label}” is wrong" in page_text(at)
    assert list(tmp_path.glob("choose-your-neuron/names/*.json"))
    at = went_well(at.button(key="name-undo").click().run())
    assert "<h1>Unnamed</h1>" not in page_text(at)


def test_where_names_have_no_file_they_stay_in_the_session(
    page: Open, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIWT_PUBLIC", "1")
    assert user_names.place(small_study()) is None
    at = called(page("dictionary", neuron="3"), "drooping tail")
    assert "<h1>drooping tail ✎</h1>" in page_text(at)
    assert not kept.exists()
    assert "drooping" not in page_text(page("dictionary", neuron="3"))


def test_more_pictures_than_the_strongest() -> None:
    study = small_study()
    neuron = next(item for item in study.neurons if item.label)
    shown = markup(study, neuron.index)
    assert shown.count("<figure>") > study.gallery.top.shape[1]
    for row in ("Next strongest", "At random", "At the edge"):
        assert row in shown
    assert "has it not" in shown
    assert neuron.label in shown
