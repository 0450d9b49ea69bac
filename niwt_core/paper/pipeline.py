"""The paper's pipeline on a prepared study: per-image importances, the map by Adam, the loop over random images; beside the exact transfer."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from niwt_core.backbones.split import SplitNetwork
from niwt_core.data.dataset import Dataset
from niwt_core.errors import NiwtError
from niwt_core.evaluation.folds import FoldFeatures, FoldHead, class_folds, fold_heads, fold_scores
from niwt_core.evaluation.metrics import average, calibration_curve
from niwt_core.files import digest, unwritable
from niwt_core.method.importance import importance
from niwt_core.method.transfer.paper import PaperSettings
from niwt_core.paper.pictures import picture_importances, random_activations
from niwt_core.paper.result import EXACT, LOOP, PaperResult, Transferred
from niwt_core.paper.task import PaperOptions, Progress, Run, Task, run_task
from niwt_core.study.study import Study

JUDGED = 256  # random images on which the losses are compared: each class takes a backward pass over all of them
STUDY = "study (ridge map, exact transfer)"


def run_paper(
    study: Study,
    dataset: Dataset,
    options: PaperOptions,
    work: Path,
    *,
    device: torch.device | None = None,
    progress: Progress | None = None,
) -> PaperResult:
    """Runs the pipeline.

    Args:
        dataset: the set that the study was prepared from, for its pictures.
        work: folder for what an interrupted run goes on from; it is removed at the end.

    Raises:
        NiwtError: the set does not hold the study's pictures, or no random image can be read.
    """
    report, device = progress or (lambda stage, done, total: None), device or torch.device("cpu")
    network = study.network.eval().requires_grad_(False).to(device)
    places = _places(study, dataset)
    train = np.flatnonzero(study.split == "train")
    items, gamma_note = _fold_heads(study, options)
    tasks = [Task(study.head, np.flatnonzero(study.seen), train, np.flatnonzero(~study.seen))]
    tasks += [Task(item.head, item.fold.kept, item.fold.fit, item.fold.left_out) for item in items]
    importances: list[Tensor | None] = [None] * len(tasks)
    usable = np.ones(len(study.labels), dtype=bool)
    if not options.ridge:
        _open_work(work, study, options)
        importances, usable = _importances(study, dataset, network, places, tasks, work, device, report)
    pool = random_activations(
        network,
        options.images,
        options.count,
        dataset,
        study.preprocess,
        places[train],
        seed=options.seed,
        device=device,
        on_picture=lambda done, total: report("random images", done, total),
    )
    results = []
    for number, (task, alphas) in enumerate(zip(tasks, importances, strict=True)):
        name = "" if not number else f" of fold {number}"
        results.append(run_task(study, network, task, alphas, usable, pool, options, device, name, report))
    gammas = _gammas(study, items, results[1:])
    network.to("cpu")
    result = _result(study, network, tasks[0], results[0], pool, options, gammas, gamma_note, report)
    shutil.rmtree(work, ignore_errors=True)
    return result


def _fold_heads(study: Study, options: PaperOptions) -> tuple[list[FoldHead], str]:
    """Heads of the first folds of held-out seen classes, and what is to be said of gamma."""
    if not options.folds:
        return [], "not chosen: --folds 0"
    if study.provenance.get("settings", {}).get("training"):
        return [], "not chosen: the fine-tuned network has met the folds' held-out classes"
    folds = class_folds(study.labels, study.split == "train", study.seen, seed=study.seed)[: options.folds]
    fold_features = FoldFeatures(study.features.float(), _no_targets, study.operator)
    items = fold_heads(folds, [fold_features] * len(folds), study.labels, decay=study.choices.decay)
    classes = ", ".join(str(len(fold.left_out)) for fold in folds)
    return (
        items,
        f"chosen on {len(folds)} of the study's folds ({classes} held-out seen classes), the pipeline run anew in each",
    )


def _no_targets(rows: Tensor, classes: np.ndarray) -> Tensor:
    raise AssertionError("the paper's pipeline takes its own targets")


def _gammas(study: Study, items: Sequence[FoldHead], runs: Sequence[Run]) -> dict[str, float]:
    """Gamma of the loop and of the exact transfer, in logits of the study's head."""
    gammas = {}
    for way in (LOOP, EXACT) if items else ():
        curves = []
        for item, run in zip(items, runs, strict=True):
            rows = run.loop.weights.cpu() if way == LOOP else run.exact
            biases = torch.full((len(rows),), float(item.head.biases.mean()))
            curves.append(calibration_curve(fold_scores(item, study.labels, rows, biases)))
        gammas[way] = average(curves)[0] * study.choices.gamma_unit
    return gammas


def _result(
    study: Study,
    network: SplitNetwork,
    task: Task,
    run: Run,
    pool: Tensor,
    options: PaperOptions,
    gammas: dict[str, float],
    gamma_note: str,
    report: Progress,
) -> PaperResult:
    loop, targets = run.loop, run.targets
    start = time.perf_counter()
    transferred = torch.stack([study.transferred_row(int(c)) for c in task.unseen])
    spent = time.perf_counter() - start
    ways = []
    for number, (name, rows, seconds, iterations, stopped, gamma) in enumerate(
        (
            (LOOP, loop.weights.cpu(), run.seconds["loop"], loop.iterations, loop.stopped, gammas.get(LOOP)),
            (EXACT, run.exact, run.seconds["exact"], 0, "closed form", gammas.get(EXACT)),
            (STUDY, transferred, spent, 0, "closed form", study.choices.gamma),
        )
    ):
        loss, cosine = _judge(network, pool[:JUDGED], rows, targets, study.head.rows.mean(0), options.transfer)
        norm = float(rows.norm(dim=1).mean())
        ways.append(Transferred(name, rows, loss, cosine, norm, seconds, iterations, stopped, gamma))
        report("comparing losses", number + 1, 3)
    settings = {
        **asdict(options),
        "solver_seconds": round(run.seconds["solver"], 4),
        "images_found": len(pool),
        "layer": network.layer,
        "backbone": network.name,
    }
    facts = {**run.map, "seconds": round(run.seconds["map"], 3)}
    return PaperResult(study.id, tuple(ways), targets, torch.tensor(loop.losses), facts, settings, gamma_note)


def _judge(
    network: SplitNetwork, pool: Tensor, rows: Tensor, targets: Tensor, mean: Tensor, settings: PaperSettings
) -> tuple[float, float]:
    """(the paper's loss, its mean cosine) of ``rows`` for ``targets`` on the pictures of ``pool``, mean over classes."""
    cosines = []
    for row, target in zip(rows, targets, strict=True):
        for part in pool.split(32):
            cosines.append(torch.cosine_similarity(importance(network, part, row), target.unsqueeze(0)))
    cosine = float(torch.cat(cosines).mean())
    distance = float((rows - mean).square().sum(1).mean())
    return 1 - cosine + settings.regularisation / 2 * distance, cosine


def _importances(
    study: Study,
    dataset: Dataset,
    network: SplitNetwork,
    places: np.ndarray,
    tasks: Sequence[Task],
    work: Path,
    device: torch.device,
    report: Progress,
) -> tuple[list[Tensor | None], np.ndarray]:
    """Importances of each task's pictures under its own head, all in one pass, and which pictures could be read."""
    pictures = np.unique(np.concatenate([task.pictures for task in tasks]))
    heads = []
    for task in tasks:
        row_of = np.zeros(
            len(pictures), dtype=np.int64
        )  # a picture that is not the task's is asked about any row, and dropped
        row_of[np.searchsorted(pictures, task.pictures)] = np.searchsorted(task.seen, study.labels[task.pictures])
        heads.append((task.head.rows.to(device), torch.from_numpy(row_of).to(device)))
    importances, readable = picture_importances(
        network,
        dataset,
        study.preprocess,
        places[pictures],
        heads,
        work,
        on_picture=lambda done, total: report("importances of pictures", done, total),
    )
    usable = np.ones(len(study.labels), dtype=bool)
    usable[pictures] = readable
    return [
        alphas[torch.from_numpy(np.searchsorted(pictures, task.pictures))]
        for alphas, task in zip(importances, tasks, strict=True)
    ], usable


def _places(study: Study, dataset: Dataset) -> np.ndarray:
    """(n,) where each picture of the study is in ``dataset``; only the training pictures must be there."""
    index = {path: i for i, path in enumerate(dataset.paths)}
    places = np.array([index.get(path, -1) for path in study.paths], dtype=np.int64)
    missing = np.flatnonzero((places < 0) & (study.split == "train"))
    if len(missing):
        raise NiwtError(
            f"{len(missing)} of the study's training pictures are not there, such as {study.paths[missing[0]]}",
            where=dataset.root,
            fix="name the folder that the study was prepared from with --root",
        )
    return places


def _open_work(work: Path, study: Study, options: PaperOptions) -> None:
    """An empty work folder, or the one that a run with the same heads left."""
    key, marker = digest(study.id, str(options.folds)), work / "key"
    try:
        if work.exists() and (not marker.is_file() or marker.read_text() != key):
            shutil.rmtree(work)
        work.mkdir(parents=True, exist_ok=True)
        marker.write_text(key)
    except OSError as error:
        raise unwritable(work, error) from None
