"""Makes a Study: train or freeze, extract, choose on seen classes, fit, name, save.

Work in progress lives in ``.<out>.partial`` beside the study, so that an interrupted run resumes and gives the same result; the study
itself appears whole or not at all. Runs under ``accelerate launch`` on several processes; only the main one writes.
"""

from __future__ import annotations

import contextlib
import copy
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator, DataLoaderConfiguration
from torch import Tensor

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.data.dataset import Dataset
from niwt_core.device import pick_device
from niwt_core.errors import NiwtError
from niwt_core.evaluation.folds import FoldFeatures, class_folds
from niwt_core.explain.picture_detectors import Examples, picture_detectors
from niwt_core.files import digest, only_writer, unwritable, write_atomically
from niwt_core.prepare.activations import PictureActivations
from niwt_core.prepare.extraction import SHARD
from niwt_core.prepare.fit import assemble
from niwt_core.prepare.progress import Progress
from niwt_core.prepare.settings import Preparation, Settings
from niwt_core.study.storage import check_target, load_study, remove_leftovers, save_study
from niwt_core.study.study import Study
from niwt_core.study.temperature import temperature_of


def prepare(
    dataset: Dataset,
    network: SplitNetwork,
    preprocess: Preprocess,
    out: Path,
    *,
    settings: Settings | None = None,
    accelerator: Accelerator | None = None,
    provenance: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    examples: Examples | None = None,
    features: Tensor | None = None,
) -> Study:
    """Prepares a study of ``dataset`` with ``network`` and writes it to ``out``.

    ``examples`` are pictures of no class, for attribute detectors where every picture of the set has its own truth (see `picture_detectors`);
    ``features`` (n,D) were computed elsewhere, for a network of `network_of_features`: then no picture is opened.

    Raises:
        NiwtError: the data cannot carry a study, ``out`` cannot be written, or another process is writing there.
    """
    settings, report = settings or Settings(), progress or (lambda stage, done, total: None)
    accelerator = accelerator or make_accelerator("cpu")
    out = out.resolve()
    main = accelerator.is_main_process
    with only_writer(out) if main else contextlib.nullcontext():
        if main:
            remove_leftovers(out)
            check_target(out)
            if features is None:
                _check_place(out, dataset)
        _check_described(dataset)
        work, key = out.parent / f".{out.name}.partial", _fingerprint(dataset, network, preprocess, settings)
        if main:
            _open_work(work, key)
        accelerator.wait_for_everyone()
        preparation = Preparation(preprocess, accelerator, work, settings, report, key)
        study = _made(dataset, network, preparation, provenance or {}, features)
        if main and study is not None:
            study = replace(study, temperature=temperature_of(study), detectors=_detectors(study, dataset, examples))
            save_study(study, out)
            shutil.rmtree(work, ignore_errors=True)
    accelerator.wait_for_everyone()
    return load_study(out)


def _made(
    dataset: Dataset,
    network: SplitNetwork,
    preparation: Preparation,
    provenance: Mapping[str, Any],
    features: Tensor | None,
) -> Study | None:
    """The study, not yet written; None in a process that only helps."""
    settings, accelerator = preparation.settings, preparation.accelerator
    folds = class_folds(dataset.labels, dataset.train, dataset.seen, seed=settings.seed, repeats=settings.repeats)
    features_of_folds: list[FoldFeatures] | None = None
    if settings.training is not None and settings.training.epochs > 0:
        if settings.fold_networks:
            folds = folds[: settings.fold_networks]
            features_of_folds = [
                preparation.features_of_fold(i, copy.deepcopy(network), dataset, fold) for i, fold in enumerate(folds)
            ]
        preparation.train("final", network, dataset)
    if features is None:
        picture_activations = preparation.picture_activations("pictures", network, dataset)
    else:
        picture_activations = PictureActivations.of_features(network, dataset, features)
    if not accelerator.is_main_process:
        return None
    network.to("cpu")
    notes = {**provenance, "notices": list(dataset.notices)}
    return assemble(dataset, picture_activations, folds, features_of_folds, preparation, notes)


def _detectors(study: Study, dataset: Dataset, examples: Examples | None) -> Mapping[str, Tensor] | None:
    """What the study keeps of its detectors, where they need more than the study holds."""
    if examples is None or dataset.picture_attributes is None:
        return None
    place = {path: i for i, path in enumerate(dataset.paths)}  # a picture that could not be read is not in the study
    truth = dataset.picture_attributes[[place[path] for path in study.paths]] > 0
    detectors = picture_detectors(study, examples, truth)
    return None if detectors is None else detectors.tensors()


def make_accelerator(device: str) -> Accelerator:
    """An Accelerator on the device of that name ("auto", "cpu", "cuda", "cuda:1", "mps"), one process or those that ``accelerate launch`` made."""
    # Batches are split among processes, not permuted, so that a batch is the same however many processes share it.
    loading = DataLoaderConfiguration(split_batches=True)
    chosen = pick_device(device)
    if chosen.type == "cuda" and chosen.index is not None:
        torch.cuda.set_device(chosen)  # one process: Accelerate takes the current device
    accelerator = Accelerator(cpu=chosen.type == "cpu", dataloader_config=loading)
    if accelerator.num_processes == 1 and chosen.index is not None:
        accelerator.state.device = chosen
    return accelerator


def _check_place(out: Path, dataset: Dataset) -> None:
    """Raises NiwtError where the study would lie among the pictures: its folder would be a class at the next reading."""
    root = dataset.root.resolve()
    if not out.is_relative_to(root) or out == root:
        return
    tops = {path.split("/", 1)[0] for path in dataset.paths}
    by_class = any(path.count("/") == 1 for path in dataset.paths)  # class/file
    if by_class or out.relative_to(root).parts[0] in tops:
        raise NiwtError("the study would lie among its pictures", where=out, fix=f"choose a folder outside {root.name}")


def _check_described(dataset: Dataset) -> None:
    """Raises NiwtError where no direction could be given: a class of zeros only, or all classes described alike."""
    values = dataset.knowledge.values
    for name, row in zip(dataset.classes, values, strict=True):
        if not row.any():
            raise NiwtError(
                f"class {name} is described by zeros only", where=dataset.root, fix="give it at least one attribute"
            )
    if dataset.texts is None and (values == values[0]).all():
        raise NiwtError(
            "all classes are described alike", where=dataset.root, fix="give attributes in which they differ"
        )


def _fingerprint(dataset: Dataset, network: SplitNetwork, preprocess: Preprocess, settings: Settings) -> str:
    """Everything that the partial results depend on."""
    weights = digest(
        *(
            value.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().tobytes()
            for value in network.state_dict().values()
        )
    )
    return digest(
        dataset.split_hash,
        _stamps(dataset),
        str(SHARD),
        str(dataset.crop),
        json.dumps(network.data["layer"]),
        weights,
        json.dumps(preprocess.to_dict()),
        json.dumps(asdict(settings), sort_keys=True),
    )


def _stamps(dataset: Dataset) -> str:
    """Size and time of every picture's file: a picture that was replaced must be read again."""
    stamps = []
    for path in dataset.paths:
        with contextlib.suppress(OSError):  # a missing file is named later
            status = (dataset.root / path).stat()
            stamps.append(f"{path} {status.st_size} {status.st_mtime_ns}")
    return "\n".join(stamps)


def _open_work(work: Path, key: str) -> None:
    """An empty work folder for ``key``, or the one that an interrupted run with the same key left."""
    marker = work / "key"
    try:
        if work.exists() and (not marker.is_file() or marker.read_text() != key):
            shutil.rmtree(work)
        work.mkdir(parents=True, exist_ok=True)
        write_atomically(marker, key.encode())
    except OSError as error:
        raise unwritable(work, error) from None
