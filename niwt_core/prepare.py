"""Makes a Study: train or freeze, extract, choose on seen classes, fit, name, save.

Work in progress lives in ``.<out>.partial`` beside the study, so that an interrupted run resumes and gives the same result; the study
itself appears whole or not at all. Runs under ``accelerate launch`` on several processes; only the main one writes.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.data.dataset import Dataset
from niwt_core.encoding import encode, encoding_for
from niwt_core.errors import NiwtError
from niwt_core.extraction import Extracted, extract
from niwt_core.files import digest, unwritable, write_atomically
from niwt_core.gallery import Gallery, choose_pictures, jpeg_bytes, pack
from niwt_core.head import Head, fit_head
from niwt_core.importance import class_targets, operator, unit
from niwt_core.mapping import LinearMap, fit_map
from niwt_core.naming import NeuronNames, name_neurons, word_scores
from niwt_core.neurons import neurons_from
from niwt_core.selection import Choice, choose, class_folds, gamma_unit
from niwt_core.storage import check_target, save_study
from niwt_core.study import Choices, Study
from niwt_core.training import TrainingSettings, fine_tune
from niwt_core.transfer.exact import fit_transfer

if TYPE_CHECKING:
    from accelerate import Accelerator

Progress = Callable[[str, int, int], None]  # stage, done, total
TARGET_PICTURES = 12  # a class: its mean unit importance moves by less than 0.01 in cosine beyond that
PROBES = 48
FAVOURITES = 6
GALLERY_PICTURES, GALLERY_SIDE = 1200, 192


@dataclass(frozen=True)
class Settings:
    """What ``prepare`` is told beyond the pictures. ``probes`` is "seen" (the study's own training pictures), "noise" or a folder of photographs."""

    seed: int = 0
    probes: str = "seen"
    probe_count: int = PROBES
    batch: int = 8
    training: TrainingSettings | None = None


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
    key = _fingerprint(dataset, network, preprocess, settings)
    if accelerator.is_main_process:
        _open_work(work, key)
    accelerator.wait_for_everyone()

    if settings.training is not None and settings.training.epochs > 0:
        fine_tune(network, dataset, preprocess, accelerator, work, settings.training, progress=report)
    kept = _Kept.choose(dataset, network, settings)
    extracted = extract(
        network,
        dataset,
        preprocess,
        accelerator,
        work,
        keep=kept.all,
        batch=settings.batch,
        on_progress=lambda done, total: report("reading pictures", done, total),
    )
    if accelerator.is_main_process:
        network = network.to("cpu")
        study = _assemble(dataset, network, preprocess, extracted, kept, settings, dict(provenance or {}), report)
        save_study(study, out)
        shutil.rmtree(work, ignore_errors=True)
    accelerator.wait_for_everyone()
    from niwt_core.storage import load_study

    return load_study(out)


def make_accelerator(device: str) -> Accelerator:
    """An Accelerator on the device of that name ("auto", "cpu", "cuda", "mps"), one process or those that ``accelerate launch`` made."""
    from niwt_core.compat import ensure_torchvision
    from niwt_core.device import pick_device

    ensure_torchvision()
    from accelerate import Accelerator

    return Accelerator(cpu=pick_device(device).type == "cpu")


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


@dataclass(frozen=True)
class _Kept:
    """Pictures whose whole activations are needed: ``targets`` for the mean importance of each class, ``probes`` for the operator."""

    targets: np.ndarray
    probes: np.ndarray

    @classmethod
    def choose(cls, dataset: Dataset, network: SplitNetwork, settings: Settings) -> _Kept:
        none = np.zeros(0, np.int64)
        if network.identity_tail:
            return cls(none, none)
        random = np.random.default_rng(settings.seed)
        train = np.flatnonzero(dataset.train)
        targets = [
            random.permutation(train[dataset.labels[train] == c])[:TARGET_PICTURES]
            for c in np.flatnonzero(dataset.seen)
        ]
        probes = random.permutation(train)[: settings.probe_count] if settings.probes == "seen" else none
        return cls(np.concatenate(targets), probes)

    @property
    def all(self) -> list[int]:
        return sorted({*self.targets.tolist(), *self.probes.tolist()})


def _assemble(
    dataset: Dataset,
    network: SplitNetwork,
    preprocess: Preprocess,
    extracted: Extracted,
    kept: _Kept,
    settings: Settings,
    provenance: dict[str, Any],
    report: Progress,
) -> Study:
    """Everything after extraction: folds, head, maps, names, gallery."""
    bank = _Bank(network, dataset.labels, extracted, kept)
    if not extracted.usable.all():
        bank = bank.without(extracted.usable)
        dataset = dataset.keep(extracted.usable, extracted.skipped)
    usable = torch.from_numpy(extracted.usable)
    # What the study keeps is half precision, so the choices are made on that too: `evaluate` then sees what `prepare` saw.
    features = extracted.features[usable].half().float()
    pooled = features if network.identity_tail else extracted.pooled[usable].half().float()
    report("importance operator", 0, 1)
    G = None if network.identity_tail else _operator(network, preprocess, bank, settings, report)
    encoding = encoding_for(dataset.knowledge)
    knowledge = torch.from_numpy(encode(dataset.knowledge.values, encoding)).float()
    train = np.flatnonzero(dataset.train)
    seen = np.flatnonzero(dataset.seen)

    folds = class_folds(dataset.labels, dataset.train, dataset.seen, seed=settings.seed)
    trials = iter(range(1, 10_000))
    choice = choose(
        features,
        dataset.labels,
        folds,
        knowledge,
        G,
        bank.targets,
        on_trial=lambda: report("choosing on seen classes", next(trials), 18),
    )
    local = torch.from_numpy(np.searchsorted(seen, dataset.labels[train]))
    head = fit_head(features[train], local, classes=len(seen), decay=choice.decay)
    unit_of_gamma = gamma_unit(head.logits(features[train]))
    targets = bank.targets(head.rows, seen)
    mapping = fit_map(knowledge[seen], targets)
    transfer = fit_transfer(head.rows, head.biases, G, mu=choice.mu)
    raw = torch.from_numpy(dataset.knowledge.values)
    inverse = fit_map(unit(targets), raw[seen])
    names = _names(dataset, inverse, pooled, settings.seed)
    _install(network, head)
    gallery = _gallery(dataset, network, preprocess, pooled.numpy(), settings.seed, report)
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
        preprocess=preprocess,
        head=head,
        targets=targets,
        mapping=mapping,
        inverse=inverse,
        operator=G,
        affine=transfer.affine(mapping),
        choices=_choices(choice, mapping, inverse, unit_of_gamma),
        neurons=neurons_from(names, dataset.knowledge),
        features=features,
        pooled=pooled,
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


def _choices(choice: Choice, mapping: LinearMap, inverse: LinearMap, unit_of_gamma: float) -> Choices:
    return Choices(
        ridge=mapping.ridge,
        inverse_ridge=inverse.ridge,
        decay=choice.decay,
        mu=choice.mu,
        gamma=choice.gamma * unit_of_gamma,
        gamma_unit=unit_of_gamma,
        folds=choice.folds,
        cross_validated_H=choice.H,
        trials=choice.trials,
    )


@dataclass(frozen=True, eq=False)
class _Bank:
    """Whole activations of the kept pictures, by picture index."""

    network: SplitNetwork
    labels: np.ndarray
    extracted: Extracted
    kept: _Kept

    def without(self, usable: np.ndarray) -> _Bank:
        """The same bank with only the pictures that could be read."""
        kept = _Kept(self.kept.targets[usable[self.kept.targets]], self.kept.probes[usable[self.kept.probes]])
        return _Bank(self.network, self.labels, self.extracted, kept)

    def activations(self, pictures: np.ndarray) -> Tensor:
        assert self.extracted.activations is not None
        place = {picture: i for i, picture in enumerate(_Kept(self.kept.targets, self.kept.probes).all)}
        return self.extracted.activations[[place[int(picture)] for picture in pictures]]

    def targets(self, rows: Tensor, classes: np.ndarray) -> Tensor:
        """(C',N) mean unit importance of ``classes`` under their ``rows`` (C',D)."""
        if self.network.identity_tail:
            return unit(rows)
        pictures = self.kept.targets[np.isin(self.labels[self.kept.targets], classes)]
        batches = (
            (self.activations(part), torch.from_numpy(np.searchsorted(classes, self.labels[part])))
            for part in np.array_split(pictures, max(1, len(pictures) // 32))
        )
        return class_targets(self.network, batches, rows, classes=len(classes))


def _operator(
    network: SplitNetwork, preprocess: Preprocess, bank: _Bank, settings: Settings, report: Progress
) -> Tensor:
    batches: list[Tensor]
    if settings.probes == "seen":
        batches = list(bank.activations(bank.kept.probes).split(8))
        count = len(bank.kept.probes)
    else:
        from niwt_core.probes import probe_inputs

        inputs = probe_inputs(settings.probes, preprocess, count=settings.probe_count, seed=settings.seed)
        with torch.no_grad():
            batches = [network.stem(part) for part in inputs.split(8)]
        count = len(inputs)
    return operator(network, batches, on_batch=lambda done: report("importance operator", done, count)).detach()


def _names(dataset: Dataset, inverse: LinearMap, pooled: Tensor, seed: int) -> NeuronNames:
    held_out = ~dataset.train
    activations = pooled[torch.from_numpy(held_out)].numpy()
    if dataset.knowledge.kind != "attributes":  # nothing that a person could read: no names
        neurons = activations.shape[1]
        zero, one = np.zeros(neurons), np.ones(neurons)
        return NeuronNames(np.full(neurons, -1), zero + 0.5, one, one, activations.std(0) > 0, zero, 0.0)
    spread = torch.from_numpy(dataset.knowledge.values[dataset.seen].std(0))
    if dataset.picture_attributes is not None:
        has = dataset.picture_attributes[held_out] > 0
    else:
        has = dataset.knowledge.presence()[dataset.labels[held_out]]
    return name_neurons(word_scores(inverse, spread).numpy(), activations, has, seed=seed)


def _install(network: SplitNetwork, head: Head) -> None:
    """Makes the fitted head the network's own, so that the network alone classifies the seen classes."""
    layer = network.replace_head(len(head.rows), seed=0)
    with torch.no_grad():
        layer.weight.copy_(head.rows)
        layer.bias.copy_(head.offsets())


def _gallery(
    dataset: Dataset, network: SplitNetwork, preprocess: Preprocess, pooled: np.ndarray, seed: int, report: Progress
) -> Gallery:
    per_class = int(np.clip(GALLERY_PICTURES // len(dataset.classes), 4, 12))
    pictures = choose_pictures(dataset.labels, ~dataset.train, pooled, per_class=per_class, seed=seed)
    if not len(pictures):
        raise NiwtError(
            "no held-out picture", where=str(dataset.root), fix="leave some pictures out of training in the split"
        )
    favourites = min(FAVOURITES, len(pictures))
    top = np.argsort(-pooled[pictures], axis=0, kind="stable")[:favourites].T  # (N, T)
    files: list[bytes] = []
    values: np.ndarray | None = None
    for start in range(0, len(pictures), 32):
        part = pictures[start : start + 32]
        images = [dataset.picture(int(i), at_least=preprocess.size) for i in part]
        files += [jpeg_bytes(image, side=GALLERY_SIDE) for image in images]
        with torch.no_grad():
            maps = network.spatial(
                network.stem(torch.stack([preprocess(image) for image in images]))
            ).numpy()  # (B, N, h, w)
        if values is None:
            values = np.zeros((maps.shape[1], favourites, *maps.shape[2:]), np.float32)
        neurons, places = np.nonzero((top >= start) & (top < start + len(part)))
        values[neurons, places] = maps[top[neurons, places] - start, neurons]
        report("gallery", min(start + 32, len(pictures)), len(pictures))
    assert values is not None
    peaks = np.maximum(values.reshape(len(values), -1).max(1), 1e-12).astype(np.float32)
    coded = np.clip(values / peaks[:, None, None, None] * 255, 0, 255).round().astype(np.uint8)
    jpegs, offsets = pack(files)
    return Gallery(jpegs, offsets, pictures.astype(np.int64), top.astype(np.int64), coded, peaks)
