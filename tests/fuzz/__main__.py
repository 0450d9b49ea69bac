"""``python -m tests.fuzz --count 10000``: a long campaign of made inputs; exit 1 where one of them was a fault."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from tests.fuzz.campaign import answered, campaign

parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
parser.add_argument("--count", type=int, default=10_000, help="how many inputs, about")
parser.add_argument("--first", type=int, default=0, help="the seed to begin with")
parser.add_argument("--only", metavar="KIND:SEED", help="one input again")
arguments = parser.parse_args()
if arguments.only:
    kind, _, seed = arguments.only.partition(":")
    sys.exit(answered(kind, int(seed)).fault or 0)
inputs, refused, faults = Counter[str](), Counter[str](), []
for outcome in campaign(arguments.count, first=arguments.first):
    inputs[outcome.kind] += 1
    refused[outcome.kind] += outcome.refused
    if outcome.fault:
        faults.append(outcome)
        print(f"{outcome.kind}:{outcome.seed}\n{outcome.fault}", file=sys.stderr, flush=True)
for kind, count in inputs.items():
    print(f"{kind:<16} {count:>6} inputs, {refused[kind]:>6} refused")
print(f"{sum(inputs.values())} inputs, {len(faults)} faults")
sys.exit(bool(faults))
