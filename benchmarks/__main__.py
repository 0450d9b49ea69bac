"""Runs every case, then the app in a browser, and writes bench/results.md and bench/results.json."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from itertools import chain
from pathlib import Path

from benchmarks import app, crowd
from benchmarks.app import Figure
from benchmarks.cases import cases
from benchmarks.timing import Ratio, machine

OUT = Path("bench")


def table(ratios: list[Ratio]) -> str:
    """The figures as a Markdown table."""
    lines = ["| case | ours | alternative | ratio | target | met |", "|---|---|---|---|---|---|"]
    for item in ratios:
        notes = "".join(f"<br>{key} {value}" for key, value in item.notes.items())
        lines.append(
            f"| {item.name} | {item.our_seconds * 1e3:.3g} ms | {item.other}: {item.other_seconds * 1e3:.4g} ms | "
            f"{item.ratio:.3g} | {item.target}{notes} | {'yes' if item.met else 'no'} |"
        )
    return "\n".join(lines)


def main() -> None:
    ratios: list[Ratio] = []
    for item in cases():
        ratios.append(item)
        sys.stderr.write(f"{item.name}: {item.ratio:.3g} ({item.target}: {'met' if item.met else 'not met'})\n")
    figures: list[Figure] = []
    for figure in chain(app.measure(app.AVIARY, uploads=app.UPLOADS), crowd.measure(app.AVIARY)):
        figures.append(figure)
        sys.stderr.write(f"{figure.name}: {figure.value:.3g} {figure.unit} ({figure.target}: {app.MET[figure.met]})\n")
    OUT.mkdir(exist_ok=True)
    text = f"{table(ratios)}\n\n{app.table(figures)}\n\n{machine()}; medians of repeated runs, Chromium on the same machine.\n"
    (OUT / "results.md").write_text(text, encoding="utf-8")
    report = {
        "machine": machine(),
        "cases": [asdict(item) for item in ratios],
        "app": [asdict(figure) for figure in figures],
    }
    (OUT / "results.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
