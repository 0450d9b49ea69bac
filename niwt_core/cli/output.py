"""What commands write: JSON or plain tables on stdout, progress on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


def write_json(value: Any) -> None:
    """One JSON object on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, allow_nan=False) + "\n")


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


def _cell(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


@contextmanager
def progress_bar(*, visible: bool = True) -> Iterator[Callable[[str, int, int], None]]:
    """A bar on stderr for each stage; yields ``report(stage, done, total)``."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, quiet=not visible)
    columns = (TextColumn("{task.description:<24}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        tasks: dict[str, Any] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield report
