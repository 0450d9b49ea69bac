"""``niwt app`` without a server: what it would start."""

from pathlib import Path

import pytest

from niwt_core.cli.serve import run_app
from tests.support.small_study import small_study


@pytest.fixture
def started(monkeypatch):
    """The command lines and environments of processes that were asked for."""
    calls = []
    monkeypatch.setattr("subprocess.call", lambda command, *, env, cwd: calls.append((command, env, cwd)) or 0)
    return calls


def test_the_server_gets_the_study_and_lets_waiting_threads_sleep(started, monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    with pytest.raises(SystemExit):
        run_app(small_study().folder, port=8600)
    (command, environment, folder), *more = started
    assert more == []
    assert command[-2:] == ["--server.port", "8600"]
    assert (Path(folder) / "pages" / "serving" / "server.py").is_file()
    assert environment["NIWT_STUDY"] == str(small_study().folder.resolve())
    assert environment["OMP_WAIT_POLICY"] == "PASSIVE"


def test_what_a_person_has_set_stays(started, monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    with pytest.raises(SystemExit):
        run_app(None, port=None)
    assert started[0][1]["OMP_WAIT_POLICY"] == "ACTIVE"
