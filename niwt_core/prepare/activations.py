"""What a network makes of a set's pictures: features, pooled activations, and whole activations of a few, with what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.data.dataset import Dataset, Skipped
from niwt_core.evaluation.parallel import side_by_side
from niwt_core.method.importance import class_targets, importances, operator, unit
from niwt_core.prepare.extraction import extract

TARGET_PICTURES = 12  # a class: its mean unit importance moves by less than 0.01 in cosine beyond that


def kept_pictures(
    labels: np.ndarray, train: np.ndarray, seen: np.ndarray, *, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Training pictures whose whole activations are needed: (some of each seen class for its mean importance, ``count`` for the operator).

    labels (n,), train (n,) bool, seen (C,) bool; picture indices, by chance.
    """
    random, pictures = np.random.default_rng(seed), np.flatnonzero(train)
    of_class = (pictures[labels[pictures] == c] for c in np.flatnonzero(seen))
    targets = np.concatenate([random.permutation(indices)[:TARGET_PICTURES] for indices in of_class])
    return targets, random.permutation(pictures)[:count]


@dataclass(frozen=True, eq=False)
class PictureActivations:
    """features (n,D), pooled (n,N), labels (n,), usable (n,) bool; ``activations`` holds those of the pictures ``kept``, of which ``targets``
    give the mean importance of each class and ``probes`` the operator (all three are picture indices; empty where the tail is the identity)."""

    network: SplitNetwork
    labels: np.ndarray
    features: Tensor
    pooled: Tensor
    usable: np.ndarray
    skipped: tuple[Skipped, ...]
    activations: Tensor | None
    kept: np.ndarray
    targets: np.ndarray
    probes: np.ndarray

    @classmethod
    def collect(
        cls,
        network: SplitNetwork,
        dataset: Dataset,
        preprocess: Preprocess,
        accelerator: Accelerator,
        folder: Path,
        *,
        seed: int,
        probe_count: int,
        batch: int,
        on_progress: Callable[[int, int], None],
        key: str = "",
    ) -> PictureActivations:
        """Runs the pictures of ``dataset`` through ``network``, into resumable shards in ``folder``."""
        targets = probes = np.zeros(0, np.int64)
        if not network.identity_tail:
            targets, probes = kept_pictures(dataset.labels, dataset.train, dataset.seen, count=probe_count, seed=seed)
        kept = np.union1d(targets, probes)
        folder.mkdir(parents=True, exist_ok=True)
        out = extract(
            network,
            dataset,
            preprocess,
            accelerator,
            folder,
            keep=kept.tolist(),
            batch=batch,
            key=key,
            on_progress=on_progress,
        )
        # What a study keeps is half precision, so choices are made on that too: `evaluate` then sees what `prepare` saw.
        features = out.features.half().float()
        pooled = features if network.identity_tail else out.pooled.half().float()
        usable = out.usable
        return cls(
            network,
            dataset.labels,
            features,
            pooled,
            usable,
            out.skipped,
            out.activations,
            kept,
            targets[usable[targets]],
            probes[usable[probes]],
        )

    @classmethod
    def of_features(cls, network: SplitNetwork, dataset: Dataset, features: Tensor) -> PictureActivations:
        """Features (n,D) that were computed elsewhere; each is a neuron, and there is no map."""
        half, none = features.half().float(), np.zeros(0, np.int64)
        usable = np.ones(len(half), dtype=bool)
        return cls(network, dataset.labels, half, half, usable, (), None, none, none, none)

    def class_targets(self, rows: Tensor, classes: np.ndarray) -> Tensor:
        """(C',N) mean unit importance of ``classes`` (C',) under their head ``rows`` (C',D)."""
        if self.network.identity_tail:
            return unit(rows)
        pictures = self.targets[np.isin(self.labels[self.targets], classes)]
        parts = np.array_split(pictures, max(1, len(pictures) // 32))
        batches = ((self.of(part), torch.from_numpy(np.searchsorted(classes, self.labels[part]))) for part in parts)
        return class_targets(self.network, batches, rows, classes=len(classes))

    def class_targets_of(self, heads: Sequence[tuple[Tensor, np.ndarray]]) -> list[Tensor]:
        """`class_targets` of several heads (rows (C',D), classes (C',)): a picture passes the tail once for all of them, not once for each."""
        if self.network.identity_tail:
            return [unit(rows) for rows, _ in heads]
        targets = [torch.zeros(len(classes), self.network.neurons) for _, classes in heads]

        def of_class(c: int) -> list[tuple[int, int, Tensor]]:
            pictures = self.targets[self.labels[self.targets] == c]
            if not len(pictures):
                return []
            places = [(i, int(np.searchsorted(classes, c))) for i, (_, classes) in enumerate(heads) if c in classes]
            rows = torch.stack([heads[i][0][place] for i, place in places])  # (R, D)
            alphas = importances(self.network, self.of(pictures), rows.unsqueeze(1).expand(-1, len(pictures), -1))
            return [(*place, mean) for place, mean in zip(places, unit(alphas).mean(1), strict=True)]

        for means in side_by_side(of_class, np.unique(np.concatenate([classes for _, classes in heads])).tolist()):
            for i, place, mean in means:
                targets[i][place] = mean
        return targets

    def of(self, pictures: np.ndarray) -> Tensor:
        """Whole activations (m,N,...) of kept pictures."""
        assert self.activations is not None
        return self.activations[torch.from_numpy(np.searchsorted(self.kept, pictures))]

    def operator(self, on_batch: Callable[[int], None] | None = None) -> Tensor | None:
        """``G`` (N,D) over its own probe pictures; None where it is the identity."""
        if self.network.identity_tail:
            return None
        return operator(self.network, self.of(self.probes).split(8), on_batch=on_batch).detach()

    def only_usable(self) -> PictureActivations:
        """The same without the pictures that could not be read."""
        places = np.cumsum(self.usable) - 1  # old index -> new
        usable = torch.from_numpy(self.usable)
        moved = {name: places[getattr(self, name)] for name in ("targets", "probes")}
        kept = self.usable[self.kept]
        activations = None if self.activations is None else self.activations[torch.from_numpy(kept)]
        return replace(
            self,
            labels=self.labels[self.usable],
            features=self.features[usable],
            pooled=self.pooled[usable],
            usable=np.ones(int(self.usable.sum()), dtype=bool),
            activations=activations,
            kept=places[self.kept[kept]],
            **moved,
        )

    def spread(self, places: np.ndarray, total: int) -> PictureActivations:
        """The same with its pictures at ``places`` of ``total``: features of the others are zero, and must not be asked for."""
        features = torch.zeros(total, self.features.shape[1])
        features[torch.from_numpy(places)] = self.features
        labels = np.full(total, -1)
        labels[places] = self.labels
        moved = {name: places[getattr(self, name)] for name in ("kept", "targets", "probes")}
        return replace(self, features=features, pooled=features, labels=labels, **moved)
