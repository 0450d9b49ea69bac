"""A preparation in a process of its own: it makes the study, tells how far it is, is cancelled, killed and resumed, says what is wrong."""

import json
import os
import shlex
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from niwt_core import NiwtError, load_study
from pages.components.studies.picture_set import PictureSet
from pages.components.studies.preparation import Preparation, State, all_preparations, check_free, new_preparation
from tests.app.test_picture_set import words
from tests.support.shapes import SHAPES, shape
from tests.support.small_study import small_study

PATIENCE = 120  # seconds


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NIWT_NEW_STUDIES", str(tmp_path / "studies"))
    return tmp_path / "studies"


@pytest.fixture
def command(tmp_path: Path) -> str:
    """Prepares sixty shapes with the small study's network."""
    gathered = PictureSet(tmp_path / "shapes")
    gathered.add((f"{name}_{i}.jpg", shape(name, i)) for name in SHAPES for i in range(12))
    gathered.say(words())
    gathered.write_tables()
    options = ["--out", str(tmp_path / "studies" / "shapes"), "--backbone", f"study:{small_study().folder}"]
    return shlex.join(["niwt", "prepare", "folder", "--root", str(gathered.root), *options, "--epochs", "0"])


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def test_it_is_cancelled_killed_resumed_and_ends_with_a_study(command: str, place: Path) -> None:
    out = place / "shapes"
    new_preparation(command, out).start()
    (known,) = all_preparations()  # as another session finds it
    assert known == new_preparation(command, out)
    wait_for(lambda: known.progress[0] != "")
    assert known.state is State.RUNNING
    with pytest.raises(NiwtError, match="a preparation is running"):
        check_free(place / "other")
    known.cancel()
    assert known.state is State.INTERRUPTED
    known.start()
    wait_for(lambda: known.progress[0] != "")
    values = json.loads((known.folder / "job.json").read_text())
    psutil.Process(values["pid"]).kill()  # as with the machine
    wait_for(lambda: known.state is not State.RUNNING)
    assert known.state is State.INTERRUPTED
    check_free(out)
    known.start()
    wait_for(lambda: known.state is not State.RUNNING)
    assert known.state is State.READY, known.error
    study = load_study(out)
    assert study.name == "shapes"
    assert list(study.unseen_classes) == ["blue square"]
    assert study.provenance["command"] == command
    assert "60 pictures" in known.output[0]
    known.forget()
    assert all_preparations() == []
    assert load_study(out).id == study.id


def test_what_is_wrong_is_said_in_the_commands_own_words(command: str, place: Path) -> None:
    preparation = new_preparation(command.replace("--epochs 0", "--layer nowhere"), place / "shapes")
    preparation.start()
    wait_for(lambda: preparation.state is not State.RUNNING)
    assert preparation.state is State.FAILED
    assert "no layer 'nowhere'" in preparation.error


def test_a_number_given_to_another_process_is_not_the_job(place: Path) -> None:
    preparation = Preparation(place / ".jobs" / "x", "niwt info x", place / "x", place)
    preparation.folder.mkdir(parents=True)
    preparation.remember(os.getpid())
    assert preparation.state is State.RUNNING
    note = (preparation.folder / "job.json").read_text()
    values = json.loads(note)
    (preparation.folder / "job.json").write_text(note.replace(str(values["created"]), "1.0"))
    assert preparation.state is State.INTERRUPTED


def test_on_a_public_server_there_are_no_jobs(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    monkeypatch.setenv("NIWT_PUBLIC", "1")
    with pytest.raises(NiwtError, match="open to the public"):
        new_preparation("niwt prepare folder", place / "x")
    assert all_preparations() == []
