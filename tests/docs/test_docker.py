"""The Dockerfile, read: what it copies exists, what it runs is a command of ours, and it runs with no rights. Docker itself is not needed."""

import json
import re
from pathlib import Path

import pytest
import typer

from niwt_core.cli.main import app

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def steps() -> list[tuple[str, str]]:
    """(instruction, its text) in order, continued lines joined."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(word, rest.strip()) for word, _, rest in (line.strip().partition(" ") for line in lines if line.strip())]


def last(steps: list[tuple[str, str]], name: str) -> str:
    return next(text for word, text in reversed(steps) if word == name)


def test_what_is_copied_is_there_and_passes_the_ignore_list(steps: list[tuple[str, str]]) -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = {
        name for word, text in steps if word == "COPY" and not text.startswith("--from") for name in text.split()[:-1]
    }
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


def test_it_runs_without_rights_and_writes_in_one_place(steps: list[tuple[str, str]]) -> None:
    words = [word for word, _ in steps]
    user = next(i for i in reversed(range(len(steps))) if steps[i][0] == "USER")
    assert int(steps[user][1]) > 0
    assert not {"RUN", "COPY", "ADD"} & set(words[user:])
    assert "HOME=/tmp" in last(steps, "ENV")
    assert "ADD" not in words
    assert all(":latest" not in text and ":" in text.split()[0] for word, text in steps if word == "FROM")


def test_it_runs_a_public_server_that_gets_the_signals(steps: list[tuple[str, str]]) -> None:
    program, command, *options = json.loads(last(steps, "ENTRYPOINT"))  # JSON: no shell between a signal and the server
    assert (program, command) == ("niwt", "app")
    known = typer.main.get_command(app).commands[command]  # type: ignore[attr-defined]
    context = known.make_context(command, [*options, "/studies/birds"])
    assert context.params["public"]
    assert context.params["host"] == "0.0.0.0"
    assert str(context.params["port"]) == last(steps, "EXPOSE")


def test_its_health_check_is_a_program(steps: list[tuple[str, str]]) -> None:
    program, flag, code = json.loads(last(steps, "HEALTHCHECK").partition("CMD ")[2])
    assert (program, flag) == ("python", "-c")
    compile(code, "HEALTHCHECK", "exec")
    assert f":{last(steps, 'EXPOSE')}/_stcore/health" in code
