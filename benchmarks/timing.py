"""Times two ways of doing one thing, in turns, so that a noisy machine is noisy for both."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch


def machine() -> str:
    """What the figures were taken on."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, torch {torch.__version__}, {torch.get_num_threads()} threads"


@dataclass(frozen=True)
class Ratio:
    """``seconds`` of ours and of the alternative (medians), their ratio the way the target is stated, and what else was measured."""

    name: str
    ours: str
    other: str
    our_seconds: float
    other_seconds: float
    ratio: float
    target: str
    met: bool
    repeats: int
    notes: dict[str, Any] = field(default_factory=dict)


def median_seconds(first: Callable[[], object], second: Callable[[], object], *, repeats: int) -> tuple[float, float]:
    """Median seconds of both, called in turns ``repeats`` times after one warm-up each."""
    first(), second()
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeats):
        for function, spent in zip((first, second), times, strict=True):
            start = time.perf_counter()
            function()
            spent.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def seconds(function: Callable[[], object], *, repeats: int, calls: int = 1) -> float:
    """Median seconds of one call, each repeat timing ``calls`` of them; for what is too short to time alone."""
    function()
    spent = []
    for _ in range(repeats):
        start = time.perf_counter()
        for _ in range(calls):
            function()
        spent.append((time.perf_counter() - start) / calls)
    return statistics.median(spent)
