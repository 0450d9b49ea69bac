"""``niwt app``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from niwt_core.errors import NiwtError


def run_app(
    study: Annotated[
        Path | None, typer.Argument(metavar="[STUDY]", help="a study; the shipped Aviary by default")
    ] = None,
    port: Annotated[int | None, typer.Option(help="port of the server")] = None,
) -> None:
    """Opens the app in the browser."""
    root = Path(__file__).resolve().parents[2]
    script = root / "pages" / "serving" / "server.py"
    if not script.is_file():
        raise NiwtError(
            "the app is not beside the engine", where=str(root), fix="run it from a checkout of the project"
        )
    # PyTorch's threads would spin while they wait, on cores that the browser and other people need.
    environment = {"OMP_WAIT_POLICY": "PASSIVE"} | os.environ
    if study is not None:
        if not (study / "study.json").is_file():  # the app opens it; importing what could takes a second
            raise NiwtError("no study there", where=str(study), fix="make one with `niwt prepare`, or check the path")
        environment["NIWT_STUDY"] = str(study.resolve())
    command = [sys.executable, "-m", "streamlit", "run", str(script), *(["--server.port", str(port)] if port else [])]
    raise SystemExit(subprocess.call(command, env=environment, cwd=root))
