"""What a process that was killed while it saved left beside other studies goes, unless it lives; a study that it had moved away comes back."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from niwt_core import load_study
from niwt_core.files import only_writer
from niwt_core.study.storage import remove_leftovers, save_study, target
from tests.support.small_study import small_study

HOLDER = """
import sys, pathlib
from niwt_core.files import only_writer
out = pathlib.Path(sys.argv[1])
with only_writer(out):
    (out.parent / f".{out.name}.0123abcd.new").mkdir()
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was left a moment ago counts as still."""
    monkeypatch.setattr(target, "STILL", -1.0)


def writing(out: Path) -> subprocess.Popen[bytes]:
    """A process that saves a study in ``out``, and has come as far as its folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(out)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def sweep(out: Path) -> None:
    with only_writer(out):
        remove_leftovers(out)


def test_a_killed_process_s_folder_goes_and_a_living_one_s_stays(tmp_path: Path) -> None:
    killed, living = writing(tmp_path / "birds"), writing(tmp_path / "fish")
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    sweep(tmp_path / "plants")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".fish.0123abcd.new", ".fish.lock"]
    living.communicate(b"")
    sweep(tmp_path / "plants")
    assert list(tmp_path.iterdir()) == []


def test_other_names_and_what_changes_just_now_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [
        ".new",
        ".new-0123456789abcdef",
        ".birds.partial",
        ".birds.0123abcd.tmp",
        "birds.0123abcd.new",
        ".birds.new",
    ]
    for name in kept:
        (tmp_path / name).mkdir()
    sweep(tmp_path / "plants")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
    monkeypatch.setattr(target, "STILL", 60.0)
    (tmp_path / ".birds.0123abcd.new").mkdir()
    sweep(tmp_path / "plants")
    assert (tmp_path / ".birds.0123abcd.new").is_dir()


@pytest.mark.parametrize("kind", ["old", "new"])
def test_a_study_that_was_moved_away_comes_back(tmp_path: Path, kind: str) -> None:
    shutil.copytree(small_study().folder, tmp_path / f".birds.0123abcd.{kind}")
    (tmp_path / ".birds.4567abcd.new").mkdir()
    sweep(tmp_path / "plants")
    assert [path.name for path in tmp_path.iterdir()] == ["birds"]
    assert load_study(tmp_path / "birds").id == small_study().id


def test_saving_holds_the_lock_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    put = "niwt_core.study.storage.folder._put_in_place"

    def look(written: Path, out: Path) -> None:
        seen.append((out.parent / f".{out.name}.lock").exists() and written.is_dir())
        os.replace(written, out)

    monkeypatch.setattr(put, look)
    save_study(small_study(), tmp_path / "birds")
    assert seen == [True]
    assert [path.name for path in tmp_path.iterdir()] == ["birds"]
