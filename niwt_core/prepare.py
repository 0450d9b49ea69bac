"""Makes a Study: train or freeze, extract, choose on seen classes, fit, name, save.

Work in progress lives in ``.<out>.partial`` beside the study, so that an interrupted run resumes and gives the same result; the study
itself appears whole or not at all. Runs under ``accelerate launch`` on several processes; only the main one writes.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.bank import Bank
from niwt_core.data.dataset import Dataset
from niwt_core.encoding import encode, encoding_for
from niwt_core.files import digest, unwritable, write_atomically
from niwt_core.gallery import make_gallery
from niwt_core.head import Head, fit_head
from niwt_core.importance import operator, unit
from niwt_core.mapping import fit_map
from niwt_core.naming import name_dictionary
from niwt_core.neurons import neurons_from
from niwt_core.rivals import tune_rivals
from niwt_core.selection import Fold, View, choose, class_folds, gamma_unit
from niwt_core.storage import check_target, load_study, save_study
from niwt_core.study import Choices, Study
from niwt_core.training import TrainingSettings, fine_tune, install_head
from niwt_core.transfer.exact import fit_transfer

if TYPE_CHECKING:
    from accelerate import Accelerator

Progress = Callable[[str, int, int], None]  # stage, done, total
PROBES = 48
START_DECAY = 1e-4


@dataclass(frozen=True)
class Settings:
    """What ``prepare`` is told beyond the pictures. ``probes`` is "seen" (the study's own training pictures), "noise" or a folder of photographs.

    A network that was trained on all seen classes has met every fold's held-out classes; ``fold_networks`` more are trained, each without one
    fold's classes and pictures, and only they choose. With 0 the folds see the final network, and gamma comes out too small.
    """

    seed: int = 0
    probes: str = "seen"
    probe_count: int = PROBES
    batch: int = 8
    training: TrainingSettings | None = None
    fold_networks: int = 2
    warm_start: bool = True


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
) -> Study:
    """Prepares a study of ``dataset`` with ``network`` and writes it to ``out``.

    Raises:
        NiwtError: the data cannot carry a study, or ``out`` cannot be written.
    """
    settings, report = settings or Settings(), progress or (lambda stage, done, total: None)
    accelerator = accelerator or make_accelerator("cpu")
    check_target(out)
    work = out.parent / f".{out.name}.partial"
    if accelerator.is_main_process:
        _open_work(work, _fingerprint(dataset, network, preprocess, settings))
    accelerator.wait_for_everyone()
    job = _Job(preprocess, accelerator, work, settings, report)
    folds = class_folds(dataset.labels, dataset.train, dataset.seen, seed=settings.seed)
    views: list[View] | None = None
    if settings.training is not None and settings.training.epochs > 0:
        if settings.fold_networks:
            folds = folds[: settings.fold_networks]
            views = [job.fold_view(i, copy.deepcopy(network), dataset, fold) for i, fold in enumerate(folds)]
        job.train("final", network, dataset)
    bank = job.bank("pictures", network, dataset)
    if accelerator.is_main_process:
        network.to("cpu")
        save_study(_assemble(dataset, bank, folds, views, job, dict(provenance or {})), out)
        shutil.rmtree(work, ignore_errors=True)
    accelerator.wait_for_everyone()
    return load_study(out)


@dataclass(frozen=True)
class _Job:
    """What every stage needs."""

    preprocess: Preprocess
    accelerator: Accelerator
    work: Path
    settings: Settings
    report: Progress

    def bank(self, name: str, network: SplitNetwork, dataset: Dataset) -> Bank:
        """Runs the pictures of ``dataset`` through ``network``, resumably, under ``name``."""
        return Bank.collect(
            network,
            dataset,
            self.preprocess,
            self.accelerator,
            self.work / name,
            seed=self.settings.seed,
            probe_count=self.settings.probe_count,
            batch=self.settings.batch,
            on_progress=lambda done, total: self.report(f"reading {name}", done, total),
        )

    def train(self, name: str, network: SplitNetwork, dataset: Dataset) -> None:
        """Fine-tunes ``network`` in place on the training pictures of ``dataset``, from a head fitted on its frozen features if asked to."""
        assert self.settings.training is not None
        start: Head | None = None
        if self.settings.warm_start:
            bank = self.bank(f"{name}: start", network, dataset.keep(dataset.train))
            x, local = bank.features, np.searchsorted(np.flatnonzero(dataset.seen), bank.labels)
            start = fit_head(x, torch.from_numpy(local), classes=int(dataset.seen.sum()), decay=START_DECAY)
        folder = self.work / f"{name}: training"
        folder.mkdir(parents=True, exist_ok=True)
        fine_tune(
            network,
            dataset,
            self.preprocess,
            self.accelerator,
            folder,
            self.settings.training,
            start=start,
            progress=lambda stage, done, total: self.report(f"{stage} {name}", done, total),
        )

    def fold_view(self, number: int, network: SplitNetwork, dataset: Dataset, fold: Fold) -> View:
        """The view of a fold: a copy of ``network`` trained without the fold's held-out classes and pictures."""
        name = f"fold {number + 1}"
        seen, train = np.zeros_like(dataset.seen), np.zeros_like(dataset.train)
        seen[fold.kept], train[fold.fit] = True, True
        lesson = replace(dataset, seen=seen, train=train)
        self.train(name, network, lesson)
        # Only the set's own training pictures: nothing of the test pictures is ever looked at here.
        bank = self.bank(name, network, lesson.keep(dataset.train)).spread(np.flatnonzero(dataset.train), len(dataset))
        network.to("cpu")
        return View(bank.features, bank.class_targets, bank.operator())


def make_accelerator(device: str) -> Accelerator:
    """An Accelerator on the device of that name ("auto", "cpu", "cuda", "mps"), one process or those that ``accelerate launch`` made."""
    from niwt_core.compat import ensure_torchvision
    from niwt_core.device import pick_device

    ensure_torchvision()
    from accelerate import Accelerator, DataLoaderConfiguration

    # Batches are split among processes, not dealt out, so that a batch is the same however many processes share it.
    loading = DataLoaderConfiguration(split_batches=True)
    return Accelerator(cpu=pick_device(device).type == "cpu", dataloader_config=loading)


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
        str(dataset.crop),
        json.dumps(network.data["layer"]),
        weights,
        json.dumps(preprocess.to_dict()),
        json.dumps(asdict(settings), sort_keys=True),
    )


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


def _assemble(
    dataset: Dataset,
    bank: Bank,
    folds: tuple[Fold, ...],
    views: list[View] | None,
    job: _Job,
    provenance: dict[str, Any],
) -> Study:
    """Everything after extraction: choices, head, maps, names, gallery."""
    settings, report, network = job.settings, job.report, bank.network
    report("importance operator", 0, 1)
    G = bank.operator(lambda done: report("importance operator", done, len(bank.probes)))
    if G is not None and settings.probes != "seen":
        G = _foreign_operator(network, job)
    encoding = encoding_for(dataset.knowledge)
    knowledge = torch.from_numpy(encode(dataset.knowledge.values, encoding)).float()
    folds = tuple(fold.only(bank.usable) for fold in folds)
    if views is None:
        views = [View(bank.features, bank.class_targets, G)] * len(folds)
    choice = choose(
        folds,
        views,
        dataset.labels,
        knowledge,
        on_trial=lambda done, total: report("choosing on seen classes", done, total),
    )
    rivals = tune_rivals(
        folds,
        views,
        dataset.labels,
        dataset.train,
        knowledge.double().numpy(),
        on_rival=lambda done, total: report("tuning rivals", done, total),
    )
    if not bank.usable.all():
        bank, dataset = bank.only_usable(), dataset.keep(bank.usable, bank.skipped)
    train, seen = np.flatnonzero(dataset.train), np.flatnonzero(dataset.seen)
    x, local = bank.features[train], torch.from_numpy(np.searchsorted(seen, dataset.labels[train]))
    head = fit_head(x, local, classes=len(seen), decay=choice.decay)
    unit_of_gamma = gamma_unit(head.logits(x))
    targets = bank.class_targets(head.rows, seen)
    mapping = fit_map(knowledge[seen], targets)
    inverse = fit_map(unit(targets), torch.from_numpy(dataset.knowledge.values)[seen])
    names = name_dictionary(dataset, inverse, bank.pooled, seed=settings.seed)
    install_head(network, len(seen), head, seed=settings.seed)
    gallery = make_gallery(
        dataset,
        network,
        job.preprocess,
        bank.pooled.numpy(),
        seed=settings.seed,
        on_progress=lambda done, total: report("gallery", done, total),
    )
    return Study(
        id="",
        name=dataset.name,
        kind=dataset.name,
        folder=None,
        classes=dataset.classes,
        seen=dataset.seen,
        knowledge=dataset.knowledge,
        encoding=encoding,
        network=network,
        preprocess=job.preprocess,
        head=head,
        targets=targets,
        mapping=mapping,
        inverse=inverse,
        operator=G,
        affine=fit_transfer(head.rows, head.biases, G, mu=choice.mu).affine(mapping),
        choices=Choices(
            ridge=mapping.ridge,
            inverse_ridge=inverse.ridge,
            decay=choice.decay,
            mu=choice.mu,
            gamma=choice.gamma * unit_of_gamma,
            gamma_unit=unit_of_gamma,
            folds=choice.folds,
            cross_validated_H=choice.H,
            trials=choice.trials,
            rivals=rivals,
        ),
        neurons=neurons_from(names, dataset.knowledge),
        features=bank.features,
        pooled=bank.pooled,
        labels=dataset.labels,
        roles=dataset.roles,
        paths=dataset.paths,
        gallery=gallery,
        split_hash=dataset.split_hash,
        seed=settings.seed,
        provenance={
            **provenance,
            "layer": network.layer,
            "backbone": network.name,
            "settings": asdict(settings),
            "shuffled_names_share": names.shuffled_share,
            "skipped": [asdict(item) for item in dataset.skipped],
        },
    )


def _foreign_operator(network: SplitNetwork, job: _Job) -> torch.Tensor:
    """The operator over probe pictures that are not the study's own: a folder of photographs, or noise."""
    from niwt_core.probes import probe_inputs

    count = job.settings.probe_count
    inputs = probe_inputs(job.settings.probes, job.preprocess, count=count, seed=job.settings.seed)
    with torch.no_grad():
        batches = [network.stem(part) for part in inputs.split(8)]
    return operator(
        network, batches, on_batch=lambda done: job.report("importance operator", done, len(inputs))
    ).detach()
