"""Do names hold because of what the network has learnt? The same pictures, named anew through shuffled weights, must give almost none.

Shuffled descriptions are one control of a dictionary (they come with the names); shuffled weights are the other (Adebayo et al., "Sanity checks for
saliency maps", NeurIPS 2018). The head, the importances and the names are made again, as `prepare` makes them, on the activations of a network whose
weight tensors have been permuted. Beside it stands what the study's own network gives on the same few pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from niwt_core.audit.ground_truth import in_view, redrawn, shuffled_network
from niwt_core.data.dataset import Dataset
from niwt_core.errors import NiwtError
from niwt_core.method.head import fit_head
from niwt_core.method.importance import class_targets, unit
from niwt_core.method.mapping import fit_map
from niwt_core.neurons.name_dictionary import name_dictionary
from niwt_core.neurons.naming import NeuronNames, all_aurocs, ranks_of
from niwt_core.neurons.naming_by_class_means import class_means
from niwt_core.study.study import Study

TO_NAME, TO_TEST = 8, 4  # pictures of each class: training ones that name, held-out ones that test
AT_ONCE = 32


@dataclass(frozen=True)
class ShuffledNames:
    """On ``pictures``. Percent of the live neurons whose name, made anew on these pictures, is verified: with the study's weights and with shuffled
    ones (of ``live_shuffled``); and how well the names that the study has verified fit its held-out ones (mean AUROC, 0..1) with either."""

    pictures: int
    live_shuffled: int
    verified: float
    verified_shuffled: float
    auroc: float
    auroc_shuffled: float


def audit_shuffled_names(
    study: Study, *, pictures: Dataset | None = None, to_name: int = TO_NAME, to_test: int = TO_TEST, seed: int = 0
) -> ShuffledNames | None:
    """Names the neurons of ``study`` through its own weights and through shuffled ones.

    ``pictures``: the set that the study was made of; the Aviary draws its own. None where names have no words or there are no pictures. Raises
    NiwtError where the set lacks one.
    """
    drawn = study.kind == "aviary" and "aviary" in study.provenance
    if study.knowledge.kind != "attributes" or not (drawn or pictures is not None):
        return None
    chosen = pictures_of_classes(study, to_name, to_test, seed)
    some = torch.from_numpy(chosen)
    if drawn:
        shown = list(redrawn(study, chosen))
        images: Iterator[Image.Image] = (picture.image for picture in shown)
        truth: np.ndarray | None = np.array([in_view(picture, study.knowledge.names) for picture in shown])
    else:
        assert pictures is not None
        places = _places(study, pictures, chosen)
        images = (pictures.picture(place) for place in places)
        truth = None if pictures.picture_attributes is None else pictures.picture_attributes[places]
    dataset = Dataset(
        name=study.name,
        root=Path(),
        classes=study.classes,
        seen=study.seen,
        paths=tuple(study.paths[i] for i in chosen),
        labels=study.labels[chosen],
        train=study.split[chosen] == "train",
        knowledge=study.knowledge,
        picture_attributes=truth,
    )
    with torch.no_grad():
        stored = study.pooled[some].float()
        names = name_dictionary(dataset, study.targets, study.inverse, stored, seed=seed)
        others, targets = _through_shuffled(study, dataset, images, seed)
    inverse = fit_map(unit(targets), torch.from_numpy(study.knowledge.values)[torch.from_numpy(study.seen)])
    shuffled = name_dictionary(dataset, targets, inverse, others, seed=seed)
    return ShuffledNames(
        pictures=len(chosen),
        live_shuffled=int(shuffled.live.sum()),
        verified=_verified(names),
        verified_shuffled=_verified(shuffled),
        auroc=_fit_of_names(study, dataset, stored),
        auroc_shuffled=_fit_of_names(study, dataset, others),
    )


def pictures_of_classes(study: Study, to_name: int, to_test: int, seed: int) -> np.ndarray:
    """Indices of pictures of each class, by chance."""
    random, chosen = np.random.default_rng(seed), []
    for c in range(len(study.classes)):
        for part, most in ((study.split == "train", to_name), (study.split != "train", to_test)):
            chosen.append(random.permutation(np.flatnonzero(part & (study.labels == c)))[:most])
    return np.sort(np.concatenate(chosen))


def _places(study: Study, pictures: Dataset, chosen: np.ndarray) -> list[int]:
    """Where the ``chosen`` pictures of the study are in the set. Raises NiwtError where one is not."""
    place, paths = {path: i for i, path in enumerate(pictures.paths)}, [study.paths[i] for i in chosen]
    for path in paths:
        if path not in place:
            fix = "give the set that the study was made of"
            raise NiwtError(f"no picture {path}", where=str(pictures.root), fix=fix)
    return [place[path] for path in paths]


def _through_shuffled(
    study: Study, dataset: Dataset, images: Iterator[Image.Image], seed: int
) -> tuple[Tensor, Tensor]:
    """Pooled activations (n,N) of the pictures with shuffled weights, and the importances (Cs,N) of seen classes for a head fitted to them."""
    network = shuffled_network(study.network, seed=seed)
    pooled, features, kept = [], [], []
    labels = np.searchsorted(np.flatnonzero(study.seen), dataset.labels)  # of training pictures
    for start in range(0, len(dataset.paths), AT_ONCE):
        at = slice(start, min(start + AT_ONCE, len(dataset.paths)))
        batch = torch.stack([study.preprocess(next(images)) for _ in range(at.start, at.stop)])
        activations = network.stem(batch)
        pooled.append(activations.flatten(2).mean(2))
        features.append(network.tail(activations))
        train = torch.from_numpy(dataset.train[at])
        if not network.identity_tail and train.any():
            kept.append((activations[train], torch.from_numpy(labels[at])[train]))
    train, classes = torch.from_numpy(dataset.train), int(study.seen.sum())
    head = fit_head(
        torch.cat(features)[train], torch.from_numpy(labels)[train], classes=classes, decay=study.choices.decay
    )
    with torch.enable_grad():
        targets = class_targets(network, kept, head.rows, classes=classes)
    return torch.cat(pooled), targets.detach()


def _verified(names: NeuronNames) -> float:
    return 100 * float(names.verified.sum() / max(1, names.live.sum()))


def _fit_of_names(study: Study, dataset: Dataset, pooled: Tensor) -> float:
    """The mean AUROC of the study's verified names on held-out pictures, or on the means of classes where the table is of classes."""
    held_out, columns = ~dataset.train, {name: k for k, name in enumerate(study.knowledge.names)}
    if dataset.picture_attributes is None:
        means = class_means(pooled.numpy(), dataset.labels, held_out, classes=len(study.classes))
        tested = ~np.isnan(means).any(1)
        activations, has = means[tested], study.knowledge.presence()[tested]
    else:
        activations, has = pooled.numpy()[held_out], dataset.picture_attributes[held_out]
    aurocs = all_aurocs(ranks_of(activations), has > 0)
    testable = has.any(0) & ~has.all(0)
    names = [(n.index, columns[n.attribute]) for n in study.neurons if n.status == "verified"]
    fits = [aurocs[neuron, attribute] for neuron, attribute in names if testable[attribute]]
    return float(np.mean(fits)) if fits else float("nan")
