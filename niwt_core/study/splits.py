"""Runs a study's own classes through many divisions into seen and described, from its stored features, and goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from niwt_core.evaluation.baselines import BASELINES, Baseline
from niwt_core.evaluation.grid import GRID, Grid
from niwt_core.evaluation.split_results import SplitResult, summarise
from niwt_core.evaluation.splits import FRACTION, SplitData, draw_split, measure_split
from niwt_core.files import digest, write_atomically
from niwt_core.knowledge.encoding import encode, encoding_for, kernel_for
from niwt_core.knowledge.texts import Texts
from niwt_core.study.study import Study

VERSION = 1  # of what a division measures: results of another one are not mixed in
Progress = Callable[[str, int, int], None]


def split_data(study: Study) -> SplitData:
    """The study's pictures and descriptions, to be divided anew. The weight of texts beside attributes stays the study's."""

    def encoded(seen: np.ndarray) -> np.ndarray:
        first = encode(study.knowledge.values, encoding_for(study.knowledge), kernel_for(study.knowledge, seen))
        if study.texts is None:
            return first
        texts = replace(Texts.of(study.texts.knowledge, seen), weight=study.texts.weight)
        return np.hstack([first, texts.encoded])

    return SplitData(study.features.float(), study.labels, encoded, study.operator)


def run_splits(
    study: Study,
    count: int,
    *,
    fraction: float = FRACTION,
    work: Path | None = None,
    grid: Grid = GRID,
    baselines: Sequence[type[Baseline]] = BASELINES,
    progress: Progress | None = None,
) -> list[SplitResult]:
    """The results of ``count`` divisions, by seeds that begin with the study's own.

    Args:
        fraction: of the classes that are described in each.
        work: a folder that keeps each result under a name of all that it depends on; None keeps nothing.
        progress: called with (stage, done, total).

    Raises:
        NiwtError: too few classes, or ``work`` cannot be written.
    """
    report = progress or (lambda stage, done, total: None)
    draw_split(study.labels, seed=study.seed, fraction=fraction)  # refuses before any work
    data = split_data(study)
    key = digest(
        f"{study.id} {fraction!r} {VERSION}",
        json.dumps(asdict(grid), sort_keys=True),
        " ".join(baseline.name for baseline in baselines),
    )
    results = []
    for number in range(count):
        seed = study.seed + number
        report("splits", number, count)
        path = None if work is None else Path(work) / key / f"{seed:04d}.json"
        if path is not None and path.is_file():
            results.append(SplitResult.from_dict(json.loads(path.read_text(encoding="utf-8"))))
            continue
        results.append(measure_split(data, seed=seed, fraction=fraction, grid=grid, baselines=baselines))
        if path is not None:
            write_atomically(path, json.dumps(results[-1].to_dict()).encode())
    report("splits", count, count)
    return results


def met_all_classes(study: Study) -> bool:
    """The network was fine-tuned on the study's seen classes, hence on classes that a division describes."""
    settings = study.provenance.get("settings")
    training = settings.get("training") if isinstance(settings, Mapping) else None
    return bool(training and training.get("epochs"))


def splits_json(study: Study, results: Sequence[SplitResult], *, fraction: float = FRACTION) -> dict[str, Any]:
    """What ``niwt evaluate --splits --json`` prints: means over divisions, by how much NIWT is ahead, and every division."""
    return {
        "study": study.name,
        "study_id": study.id,
        "splits": len(results),
        "fraction_described": fraction,
        "seen_classes": results[0].seen,
        "described_classes": results[0].described,
        "network_met_described_classes": met_all_classes(study),
        "methods": [
            {
                **{key: value for key, value in asdict(line).items() if key != "ahead"},
                "niwt_ahead": None
                if line.ahead is None
                else dict(zip(("mean", "low", "high"), line.ahead, strict=True)),
            }
            for line in summarise(results)
        ],
        "per_split": [result.to_dict() for result in results],
    }
