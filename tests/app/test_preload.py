"""What the server makes ready as it starts."""

import gc
import logging
import threading

import pytest

from pages.components.shared import session
from pages.serving import arguments, preload
from tests.support.small_study import small_study
from tests.support.tiny_aviary import tiny_aviary


@pytest.fixture
def failures(monkeypatch):
    """What threads died of."""
    text = []
    monkeypatch.setattr(threading, "excepthook", text.append)
    return text


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()


def test_the_study_is_opened_once_and_the_pages_find_it(failures, caplog):
    folder = tiny_aviary().folder
    thread = preload.begin(folder)
    thread.join(60)
    assert preload.begin(folder) is thread
    assert session.shared_study(folder) is session.shared_study(folder)
    assert failures == []
    assert not [
        record for record in caplog.records if record.levelno >= logging.WARNING and "runtime" not in record.msg
    ]
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_a_study_that_nobody_can_draw_is_made_ready_at_any_layer(failures):
    for layer in ("third.1", "second.1"):
        preload.begin(small_study(layer=layer).folder).join(60)
    assert failures == []


def test_a_damaged_study_is_left_to_the_page_that_says_so(failures, tmp_path):
    (tmp_path / "study.json").write_text("{")
    preload.begin(tmp_path).join(60)
    assert failures == []
    assert gc.isenabled()


def test_the_study_comes_from_the_command_the_environment_or_the_box(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.argv", ["app.py"])
    monkeypatch.delenv("NIWT_STUDY", raising=False)
    assert arguments.first_folder() == arguments.SHIPPED
    monkeypatch.setenv("NIWT_STUDY", str(tmp_path))
    assert arguments.first_folder() == tmp_path
    monkeypatch.setattr("sys.argv", ["app.py", "studies/cub"])
    assert str(arguments.first_folder()) == "studies/cub"
