"""``python -m tests.fuzz.kills --count 50``: a preparation killed at random moments and resumed; exit 1 where a study differs by a byte."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from niwt_core.prepare import extraction
from tests.prepare.test_prepare import TO_KILL, contents, killed, run


def main() -> int:
    """Runs the campaign; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.kills", description=__doc__)
    parser.add_argument("--count", type=int, default=50, help="how many moments")
    parser.add_argument("--first", type=int, default=0, help="the seed")
    arguments = parser.parse_args()
    extraction.SHARD = 16
    random = np.random.default_rng(arguments.first)
    with TemporaryDirectory(prefix="niwt-kills-") as folder:
        out = Path(folder) / "study"
        start = time.monotonic()
        complete = contents(run(Path(folder) / "whole", settings=TO_KILL).folder)
        longest, kills, faults = 1.5 * (time.monotonic() - start), 0, 0
        for number in range(arguments.count):
            kills += killed(out, float(random.uniform(0, longest)))
            if random.random() < 0.3:  # killed again while it goes on
                kills += killed(out, float(random.uniform(0, longest)))
            actual = contents(run(out, settings=TO_KILL).folder)
            left = sorted(os.listdir(folder))
            if actual != complete or left != ["study", "whole"]:
                faults += 1
                differing = [name for name in complete if actual.get(name) != complete[name]]
                print(f"moment {number}: {', '.join(differing) or left}", file=sys.stderr, flush=True)
            if number % 2:  # the others are killed while they write over a study
                for path in out.iterdir():
                    path.unlink()
                out.rmdir()
    print(f"{arguments.count} studies, {kills} kills, {faults} differ")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
