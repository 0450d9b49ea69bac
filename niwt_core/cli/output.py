"""What commands write: JSON or plain tables on stdout, progress on stderr."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any, TextIO

Report = Callable[[str, int, int], None]
SECONDS_BETWEEN_LINES = 10.0
PROGRESS_FILE = "NIWT_PROGRESS"  # names a file that always holds the latest report, for whoever started the command
SECONDS_BETWEEN_FILES = 0.3


_json_stream: TextIO | None = None


@contextmanager
def json_alone() -> Iterator[None]:
    """Only `write_json` writes to stdout; what libraries print there goes to stderr."""
    global _json_stream
    _json_stream = sys.stdout
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _json_stream = None


def write_json(value: Any) -> None:
    """One JSON object on stdout; a figure that there is not (the accuracy on no picture) is null."""
    stream = _json_stream or sys.stdout
    stream.write(json.dumps(_known(value), ensure_ascii=not _says_all(stream), allow_nan=False) + "\n")


def _says_all(stream: TextIO) -> bool:
    """A pipe in cp1252 or ASCII gets escapes, which JSON has for every letter."""
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "") in ("utf8", "utf16", "utf32")


def _known(value: Any) -> Any:
    """The same value with None for numbers that are not finite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _known(item) for key, item in value.items()}
    return [_known(item) for item in value] if isinstance(value, list | tuple) else value


def write_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """An aligned plain-text table on stdout; numbers to the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max([len(title), *(len(row[i]) for row in cells)]) for i, title in enumerate(header)]
    right = [bool(rows) and all(isinstance(row[i], int | float) for row in rows) for i in range(len(header))]
    for line in [list(header), *cells]:
        parts = [
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(line, widths, right, strict=True)
        ]
        sys.stdout.write("  ".join(parts).rstrip() + "\n")


def write_line(text: str = "") -> None:
    """One line on stdout."""
    sys.stdout.write(text + "\n")


def write_note(text: str) -> None:
    """One line on stderr, beside whatever stdout holds."""
    sys.stderr.write(f"note: {text}\n")
    sys.stderr.flush()


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


@contextmanager
def progress_bar(*, visible: bool = True) -> Iterator[Report]:
    """A bar on stderr for each stage; yields ``report(stage, done, total)``.

    Where stderr is no terminal, a line every ten seconds instead, and the file that NIWT_PROGRESS names holds the latest.
    What ends in an error leaves no bars, so that the line that says why stands alone.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, quiet=not visible)
    if not console.is_terminal:
        file = os.environ.get(PROGRESS_FILE)
        lines = _progress_lines(visible)
        yield _also_into(Path(file), lines) if file and visible else lines
        return
    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield report
        bar.live.transient = False


def _progress_lines(visible: bool) -> Report:
    last = time.monotonic()

    def report(stage: str, done: int, total: int) -> None:
        nonlocal last
        if visible and time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            sys.stderr.write(f"{stage}: {done} of {total}\n")
            sys.stderr.flush()

    return report


def _also_into(file: Path, report: Report) -> Report:
    """The same, and a JSON object ``{"stage", "done", "total"}`` in ``file``: each stage's first and last report, others a few times a second."""
    from niwt_core.errors import NiwtError
    from niwt_core.files import write_atomically

    last, before = 0.0, ""

    def both(stage: str, done: int, total: int) -> None:
        nonlocal last, before
        report(stage, done, total)
        if stage != before or done >= total or time.monotonic() - last >= SECONDS_BETWEEN_FILES:
            last, before = time.monotonic(), stage
            with suppress(NiwtError):  # nobody can read how far it is; the work goes on
                write_atomically(file, json.dumps({"stage": stage, "done": done, "total": total}).encode())

    return both
