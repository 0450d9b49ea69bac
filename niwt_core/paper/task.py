"""One run of the paper's pipeline for one head: importances of pictures -> map -> loop, and the exact transfer from the same importances."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from niwt_core.backbones.split import SplitNetwork
from niwt_core.method.head import Head
from niwt_core.method.importance import unit
from niwt_core.method.mapping import fit_map
from niwt_core.method.transfer.exact import fit_transfer
from niwt_core.method.transfer.paper import PaperSettings, PaperTransfer, paper_transfer, seen_centred
from niwt_core.paper.mapping import MapSettings, PaperMap, image_loss, mean_units, train_map
from niwt_core.study.study import Study

Progress = Callable[[str, int, int], None]  # stage, done, total


@dataclass(frozen=True)
class PaperOptions:
    """images: "noise", "seen" or a folder; count of them; folds: how many folds of held-out seen classes choose gamma, each a run of the whole
    pipeline; ridge: take the study's own closed-form map in place of Adam's, so that the transfers alone are compared."""

    images: str = "noise"
    count: int = 3000
    map: MapSettings = field(default_factory=MapSettings)
    transfer: PaperSettings = field(default_factory=PaperSettings)
    folds: int = 1
    ridge: bool = False
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Task:
    """A head of the seen classes ``seen``, its training ``pictures``, and the classes to transfer to; all are indices into the study's own."""

    head: Head
    seen: np.ndarray
    pictures: np.ndarray
    unseen: np.ndarray


@dataclass(frozen=True, eq=False)
class Run:
    """What one task gave: the rows (U,D) of the loop and of the exact transfer, from the same targets (U,N); seconds of map, loop and exact; map
    is how the map's training went."""

    targets: Tensor
    loop: PaperTransfer
    exact: Tensor
    seconds: dict[str, float]
    map: dict[str, Any]


def run_task(
    study: Study,
    network: SplitNetwork,
    task: Task,
    alphas: Tensor | None,
    usable: np.ndarray,
    pool: Tensor,
    options: PaperOptions,
    device: torch.device,
    name: str,
    report: Progress,
) -> Run:
    """Runs a task.

    Args:
        alphas: (n,N) importances of the task's pictures, or None for the closed-form map.
        usable: (all pictures,) bool.
        pool: (m,N,...) activations of random images.
        name: added to the stages that are reported.
    """
    start = time.perf_counter()
    if alphas is None:
        targets, facts = _ridge_targets(study, task), {"kind": "ridge"}
    else:
        targets, facts = _adam_targets(study, task, alphas, usable, options, name, report)
    mapped = time.perf_counter()
    rows = task.head.rows
    loop = paper_transfer(
        network,
        [pool] if options.transfer.pairs else pool.split(8),
        targets.to(device),
        rows.mean(0).to(device),
        settings=options.transfer,
        seed=options.seed,
        start=seen_centred(rows, len(targets), seed=options.seed).to(device),
        on_iteration=lambda done, loss: report(f"transfer loop{name}", done, options.transfer.iterations),
    )
    looped = time.perf_counter()
    transfer = fit_transfer(rows, task.head.biases, study.operator, mu=study.choices.mu)
    solved = time.perf_counter()
    # The exact form takes importances of length one; the cosine loss left the map's at any length.
    exact = transfer.weights(unit(targets))
    done = time.perf_counter()
    seconds = {"map": mapped - start, "loop": looped - mapped, "solver": solved - looped, "exact": done - solved}
    return Run(targets, loop, exact, seconds, facts)


def _ridge_targets(study: Study, task: Task) -> Tensor:
    encoded = torch.from_numpy(study.encoded_knowledge).float()
    if np.array_equal(task.seen, np.flatnonzero(study.seen)):
        return study.mapping(encoded[task.unseen])
    rows = task.head.rows if study.operator is None else task.head.rows @ study.operator.T
    return fit_map(encoded[task.seen], unit(rows))(encoded[task.unseen])


def _adam_targets(
    study: Study, task: Task, alphas: Tensor, usable: np.ndarray, options: PaperOptions, name: str, report: Progress
) -> tuple[Tensor, dict[str, Any]]:
    kept = torch.from_numpy(usable[task.pictures])
    labels = torch.from_numpy(np.searchsorted(task.seen, study.labels[task.pictures]))[kept]
    raw = torch.from_numpy(study.knowledge.values)
    trained = train_map(
        raw[task.seen],
        alphas[kept],
        labels,
        settings=options.map,
        seed=options.seed,
        on_epoch=lambda done, total: report(f"map{name}", done, total),
    )
    facts = {
        "kind": "adam",
        "pictures": len(labels),
        "epoch": trained.epoch,
        "epochs": trained.epochs,
        "held_out_classes": [study.classes[task.seen[c]] for c in trained.held_out],
        "held_out_loss": _held_out_losses(study, task, trained, alphas[kept], labels),
    }
    return trained(raw[task.unseen]), facts


def _held_out_losses(study: Study, task: Task, trained: PaperMap, alphas: Tensor, labels: Tensor) -> dict[str, float]:
    """The paper's loss on the pictures of the map's held-out classes: of the map, of a ridge map fitted on the other classes, of those classes'
    common mean, and of each class's own mean, which no map can beat."""
    seen = torch.from_numpy(task.seen)
    raw = torch.from_numpy(study.knowledge.values)[seen]
    encoded = torch.from_numpy(study.encoded_knowledge).float()[seen]
    judges = torch.zeros(len(seen), dtype=torch.bool)
    judges[trained.held_out] = True
    pictures = judges[labels]
    means, _ = mean_units(alphas, labels, classes=len(seen))
    answers = {
        "adam": trained(raw),
        "ridge": fit_map(encoded[~judges], means[~judges])(encoded),
        "mean of the others": means[~judges].mean(0).expand_as(means),
        "least possible": means,
    }
    return {
        key: round(float(image_loss(answer, alphas[pictures], labels[pictures])), 6) for key, answer in answers.items()
    }
