"""``niwt app``."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from niwt_core.errors import NiwtError
from niwt_core.files import write_atomically

LOOPBACK = "127.0.0.1"
EVERYWHERE = ("0.0.0.0", "::", "")
PORT = 8501  # Streamlit's own
# PyTorch's threads would spin while they wait, on cores that the browser and other people need; the algebra of pages is small: a decomposition that
# the editor needs took 0.1 s with one thread, 1.6 s with two on two cores that were busy.
SHARED_CORES = {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_NUM_THREADS": "1"}
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
    studies: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[STUDY]...", help="the study to open, and others; the shipped ones by default"),
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="port of the server")] = None,
    host: Annotated[
        str, typer.Option(help="address to listen on; 0.0.0.0 lets other machines in, which then may use this one")
    ] = LOOPBACK,
    public: Annotated[
        bool,
        typer.Option("--public", help="for people whom you do not know: only these studies, no paths, with limits"),
    ] = False,
    max_upload: Annotated[int, typer.Option(min=1, help="megabytes of one file (--public)")] = 10,
    max_pictures: Annotated[int, typer.Option(min=1, help="pictures that one person keeps (--public)")] = 60,
    max_sessions: Annotated[int, typer.Option(min=1, help="people at once (--public)")] = 60,
    max_seconds: Annotated[
        int, typer.Option(min=1, help="computing time of one person in ten minutes (--public)")
    ] = 120,
    wall: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="a wall of classes that visitors put up for all others, kept in that folder"
        ),
    ] = None,
    base_path: Annotated[str, typer.Option(help="what addresses begin with, behind a proxy that keeps it")] = "",
) -> None:
    """Opens the app in the browser. It listens on this machine alone, unless told otherwise."""
    root = app_root()
    script = root / "pages" / "serving" / "server.py"
    environment = SHARED_CORES | os.environ
    for study in studies or ():
        if not (study / "study.json").is_file():  # the app opens it; importing what could takes a second
            raise NiwtError("no study there", where=str(study), fix="make one with `niwt prepare`, or check the path")
    folders = [str(study.resolve()) for study in studies or ()]
    if public and not folders:
        folders = [str(manifest.parent) for manifest in sorted(root.glob("assets/*/study.json"), reverse=True)]
    if folders:
        environment |= {"NIWT_STUDY": folders[0], "NIWT_STUDIES": json.dumps(folders)}
    options = ["--server.address", host]
    if public:
        limits = {"upload": max_upload << 20, "uploads": max_upload * max_pictures << 20, "pictures": max_pictures,
                  "sessions": max_sessions, "seconds": max_seconds}  # fmt: skip
        environment |= {"NIWT_PUBLIC": "1", "NIWT_LIMITS": json.dumps(limits)}
        options += ["--server.headless", "true", "--server.maxUploadSize", str(max_upload)]
    if wall is not None:
        environment["NIWT_WALL"] = str(_wall_folder(wall))
    options += ["--server.port", str(port)] if port else []
    options += ["--server.baseUrlPath", base_path.strip("/")] if base_path.strip("/") else []
    name = "localhost" if host == LOOPBACK else network_address() if host in EVERYWHERE else host
    options += ["--browser.serverAddress", name]  # without it a server that has no screen asks a foreign host
    if host != LOOPBACK:
        environment["NIWT_SHARED_HOST"] = name
        if not public:
            _say_address(f"http://{name}:{port or PORT}/{base_path.strip('/')}")
    command = [sys.executable, "-m", "streamlit", "run", str(script), *options]
    code = run_server(command, environment, root)
    raise SystemExit(code if code >= 0 else 128 - code)  # ended by a signal, as shells say it


def _wall_folder(folder: Path) -> Path:
    """The folder of the wall, made where it is not there yet. Raises NiwtError unless files can be written into it."""
    probe = folder / f".{os.getpid()}.tmp"
    write_atomically(probe, b"")
    probe.unlink()
    return folder.resolve()


def network_address() -> str:
    """This machine's address in its own network, as its routes say; nothing is sent. 127.0.0.1 where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # kept for documentation: nobody has it
            return str(probe.getsockname()[0])
        except OSError:
            return LOOPBACK


def _say_address(address: str) -> None:
    """The address for others in this network, and the same for the camera of a telephone."""
    import segno

    code = io.StringIO()
    segno.make(address, micro=False).terminal(out=code, compact=True)
    sys.stderr.write(f"Others in this network open {address}\n{code.getvalue()}")


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
