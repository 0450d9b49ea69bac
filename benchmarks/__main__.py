"""Runs every case and writes bench/results.md and bench/results.json."""

from __future__ import annotations

import json
import os
import platform
import sys
from dataclasses import asdict
from pathlib import Path

import torch

from benchmarks.cases import cases
from benchmarks.timing import Ratio

OUT = Path("bench")


def machine() -> str:
    """What the figures were taken on."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, torch {torch.__version__}, {torch.get_num_threads()} threads"


def table(ratios: list[Ratio]) -> str:
    """The figures as a Markdown table."""
    lines = ["| case | ours | alternative | ratio | target | met |", "|---|---|---|---|---|---|"]
    for item in ratios:
        notes = "".join(f"<br>{key} {value}" for key, value in item.notes.items())
        lines.append(
            f"| {item.name} | {item.our_seconds * 1e3:.3g} ms | {item.other}: {item.other_seconds * 1e3:.4g} ms | "
            f"{item.ratio:.3g} | {item.target}{notes} | {'yes' if item.met else 'no'} |"
        )
    return "\n".join(lines) + f"\n\n{machine()}; medians of repeated runs.\n"


def main() -> None:
    ratios = []
    for item in cases():
        ratios.append(item)
        sys.stderr.write(f"{item.name}: {item.ratio:.3g} ({item.target}: {'met' if item.met else 'not met'})\n")
    OUT.mkdir(exist_ok=True)
    (OUT / "results.md").write_text(table(ratios), encoding="utf-8")
    (OUT / "results.json").write_text(
        json.dumps({"machine": machine(), "cases": [asdict(item) for item in ratios]}, indent=1), encoding="utf-8"
    )
    sys.stdout.write(table(ratios))


if __name__ == "__main__":
    main()
