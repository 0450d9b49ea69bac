"""The real program in a process of its own: entry point, exit codes, streams."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest


def niwt(*arguments: object, **more) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "niwt_core", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **more)


def test_classify(study, photo):
    done = niwt("classify", study, photo, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["results"][0]["image"] == str(photo)


def test_mistakes(study, tmp_path):
    for arguments in (["classify", study, tmp_path / "missing.jpg"], ["nonsense"]):
        done = niwt(*arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1


def test_a_closed_pipe_is_no_traceback(study):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        command = [sys.executable, "-m", "niwt_core", "neurons", str(study)]
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, text=True, timeout=300)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_prepare_interrupted_by_a_person_goes_on(own_set, tmp_path):
    """Ctrl-C while it works: exit 130, one line, no study; the same command then finishes."""
    out = tmp_path / "study"
    options = ["--backbone", "small_resnet", "--weights", "none", "--size", "64", "--epochs", "0", "--device", "cpu"]
    arguments = ["prepare", "folder", "--root", str(own_set), "--out", str(out), *options, "--json"]
    work = tmp_path / ".study.partial"
    for _ in range(3):  # on a busy machine the signal can come after the end
        running = subprocess.Popen(
            [sys.executable, "-u", "-m", "niwt_core", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(
                signal.SIGINT, signal.SIG_DFL
            ),  # a job in the background inherits its being ignored
        )
        while not work.exists() and running.poll() is None:
            os.sched_yield()
        running.send_signal(signal.SIGINT)
        stdout, stderr = running.communicate(timeout=300)
        if running.returncode == 130:
            break
        shutil.rmtree(out)
    assert (running.returncode, stdout) == (130, "")
    assert stderr.splitlines()[-1].startswith("interrupted")
    assert "Traceback" not in stderr
    assert not out.exists()
    done = niwt(*arguments)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["pictures"] == 62
    assert not work.exists()


@pytest.mark.parametrize("arguments", [["info"], ["info", "--json"], ["neurons"]])
def test_a_pipe_in_another_encoding_escapes_what_it_cannot_say(study, tmp_path, arguments):
    """As a pipe is on Windows: cp1252 has no letter for most languages."""
    copy = shutil.copytree(study, tmp_path / "étude-鳥")
    environment = os.environ | {"PYTHONIOENCODING": "cp1252:strict", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "niwt_core", arguments[0], str(tmp_path / "鳥"), *arguments[1:]]
    done = subprocess.run(command, capture_output=True, env=environment, timeout=300)
    assert done.returncode == 2
    assert done.stderr.decode("cp1252").startswith("error: ")
    command[4] = str(copy)
    done = subprocess.run(command, capture_output=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    done.stdout.decode("cp1252")
