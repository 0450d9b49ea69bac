"""``niwt app``."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from niwt_core.errors import NiwtError

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


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
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="port of the server")] = None,
    host: Annotated[
        str, typer.Option(help="address to listen on; 0.0.0.0 lets other machines in, which then may use this one")
    ] = "127.0.0.1",
) -> None:
    """Opens the app in the browser. It listens on this machine alone, unless told otherwise."""
    root = app_root()
    script = root / "pages" / "serving" / "server.py"
    # PyTorch's threads would spin while they wait, on cores that the browser and other people need.
    environment = {"OMP_WAIT_POLICY": "PASSIVE"} | os.environ
    if study is not None:
        if not (study / "study.json").is_file():  # the app opens it; importing what could takes a second
            raise NiwtError("no study there", where=str(study), fix="make one with `niwt prepare`, or check the path")
        environment["NIWT_STUDY"] = str(study.resolve())
    address = ["--server.address", host, "--browser.serverAddress", "localhost" if host == "127.0.0.1" else host]
    listening = [*address, *(["--server.port", str(port)] if port else [])]
    command = [sys.executable, "-m", "streamlit", "run", str(script), *listening]
    raise SystemExit(run_server(command, environment, root))


def run_server(command: Sequence[str], environment: Mapping[str, str], root: Path) -> int:
    """Runs the server until it ends, and ends it with this process: what asks this one to stop is handed on."""
    with subprocess.Popen(command, env=environment, cwd=root) as server:

        def hand_on(number: int, frame: FrameType | None) -> None:
            server.terminate()

        before = {number: signal.signal(number, hand_on) for number in ENDING}
        try:
            return server.wait()
        except KeyboardInterrupt:  # the terminal has told the server too
            return server.wait()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            if server.poll() is None:
                server.terminate()
