"""Makes a study of a trained classifier as it is: its own head, bit for bit, and a table of words; photographs are welcome, not needed.

The head's rows are the seen classes' importances (exactly, where the tail is global average pooling), so the maps between words and neurons need no
picture. What does need pictures, and stays unknown without them: how far described classes must be held back, how often they are recognised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.data.dataset import Dataset
from niwt_core.data.photographs import PhotographFolder
from niwt_core.errors import NiwtError
from niwt_core.evaluation.bias_by_row import WORDS, by_some_words, fit_by_row
from niwt_core.evaluation.described_margins import SHRINKAGE, Photographs, gamma_of_share, margins, share_biases
from niwt_core.evaluation.leave_one_class_out import choose_ridge, left_out_rows
from niwt_core.evaluation.stolen_share import StolenShare
from niwt_core.images import open_image
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.encoding import encode
from niwt_core.method.head import Head
from niwt_core.method.importance import operator, unit
from niwt_core.method.mapping import fit_map
from niwt_core.method.transfer.exact import fit_transfer
from niwt_core.neurons.exemplars import make_gallery
from niwt_core.neurons.naming_by_classes import name_by_classes
from niwt_core.neurons.neuron import neurons_from
from niwt_core.prepare.kept_photographs import with_samples, without_exemplars, without_photographs
from niwt_core.prepare.novelty import measure_novelty
from niwt_core.prepare.probes import probe_inputs
from niwt_core.prepare.progress import Progress
from niwt_core.study.evaluate_classifier import classifier_json, evaluate_classifier
from niwt_core.study.storage import check_target, save_study
from niwt_core.study.study import Choices, Study
from niwt_core.study.temperature import temperature_of

RIDGE = 0.27  # where there are no photographs to choose by; what a photograph of each ImageNet class chooses for EfficientNet-Lite0
MU = 0.1  # of the transfer, where the tail is more than pooling
PROBES = 48  # pictures for the operator
BATCH = 16
TOGETHER = 0.05  # of other photographs that all described classes together may take away


Keep = Literal["pictures", "features", "figures"]


@dataclass(frozen=True)
class ClassifierSettings:
    """share: of other photographs that a described class may take away, 0..1. keep: what the study holds of the photographs: small copies and their
    features; the features, on which it is measured and built classes are calibrated; or only the figures that follow from them. half: the
    network's weights are rounded to half precision first, so that the study is half as large. seed: of what is drawn."""

    share: float = 0.007
    keep: Keep = "pictures"
    half: bool = False
    seed: int = 0
    provenance: Mapping[str, Any] = field(default_factory=dict)


def prepare_classifier(
    name: str,
    network: SplitNetwork,
    preprocess: Preprocess,
    knowledge: Knowledge,
    seen: np.ndarray,
    out: Path,
    *,
    photographs: PhotographFolder | None = None,
    samples: PhotographFolder | None = None,
    settings: ClassifierSettings | None = None,
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
) -> Study:
    """Prepares a study of a classifier whose head has a row for each seen class, in the order of ``knowledge``, and writes it to ``out``.

    Args:
        knowledge: C classes, those of the head and described ones; seen (C,) bool marks the head's.
        device: where the photographs run through the network.
        photographs: of seen classes, or unlabelled ones, which serve as probes and exemplars only.
        samples: a few photographs to show, labelled among all C classes; the study holds them whatever it keeps of the others, and measures
            nothing on them.

    Raises:
        NiwtError: the head and the table do not fit, a picture cannot be read, ``out`` cannot be written.
    """
    settings, report = settings or ClassifierSettings(), progress or (lambda stage, done, total: None)
    check_target(out)
    network = _rounded(network.eval()) if settings.half else network.eval()
    if network.head.out_features != int(seen.sum()):
        what = f"the head has {network.head.out_features} classes, {int(seen.sum())} are named"
        raise NiwtError(what, where=name, fix="name the classes of the head, one a line, with --classes")
    rows = network.head.weight.detach().float().clone()
    biases = torch.zeros(len(rows)) if network.head.bias is None else network.head.bias.detach().float().clone()
    head = Head(rows, biases, torch.zeros(rows.shape[1]))
    encoded = encode(knowledge.values, "plain")
    index = np.flatnonzero(seen)
    features, pooled = _extract(network, preprocess, photographs.files if photographs else (), device, report)
    labelled = photographs if photographs is not None and photographs.labelled else None
    G = _operator(network, preprocess, photographs, settings.seed, report)
    ridge, gamma, known, other = RIDGE, 0.0, None, None
    if labelled is not None:
        report("leaving classes out", 0, 1)
        known = Photographs(features.double().numpy(), labelled.labels, rows.double().numpy(), biases.double().numpy())
        ridge = float(choose_ridge(encoded[seen], known, share=settings.share))
        predicted = left_out_rows(encoded[seen], known.rows, ridge=ridge)
        left_out = margins(predicted, known)
        gamma, other = max(0.0, gamma_of_share(left_out, settings.share)), left_out.other
        report("leaving classes out", 1, 1)
    targets = unit(rows if G is None else rows @ G.T)
    mapping = fit_map(torch.from_numpy(encoded[seen]).float(), targets, ridges=(ridge,))
    inverse = fit_map(targets, torch.from_numpy(knowledge.values[seen]))
    mu = 0.0 if G is None else MU
    affine = fit_transfer(rows, biases, G, mu=mu).affine(mapping)
    stolen = None
    if known is not None and other is not None:
        described = affine.weights(torch.from_numpy(encoded[~seen]).float())
        stolen = _stolen_share(head, features, described, other, settings)
        if settings.keep == "figures":  # no photograph will be there when a class is built
            some = [by_some_words(knowledge.values[seen], count, seed=settings.seed) for count in WORDS]
            ways = [encode(values, "plain") for values in some]
            by_row = fit_by_row(encoded[seen], ways, known, ridge=ridge, share=settings.share)
            stolen = replace(stolen, by_row=by_row)
    report("naming neurons", 0, 1)
    of_seen = knowledge.restrict([knowledge.classes[c] for c in np.flatnonzero(seen)])
    names = name_by_classes(targets, of_seen, seed=settings.seed)
    dataset = None if labelled is None else _dataset(name, knowledge, seen, labelled, index[labelled.labels])
    if dataset is not None and settings.keep == "pictures":
        gallery = make_gallery(
            dataset, network, preprocess, pooled.numpy(), seed=settings.seed,
            on_progress=lambda done, total: report("gallery", done, total),
        )  # fmt: skip
    else:
        gallery = without_exemplars(network)
    if labelled is None:
        features, pooled = features[:0], pooled[:0]
    labels = np.zeros(0, np.int64) if labelled is None else index[labelled.labels]
    study = Study(
        id="", name=name, kind="classifier", folder=None, classes=knowledge.classes, seen=seen, knowledge=knowledge, encoding="plain",
        network=network, preprocess=preprocess, head=head, targets=targets, mapping=mapping, inverse=inverse, operator=G,
        affine=affine,
        choices=Choices(ridge=ridge, inverse_ridge=inverse.ridge, decay=0.0, mu=mu, gamma=gamma, gamma_unit=1.0, folds=0, cross_validated_H=0.0,
                        calibration="gamma" if stolen is None else "stolen share"),
        neurons=neurons_from(names, knowledge),
        features=features.half(), pooled=pooled.half(), labels=labels, split=np.full(len(labels), "test_seen"),
        paths=() if labelled is None else labelled.paths, gallery=gallery,
        split_hash="0" * 16 if dataset is None else dataset.split_hash,
        seed=settings.seed,
        stolen_share=stolen,
        provenance={
            **settings.provenance, "layer": network.layer, "backbone": network.name, "settings": asdict(settings) | {"provenance": None},
            "shuffled_names_fraction": names.shuffled_fraction, "names_unit": "classes", "skipped": [],
            "calibrated_on": 0 if labelled is None else len(labelled.paths),
            "split": "the head's own classes are seen, described ones are not; no picture was trained on here",
        },
    )  # fmt: skip
    study = replace(study, temperature=temperature_of(study))
    if labelled is not None:
        report("leaving classes out", 0, 1)
        measured = classifier_json(study, evaluate_classifier(study))
        study = replace(study, provenance={**study.provenance, "measured": measured})
        report("leaving classes out", 1, 1)
    if settings.keep == "figures":
        if labelled is not None:
            limit, figures = measure_novelty(
                network, preprocess, targets, labelled, pooled, seed=settings.seed, progress=report
            )
            study = replace(study, novelty_limit=limit, provenance={**study.provenance, "novelty": figures})
        study = without_photographs(study)
    if samples is not None:
        study = with_samples(study, samples, lambda images: _extract(network, preprocess, images, device, report))
    return save_study(study, out)


@torch.no_grad()
def _rounded(network: SplitNetwork) -> SplitNetwork:
    """The network with every weight rounded to half precision, in single precision."""
    for value in network.state_dict().values():
        if value.is_floating_point():
            value.copy_(value.half().float())
    return network


def _stolen_share(
    head: Head, features: Tensor, described: Tensor, other: np.ndarray, settings: ClassifierSettings
) -> StolenShare:
    """Biases of ``described`` rows (U,D), each at the share that was asked for or less, so that all together take no more than TOGETHER; the anchor,
    for classes that are built later, is what the head's own classes need when they are left out (``other`` (n,C) margins)."""
    best = head.logits(features).max(1).values  # (n,)
    margin = (features @ described.T + head.biases.mean() - best[:, None]).double().numpy()  # (n, U)
    biases = np.zeros(len(described))
    for share in settings.share * 2.0 ** -np.arange(12.0):
        biases = share_biases(margin, float(share)) if len(described) else biases
        if not len(described) or (margin + biases > 0).any(1).mean() <= TOGETHER:
            break
    anchor = float(share_biases(other, settings.share).mean())
    return StolenShare(settings.share, SHRINKAGE, anchor, 1.0, best, torch.from_numpy(biases).float())


@torch.no_grad()
def _extract(
    network: SplitNetwork,
    preprocess: Preprocess,
    photographs: Sequence[Path | Image.Image],
    device: torch.device | str,
    report: Progress,
) -> tuple[Tensor, Tensor]:
    """((n,D) features, (n,N) pooled activations) of the photographs; none without them."""
    features, pooled = [torch.zeros(0, network.features)], [torch.zeros(0, network.neurons)]
    network.to(device)
    for start in range(0, len(photographs), BATCH):
        batch = photographs[start : start + BATCH]
        inputs = torch.stack([preprocess(open_image(item) if isinstance(item, Path) else item) for item in batch])
        activations = network.stem(inputs.to(device))
        features.append(network.tail(activations).cpu())
        pooled.append(activations.flatten(2).mean(2).cpu())
        report("reading photographs", min(start + BATCH, len(photographs)), len(photographs))
    network.to("cpu")
    return torch.cat(features), torch.cat(pooled)


def _operator(
    network: SplitNetwork, preprocess: Preprocess, folder: PhotographFolder | None, seed: int, report: Progress
) -> Tensor | None:
    """``G`` (N,D) over photographs where there are any, else over noise; None where it is the identity."""
    if network.identity_tail:
        return None
    inputs = probe_inputs("noise" if folder is None else str(folder.root), preprocess, count=PROBES, seed=seed)
    with torch.no_grad():
        batches = [network.stem(part) for part in inputs.split(8)]
    return operator(network, batches, on_batch=lambda done: report("importance operator", done, len(inputs))).detach()


def _dataset(
    name: str, knowledge: Knowledge, seen: np.ndarray, folder: PhotographFolder, labels: np.ndarray
) -> Dataset:
    """The photographs as a set in which nothing is trained on."""
    return Dataset(
        name=name, root=folder.root, classes=knowledge.classes, seen=seen, paths=folder.paths, labels=labels,
        train=np.zeros(len(folder.paths), bool), knowledge=knowledge, trained_elsewhere=True,
    )  # fmt: skip
