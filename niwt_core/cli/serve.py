"""``niwt app``."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from niwt_core.errors import NiwtError


def app_root() -> Path:
    """The folder that holds app.py, pages/ and assets/: a checkout, or the installed package ``niwt_app``. Raises NiwtError."""
    checkout = Path(__file__).resolve().parents[2]
    spec = find_spec("niwt_app")
    installed = [Path(place) for place in (spec.submodule_search_locations or ())] if spec is not None else []
    for root in (checkout, *installed):
        if (root / "pages" / "serving" / "server.py").is_file():
            return root
    raise NiwtError(
        "the app is not installed", where=str(checkout), fix="run `pip install .` in a checkout of the project"
    )


def run_app(
    study: Annotated[
        Path | None, typer.Argument(metavar="[STUDY]", help="a study; the shipped Aviary by default")
    ] = None,
    port: Annotated[int | None, typer.Option(help="port of the server")] = None,
) -> None:
    """Opens the app in the browser."""
    root = app_root()
    script = root / "pages" / "serving" / "server.py"
    # PyTorch's threads would spin while they wait, on cores that the browser and other people need.
    environment = {"OMP_WAIT_POLICY": "PASSIVE"} | os.environ
    if study is not None:
        if not (study / "study.json").is_file():  # the app opens it; importing what could takes a second
            raise NiwtError("no study there", where=str(study), fix="make one with `niwt prepare`, or check the path")
        environment["NIWT_STUDY"] = str(study.resolve())
    command = [sys.executable, "-m", "streamlit", "run", str(script), *(["--server.port", str(port)] if port else [])]
    raise SystemExit(subprocess.call(command, env=environment, cwd=root))
