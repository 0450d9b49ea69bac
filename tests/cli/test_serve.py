"""``niwt app`` without a server: what it would start."""

import ipaddress
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from niwt_core import NiwtError
from niwt_core.cli.serve import network_address, run_app
from tests.support.small_study import small_study


@pytest.fixture
def started(monkeypatch):
    """The command lines and environments of processes that were asked for."""
    calls = []
    monkeypatch.setattr(
        "niwt_core.cli.serve.run_server", lambda command, env, cwd: calls.append((command, env, cwd)) or 0
    )
    return calls


def test_the_server_gets_the_study_and_lets_waiting_threads_sleep(started, monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    with pytest.raises(SystemExit):
        run_app([small_study().folder], port=8600)
    (command, environment, folder), *more = started
    assert more == []
    assert command[command.index("--server.port") + 1] == "8600"
    assert (Path(folder) / "pages" / "serving" / "server.py").is_file()
    assert environment["NIWT_STUDY"] == str(small_study().folder.resolve())
    assert environment["OMP_WAIT_POLICY"] == "PASSIVE"


def test_what_a_person_has_set_stays(started, monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    with pytest.raises(SystemExit):
        run_app(None, port=None)
    assert started[0][1]["OMP_WAIT_POLICY"] == "ACTIVE"


def test_it_listens_on_this_machine_alone_unless_told_otherwise(started):
    for host in (None, "0.0.0.0"):
        with pytest.raises(SystemExit):
            run_app(None, port=None, **({"host": host} if host else {}))
    addresses = [command[command.index("--server.address") + 1] for command, *_ in started]
    assert addresses == ["127.0.0.1", "0.0.0.0"]
    # Without it, a server without a screen asks a foreign host what its own address is.
    assert all("--browser.serverAddress" in command for command, *_ in started)


ASKED = """
import sys
from pathlib import Path
from niwt_core.cli.serve import run_server
sys.exit(run_server([sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"], {}, Path.cwd()))
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_ends_the_command_ends_its_server(number):
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen([sys.executable, "-c", ASKED], cwd=root, stdout=subprocess.PIPE, text=True) as command:
        server = int(command.stdout.readline())
        command.send_signal(number)
        assert command.wait(60) != 0
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def options_of(command, name):
    return command[command.index(name) + 1] if name in command else None


def test_public(started, tmp_path):
    with pytest.raises(SystemExit):
        run_app([small_study().folder], public=True, max_upload=3, max_sessions=4, max_seconds=5, max_pictures=6)
    ((command, environment, _),) = started
    folder = str(small_study().folder.resolve())
    assert environment["NIWT_PUBLIC"] == "1"
    assert json.loads(environment["NIWT_STUDIES"]) == [folder]
    limits = {"upload": 3 << 20, "uploads": 18 << 20, "pictures": 6, "sessions": 4, "seconds": 5}
    assert json.loads(environment["NIWT_LIMITS"]) == limits
    assert options_of(command, "--server.maxUploadSize") == "3"
    assert options_of(command, "--server.headless") == "true"


def test_a_public_server_without_studies_shows_the_shipped_ones(started):
    with pytest.raises(SystemExit):
        run_app(None, public=True)
    names = [Path(folder).name for folder in json.loads(started[0][1]["NIWT_STUDIES"])]
    assert names[0] == "photographs"
    assert "aviary" in names


def test_others_in_the_network_are_given_an_address_and_its_code(started, capsys, monkeypatch):
    monkeypatch.setattr("niwt_core.cli.serve.network_address", lambda: "192.168.7.9")
    with pytest.raises(SystemExit):
        run_app(None, port=8700, host="0.0.0.0", base_path="/birds/")
    (command, environment, _), printed = started[0], capsys.readouterr().err
    assert "http://192.168.7.9:8700/birds" in printed
    assert "▄" in printed
    assert environment["NIWT_SHARED_HOST"] == "192.168.7.9"
    assert options_of(command, "--server.baseUrlPath") == "birds"
    with pytest.raises(SystemExit):
        run_app(None, port=8700)
    assert "NIWT_SHARED_HOST" not in started[1][1]
    assert capsys.readouterr().err == ""


def test_the_network_address_is_one_and_nothing_is_sent():
    assert ipaddress.ip_address(network_address()).version == 4


def test_a_server_that_a_signal_ended_is_said_as_shells_say_it(monkeypatch):
    monkeypatch.setattr("niwt_core.cli.serve.run_server", lambda command, env, cwd: -signal.SIGTERM)
    with pytest.raises(SystemExit) as ended:
        run_app(None)
    assert ended.value.code == 143


def test_a_wall_is_a_folder_that_can_be_written(started, tmp_path):
    with pytest.raises(SystemExit):
        run_app([small_study().folder], public=True, wall=tmp_path / "new" / "wall")
    assert started[0][1]["NIWT_WALL"] == str(tmp_path / "new" / "wall")
    assert list((tmp_path / "new" / "wall").iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(NiwtError, match="cannot write"):
        run_app([small_study().folder], public=True, wall=tmp_path / "file" / "wall")
    with pytest.raises(SystemExit):
        run_app([small_study().folder], public=True)
    assert "NIWT_WALL" not in started[1][1]
