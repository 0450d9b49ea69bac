"""A preparation that runs by command in a process of its own: it outlives reruns, sessions and the app, and is found again by its folder.

    .jobs/<tag>/job.json         the command, the folder of the study, the process
    .jobs/<tag>/progress.json    the latest report
    .jobs/<tag>/output.txt       what the command said
    .jobs/<tag>/errors.txt       notes, and why it ended

A preparation that was cancelled, or killed with the machine, is started again by the same command and goes on where it was.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import psutil

from niwt_core.errors import NiwtError
from niwt_core.files import digest, unwritable, write_atomically
from niwt_core.study.storage import is_study
from pages.serving import policy
from pages.serving.arguments import ROOT, new_studies_folder

JOBS = ".jobs"
SECONDS_TO_END = 5.0
POLITE = 10  # niceness: the app stays quick meanwhile
FINISHED = "study "  # how the command's last line begins


class State(StrEnum):
    """What has become of a job."""

    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"  # the command said what is wrong
    INTERRUPTED = "interrupted"  # cancelled, or killed


@dataclass(frozen=True)
class Preparation:
    """A command that prepares the study in ``out``, started in ``cwd``; ``folder`` holds what is known of it."""

    folder: Path
    command: str
    out: Path
    cwd: Path

    @property
    def state(self) -> State:
        """What has become of it, by its process and what it left."""
        if self._process() is not None:
            return State.RUNNING
        if self.output and self.output[-1].startswith(FINISHED) and is_study(self.out):
            return State.READY
        return State.FAILED if self.error else State.INTERRUPTED

    @property
    def progress(self) -> tuple[str, int, int]:
        """(stage, done, total) as it was last reported; ("", 0, 1) before."""
        values = _read(self.folder / "progress.json")
        try:
            return str(values["stage"]), int(values["done"]), max(int(values["total"]), 1)
        except (KeyError, TypeError, ValueError):
            return "", 0, 1

    @property
    def output(self) -> list[str]:
        """The lines that the command wrote when it was done."""
        return _lines(self.folder / "output.txt")

    @property
    def error(self) -> str:
        """Why the command ended early, in its own words; empty where it did not say."""
        lines = _lines(self.folder / "errors.txt")
        if lines and lines[-1].startswith("error: "):
            return lines[-1].removeprefix("error: ")
        return lines[-1] if lines and any(line.startswith("Traceback") for line in lines) else ""

    def start(self) -> None:
        """Starts the command, or starts it again where it was. Raises NiwtError where that cannot be."""
        if self._process() is not None:
            return
        words = shlex.split(self.command)[1:]
        paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        environment = {"OMP_WAIT_POLICY": "PASSIVE"} | os.environ
        environment |= {"PYTHONPATH": paths, "NIWT_PROGRESS": str(self.folder / "progress.json")}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "progress.json").unlink(missing_ok=True)
            with open(self.folder / "output.txt", "wb") as output, open(self.folder / "errors.txt", "wb") as errors:
                process = subprocess.Popen(
                    [sys.executable, "-m", "niwt_core", *words],
                    cwd=self.cwd,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=errors,
                    start_new_session=True,  # Ctrl+C in the app's terminal ends the app, not this
                )
        except OSError as error:
            raise unwritable(self.folder, error) from None
        threading.Thread(target=process.wait, daemon=True).start()  # so that it leaves no zombie
        self.remember(process.pid)

    def cancel(self) -> None:
        """Ends the process; what it has done so far stays for `start`."""
        process = self._process()
        if process is None:
            return
        with suppress(psutil.Error):
            process.terminate()
            _, alive = psutil.wait_procs([process], timeout=SECONDS_TO_END)
            for one in alive:
                one.kill()

    def forget(self) -> None:
        """Takes it off the list; the study, if there is one, and the pictures stay."""
        self.cancel()
        if not is_study(self.out):
            shutil.rmtree(self.out.parent / f".{self.out.name}.partial", ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def remember(self, pid: int) -> None:
        """Writes down which process it is, and lets the app go first."""
        created = 0.0
        with suppress(psutil.Error):
            process = psutil.Process(pid)
            created = process.create_time()
            process.nice(POLITE if os.name == "posix" else psutil.BELOW_NORMAL_PRIORITY_CLASS)
        values = {
            "command": self.command,
            "out": str(self.out),
            "cwd": str(self.cwd),
            "pid": pid,
            "created": created,
            "started": time.time(),
        }
        write_atomically(self.folder / "job.json", json.dumps(values).encode())

    def _process(self) -> psutil.Process | None:
        """Its process while that lives; a number that the system has given to another since does not count."""
        values = _read(self.folder / "job.json")
        try:
            process = psutil.Process(int(values["pid"]))
            alive = process.create_time() == values["created"] and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.Error, KeyError, TypeError, ValueError):
            return None
        return process if alive else None


def new_preparation(command: str, out: Path) -> Preparation:
    """The job of a command that prepares the study in ``out``. Raises NiwtError where paths may not be named."""
    policy.require_paths()
    out = out.resolve()
    return Preparation(new_studies_folder() / JOBS / digest(str(out)), command, out, Path.cwd())


def all_preparations() -> list[Preparation]:
    """Every job that this machine knows, the one started last first."""
    folders = new_studies_folder() / JOBS
    known: list[tuple[float, Preparation]] = []
    for folder in sorted(folders.iterdir()) if folders.is_dir() and policy.may_name_paths() else ():
        values = _read(folder / "job.json")
        with suppress(KeyError, TypeError, ValueError):
            preparation = Preparation(folder, str(values["command"]), Path(values["out"]), Path(values["cwd"]))
            known.append((float(values["started"]), preparation))
    return [preparation for _, preparation in sorted(known, key=lambda pair: -pair[0])]


def check_free(out: Path) -> None:
    """Raises NiwtError where a job is writing to ``out``, or anywhere: one at a time leaves the app its cores."""
    for preparation in all_preparations():
        if preparation.state is State.RUNNING:
            where = preparation.out.name if preparation.out != out.resolve() else out
            raise NiwtError("a preparation is running", where=where, fix="wait until it is done, or cancel it")


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    except OSError:
        return []
