"""A Study: everything that was prepared once, ready to answer questions.

Plain data with a few derived views. ``niwt_core.study.storage`` reads and writes it; ``Classifier`` and ``evaluate`` work on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.errors import NiwtError
from niwt_core.evaluation.selection import Calibration
from niwt_core.evaluation.stolen_share import StolenShare
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.class_names import class_key, closest, display_name, listing
from niwt_core.knowledge.encoder import KnowledgeEncoder
from niwt_core.knowledge.encoding import Encoding
from niwt_core.knowledge.kernel import Kernel
from niwt_core.knowledge.texts import Texts
from niwt_core.method.head import Head
from niwt_core.method.mapping import LinearMap
from niwt_core.method.transfer.exact import AffineForm
from niwt_core.neurons.exemplars import Gallery
from niwt_core.neurons.neuron import Neuron
from niwt_core.study.provenance import Source

if TYPE_CHECKING:
    from niwt_core.audit.simulate import Simulation
    from niwt_core.classify.classifier import Classifier
    from niwt_core.classify.recipe import Recipe


@dataclass(frozen=True)
class Choices:
    """Hyper-parameters, all chosen on seen classes: ridge of the map and of the inverse map, decay of the head, mu of the transfer, gamma in
    logits (``gamma_unit`` turns the folds' units into logits), the H that the folds saw, and the table of trials; baselines: what the
    same folds chose for each baseline; calibration: which one the folds preferred (with gamma they saw ``gamma_H``); at_end: choices that lie
    at the end of what was tried."""

    ridge: float
    inverse_ridge: float
    decay: float
    mu: float
    gamma: float
    gamma_unit: float
    folds: int
    cross_validated_H: float
    trials: tuple[Mapping[str, float], ...] = ()
    calibration: Calibration = "gamma"
    gamma_H: float = 0.0
    at_end: tuple[str, ...] = ()
    baselines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Study:
    """C classes (``seen`` marks those with training pictures), N neurons, D features, K knowledge columns.

    Attributes:
        id: 16 hex digits over the content; recipes name it.
        network: the split network, without a fitted head (see ``head``).
        head: rows of the seen classes in the order of ``seen_classes``, about the feature mean.
        targets: (Cs,N) mean unit importance of each seen class.
        mapping: encoded description -> importance; ``inverse``: unit importance -> raw knowledge values.
        operator: ``G`` (N,D), or None where the tail is global average pooling.
        affine: ``w = P k + q`` up to its norm.
        kernel: of the captions, where knowledge is captions; texts: a second description of every class, beside attributes.
        temperature: by what calibrated logits are divided before a softmax; None where it was never fitted (see `temperature_of`).
        novelty_limit: up to which distance from its head a picture is familiar, measured where the study keeps no features (`HeadNovelty`); or None.
        detectors: of attributes, where they were fitted on pictures that the study does not hold (see `Detectors.tensors`); None: they are fitted
            when first asked for.
        features: (n,D) float16 of all pictures; pooled (n,N) their mean activations; labels (n,); split (n,) their roles: "train", "test_seen",
            "test_unseen", or "sample" (shown, never measured on).
    """

    id: str
    name: str
    kind: str
    folder: Path | None
    classes: tuple[str, ...]
    seen: np.ndarray
    knowledge: Knowledge
    encoding: Encoding
    network: SplitNetwork
    preprocess: Preprocess
    head: Head
    targets: Tensor
    mapping: LinearMap
    inverse: LinearMap
    operator: Tensor | None
    affine: AffineForm
    choices: Choices
    neurons: tuple[Neuron, ...]
    features: Tensor
    pooled: Tensor
    labels: np.ndarray
    split: np.ndarray
    paths: tuple[str, ...]
    gallery: Gallery
    split_hash: str
    seed: int
    provenance: Mapping[str, Any] = field(default_factory=dict)
    kernel: Kernel | None = None
    texts: Texts | None = None
    stolen_share: StolenShare | None = None
    temperature: float | None = None
    detectors: Mapping[str, Tensor] | None = None
    novelty_limit: float | None = None

    def __repr__(self) -> str:
        return (
            f"<Study {self.name}: {len(self.seen_classes)} seen and {len(self.unseen_classes)} unseen classes, {self.network.neurons} neurons "
            f"at {self.network.layer}, {self.knowledge.kind}, id {self.id}>"
        )

    @cached_property
    def seen_classes(self) -> tuple[str, ...]:
        return tuple(name for name, seen in zip(self.classes, self.seen, strict=True) if seen)

    @cached_property
    def unseen_classes(self) -> tuple[str, ...]:
        return tuple(name for name, seen in zip(self.classes, self.seen, strict=True) if not seen)

    @property
    def gamma(self) -> float:
        """What is taken from seen logits: nothing where described classes have biases of their own (`calibration`)."""
        return 0.0 if self.calibration == "stolen share" else self.choices.gamma

    @property
    def calibration(self) -> Calibration:
        """How described classes are held in balance with seen ones; studies of early versions know gamma alone."""
        return "gamma" if self.stolen_share is None else self.choices.calibration

    @property
    def calibration_pictures(self) -> np.ndarray:
        """(n,) bool: the pictures of seen classes on which stolen shares are counted: training ones, or all where the head was trained elsewhere."""
        return np.asarray(self.split == ("test_seen" if self.kind == "classifier" else "train"))

    @cached_property
    def encoder(self) -> KnowledgeEncoder:
        """Raw descriptions to what the maps see."""
        memory = self.provenance.get("captions")
        return KnowledgeEncoder(self.knowledge, self.seen, self.encoding, self.kernel, self.texts, memory)

    @cached_property
    def source(self) -> Source:
        """Where pictures and descriptions came from."""
        return Source.from_dict({"kind": self.kind, **self.provenance.get("source", {})})

    @property
    def encoded_knowledge(self) -> np.ndarray:
        """(C,E) float64 encoded descriptions of all classes."""
        return self.encoder.encoded

    def over_knowledge(self, block: np.ndarray | None = None) -> tuple[AffineForm, Tensor, Tensor]:
        """(affine form, (K,N) weight and (N,) offset of the map) over the columns of ``knowledge`` alone.

        Where the study has ``texts``, their encoded ``block`` (E-K,) is held, that of nothing said by default.
        """
        weight, offset = self.mapping.weight, self.mapping.offset
        if self.texts is None:
            return self.affine, weight, offset
        K, P = len(self.knowledge.names), self.affine.P
        block_values = torch.from_numpy(self.texts.unsaid if block is None else block).to(P)
        return (
            AffineForm(P[:, :K], self.affine.q + P[:, K:] @ block_values, self.affine.norm),
            weight[:K],
            offset + block_values @ weight[K:],
        )

    def transferred_row(self, c: int) -> Tensor:
        """(D,) head row that the transfer gives for the description of class ``c``, seen or not."""
        return self.affine.solve(self.encoded_knowledge[c])

    @cached_property
    def transferred_bias(self) -> float:
        """Bias of a class that was transferred, before calibration: the mean seen bias about the feature mean."""
        return float(self.head.biases.mean())

    @property
    def typical_bias(self) -> float:
        """The bias of a described class of which nothing else is known."""
        stolen = self.stolen_share if self.calibration == "stolen share" else None
        return self.transferred_bias + (stolen.anchor if stolen is not None else 0.0)

    @cached_property
    def full_head(self) -> Head:
        """Seen and unseen classes together, in the order of ``classes``: learned rows for the seen, transferred for the unseen, with the biases of
        their stolen share."""
        rows = torch.empty(len(self.classes), self.head.rows.shape[1])
        biases = torch.full((len(self.classes),), self.transferred_bias)
        where = torch.from_numpy(self.seen)
        rows[where], biases[where] = self.head.rows, self.head.biases
        for c in np.flatnonzero(~self.seen):
            rows[c] = self.transferred_row(int(c))
        if self.stolen_share is not None and self.calibration == "stolen share":
            biases[~where] += self.stolen_share.biases
        return Head(rows, biases, self.head.mean)

    @cached_property
    def predictability(self) -> Mapping[str, float]:
        """Leave-one-class-out cosine of each seen class."""
        return dict(zip(self.seen_classes, self.mapping.predictability.tolist(), strict=True))

    def class_index(self, name: str) -> int:
        """The index of a class by its name, official or as people write it. Raises NiwtError with the closest names."""
        if name in self.classes:
            return self.classes.index(name)
        alike = [i for i, other in enumerate(self.classes) if class_key(other) == class_key(name)]
        if len(alike) > 1:
            either = " or ".join(self.classes[i] for i in alike[:3])
            raise NiwtError(f"{name!r} may be {either}", where=f"study {self.name}", fix="write it as it is there")
        if alike:
            return alike[0]
        near = closest(name, [display_name(other) for other in self.classes])
        raise NiwtError(
            f"no class {name!r}",
            where=f"study {self.name}",
            fix=f"did you mean {listing(near)}?" if near else "see `niwt info` for the classes",
        )

    def classifier(self, *, unseen: bool = True) -> Classifier:
        """A classifier over the seen classes, with the study's unseen classes unless ``unseen`` is false."""
        from niwt_core.classify.classifier import (
            Classifier,  # a promised shortcut: the one way up from a study to what answers with it
        )

        return Classifier(self, unseen=unseen)

    def imagine(
        self, description: Mapping[str, Any] | Recipe, *, n: int = 32, seed: int = 0, name: str = "Imagined bird"
    ) -> Simulation:
        """Fresh pictures of a description, its classifier, and how many it recognises; for a study of the Aviary. Raises NiwtError."""
        from niwt_core.audit.simulate import imagine  # a promised shortcut, as `classifier`

        return imagine(self, description, n=n, seed=seed, name=name)
