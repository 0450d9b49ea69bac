"""Runs made inputs and keeps what went wrong."""

from __future__ import annotations

import time
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from niwt_core.errors import NiwtError
from tests.fuzz.kinds import KINDS, SLOW, one
from tests.support.small_study import small_study

LONGEST = 5.0  # seconds an input may take


@dataclass(frozen=True)
class Outcome:
    """kind and seed make the input again; fault: a traceback, or that it took too long; refused: an error in one line."""

    kind: str
    seed: int
    refused: bool
    fault: str


def campaign(count: int, *, first: int = 0) -> Iterator[Outcome]:
    """About ``count`` inputs over all kinds, from seed ``first``."""
    small_study(layer="second.1")  # made once, outside the first input's time
    shares = {kind: 0.1 if kind in SLOW else 1.0 for kind in KINDS}
    total = sum(shares.values())
    for kind, share in shares.items():
        for seed in range(first, first + max(1, round(count * share / total))):
            yield answered(kind, seed)


def answered(kind: str, seed: int) -> Outcome:
    """What became of one input."""
    start, refused, fault = time.monotonic(), False, ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            one(kind, seed)
        except NiwtError as error:
            refused = True
            if len(str(error).splitlines()) != 1 or str(error) != str(error).encode("utf-8", "replace").decode():
                fault = f"not one line that can be written: {error!r}"
        except Exception:
            fault = traceback.format_exc()
    if time.monotonic() - start > LONGEST:
        fault = fault or f"took {time.monotonic() - start:.1f} s"
    return Outcome(kind, seed, refused, fault)
