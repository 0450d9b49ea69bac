"""Where a study may be written, and what a writer that was killed left there."""

from __future__ import annotations

import os
import re
import shutil
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from niwt_core.errors import NiwtError
from niwt_core.files import only_writer, unwritable

LEFTOVER = re.compile(r"\.(.+)\.[0-9a-f]{8}\.(?:new|old)")
STILL = 60.0  # seconds


def is_study(folder: Path) -> bool:
    """The folder holds a study, whole or not."""
    return (folder / "study.json").is_file()


def check_target(out: Path) -> None:
    """Raises NiwtError unless a study may be written to ``out``: a new folder, an empty one, or one that holds a study.

    What is done at the end is tried: a folder of the longest name that will be needed is made beside it, and a folder that is there is moved
    away and back.
    """
    try:
        target = out.resolve()
        taken = target.exists() and not target.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # a name that no folder can have, a link to itself
        raise _unwritable(out, error) from None
    if taken:
        raise NiwtError("a file is in the way", where=str(out), fix="choose a folder for --out")
    if target.is_dir() and not is_study(target) and any(target.iterdir()):
        raise NiwtError(
            "the folder holds other things", where=str(out), fix="choose an empty or a new folder for --out"
        )
    if target.is_dir() and os.path.ismount(target):
        raise NiwtError("a disk is mounted there", where=str(out), fix="choose a folder inside it")
    if Path.cwd().is_relative_to(target):
        raise NiwtError("that is the folder you are in", where=str(out), fix="choose a folder inside it")
    parent = target.parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir() or not os.access(parent, os.W_OK) or (target.is_dir() and not os.access(target, os.W_OK)):
        raise NiwtError("cannot write there", where=str(out), fix="choose a folder that you may write to")
    _try_to_write(target, parent)


def _try_to_write(target: Path, parent: Path) -> None:
    """Makes and removes a folder in ``parent``, and moves ``target`` away and back if it is there. Raises NiwtError."""
    trial = parent / f".{target.name}.{uuid.uuid4().hex[:8]}.new"
    try:
        trial.mkdir()
        trial.rmdir()
        if target.is_dir():
            os.rename(target, trial)
            os.rename(trial, target)
    except OSError as error:
        raise _unwritable(target, error) from None


def _unwritable(out: Path, error: Exception) -> NiwtError:
    if isinstance(error, PermissionError) and out.is_dir():
        return NiwtError(
            "cannot replace the study there",
            where=str(out),
            fix="close the app that has it open, or choose another folder",
        )
    return unwritable(out, error if isinstance(error, OSError) else OSError(0, "no possible name"))


def remove_leftovers(out: Path) -> None:
    """Removes what a process that was killed while it saved left beside ``out``, and beside other studies in the same folder that no living process
    is writing; a study that it had moved away comes back.

    Only for who holds `only_writer` of ``out``.
    """
    out = out.resolve()
    beside = list(out.parent.iterdir()) if out.parent.is_dir() else []
    leftovers = [(match[1], entry) for entry in beside if (match := LEFTOVER.fullmatch(entry.name))]
    _clean(out, [entry for name, entry in leftovers if name == out.name])
    for name in {name for name, _ in leftovers} - {out.name}:
        with suppress(NiwtError), only_writer(out.parent / name):
            _clean(out.parent / name, [entry for other, entry in leftovers if other == name and _is_still(entry)])


def _clean(out: Path, leftovers: Sequence[Path]) -> None:
    for entry in sorted(
        leftovers, key=lambda entry: entry.suffix, reverse=True
    ):  # what was there before what was to come
        if not out.exists() and is_study(entry):  # which is written last
            os.replace(entry, out)
        else:
            shutil.rmtree(entry, ignore_errors=True)


def _is_still(entry: Path) -> bool:
    """Nothing has changed in it of late: another program may be trying whether it can write there, without a lock."""
    try:
        status = entry.stat()
    except OSError:
        return False
    return max(status.st_mtime, status.st_ctime) < time.time() - STILL
