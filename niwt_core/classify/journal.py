"""Answers on their way into a CSV file: kept line by line beside it, so that an interrupted run goes on where it was."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from niwt_core.errors import shown
from niwt_core.files import unwritable, write_atomically

COLUMNS = ("image", "class", "kind", "probability", "score", "familiar", "novelty", "seen", "not_seen", "error")


class Journal:
    """The rows of a CSV file that is being made.

    They lie in a hidden file beside it, one JSON object a line, the first line the ``key`` of all that they depend on; rows of another key are not
    taken over, and neither is a last line that was cut off. A row belongs to a file of that name, size and time.
    """

    def __init__(self, out: Path, key: str) -> None:
        self._out, self._work = out, out.with_name(f".{out.name}.partial")
        self._rows: dict[str, Mapping[str, Any]] = {}
        try:
            lines = self._work.read_text(encoding="utf-8").splitlines() if self._work.is_file() else []
        except (OSError, UnicodeDecodeError):
            lines = []
        if lines and lines[0] == json.dumps(key):
            for line in lines[1:]:
                try:
                    row = json.loads(line)
                    self._rows[row["stamp"]] = row["row"]
                except (ValueError, TypeError, KeyError):
                    continue
        kept = [json.dumps(key), *(_line(stamp, row) for stamp, row in self._rows.items())]
        write_atomically(self._work, ("\n".join(kept) + "\n").encode())

    def row(self, path: Path) -> Mapping[str, Any] | None:
        """What an earlier run found of this file, if it is still the same."""
        return self._rows.get(stamp(path))

    def add(self, rows: Mapping[Path, Mapping[str, Any]]) -> None:
        """Keeps the answers to some files."""
        new = {stamp(path): row for path, row in rows.items()}
        try:
            with self._work.open("a", encoding="utf-8") as file:
                file.writelines(_line(key, row) + "\n" for key, row in new.items())
        except OSError as error:
            raise unwritable(self._work, error) from None
        self._rows |= new

    def finish(self, paths: list[Path]) -> None:
        """Writes the CSV file, a row for each of ``paths``, and drops the journal."""
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, COLUMNS, restval="", extrasaction="ignore")
        writer.writeheader()
        for path in paths:
            row = self._rows[stamp(path)]
            writer.writerow({key: _cell(row.get(key)) for key in COLUMNS} | {"image": shown(path)})
        write_atomically(self._out, text.getvalue().encode("utf-8"))
        self._work.unlink(missing_ok=True)


def stamp(path: Path) -> str:
    """The file by its name, size and time."""
    try:
        status = path.stat()
    except OSError:
        return shown(path)
    return f"{shown(path)}\t{status.st_size}\t{status.st_mtime_ns}"


def _line(key: str, row: Mapping[str, Any]) -> str:
    return json.dumps({"stamp": key, "row": row})


def _cell(value: Any) -> Any:
    """A list with semicolons, nothing for what is not known; a text that a spreadsheet would take for a formula is quoted."""
    if isinstance(value, list):
        return "; ".join(map(str, value))
    if value is None or value != value:
        return ""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
