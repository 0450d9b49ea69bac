"""A person's own photographs in the app: named on a page, read in the background, and shown from then on; not on a server."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from niwt_core.neurons import user_photographs as stores
from niwt_core.neurons.user_photographs import store_of
from niwt_core.prepare.user_photographs import read_user_photographs
from pages.components.shared import user_photographs
from tests.support.opened import page_text, went_well
from tests.support.small_study import photographs_in, small_study

Open = Callable[..., AppTest]
FIELD = "photographs-folder-dictionary"


@pytest.fixture(autouse=True)
def empty_store(own_cache: None) -> None:
    """The store of the small study lies in this test's cache."""
    stores._STORES.clear()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return photographs_in(tmp_path / "mine", 12)


def read(folder: Path) -> None:
    study = small_study()
    read_user_photographs(study.network, study.preprocess, folder)


def test_a_folder_is_named_and_read(page: Open, folder: Path) -> None:
    at = page("dictionary")
    assert "bird-" not in page_text(at)
    at.text_input(key=FIELD).set_value(str(folder))
    at = went_well(next(button for button in at.button if button.label == "Read").click().run())
    run = user_photographs._run_of(small_study().id, str(folder), small_study())
    if run.thread is not None:
        run.thread.join(60)
    at = page("dictionary")
    assert any("12 photographs of yours" in item.label for item in at.expander)
    assert "broken.jpg" in page_text(at)
    at.segmented_control(key="trust").set_value("All")
    assert "bird-" in page_text(went_well(at.run()))


def test_neurons_classes_and_words_show_them(page: Open, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read(folder)
    unsure = partial(user_photographs.strongest_of_attribute, seen_only=False)  # so small a network is sure of nothing
    monkeypatch.setattr(user_photographs, "strongest_of_attribute", unsure)
    study = small_study()
    assert "these excite it most" in page_text(page("dictionary", neuron="3"))
    assert "bird-" in page_text(page("dictionary", neuron="3"))
    photographs = user_photographs.current(study)
    assert photographs is not None
    taken = [c for c in range(len(study.classes)) if user_photographs.of_class(study, c)]
    assert taken
    at = page("dictionary")
    at = went_well(at.selectbox(key="of_class").set_value(study.classes[taken[0]]).run())
    assert "these are taken for it" in page_text(at)
    column = next(c for c in range(len(study.knowledge.names)) if user_photographs.of_attribute(study, c))
    at = page("dictionary")
    at = went_well(at.text_input(key="words").set_value(study.knowledge.labels[column]).run())
    assert "is seen in these" in page_text(at)


def test_forgetting_them(page: Open, folder: Path) -> None:
    read(folder)
    at = page("studies")
    at = went_well(next(button for button in at.button if button.label == "Forget them").click().run())
    store = store_of(small_study().network, small_study().preprocess)
    assert store.read_set() is None
    assert "bird-" not in page_text(page("dictionary", neuron="3"))


def test_a_server_neither_offers_folders_nor_shows_the_owners(
    page: Open, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(folder)
    monkeypatch.setenv("NIWT_PUBLIC", "1")
    at = page("dictionary")
    assert not [item for item in at.text_input if item.key == FIELD]
    assert "bird-" not in page_text(at)
    assert "bird-" not in page_text(page("dictionary", neuron="3"))


def test_a_folder_that_is_not_there_is_said(page: Open, tmp_path: Path) -> None:
    at = page("dictionary")
    at.text_input(key=FIELD).set_value(str(tmp_path / "nowhere"))
    at = next(button for button in at.button if button.label == "Read").click().run()
    run = user_photographs._run_of(small_study().id, str(tmp_path / "nowhere"), small_study())
    if run.thread is not None:
        run.thread.join(60)
    at = went_well(at.run())
    assert "No such folder" in page_text(at)
