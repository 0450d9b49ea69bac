"""A learned injection after ICIS (Christensen et al., ICCV 2023): small networks between descriptions and classifier rows, no picture needed.

Two encoders and two decoders share a latent space. Trained on the seen pairs of description and row alone by cosine distances: description to
row (what is used), row to description, and each to itself. A cosine says nothing of length, so a new row gets the mean seen one, and the mean
seen bias. The sizes and the training are this project's, chosen for a hundred pairs on a CPU; how long to train is what the folds choose.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from niwt_core.evaluation.baselines.linear import Injection, unit_rows
from niwt_core.evaluation.baselines.protocol import TrainingData

LATENT = 256
STEPS = (15, 25, 40, 60, 100, 160)
RATE = 1e-3
NAMES = ("read words", "read rows", "say words", "say rows")


@dataclass(frozen=True, eq=False)
class Icis(Injection):
    """``layers`` after each number of steps in ``STEPS``."""

    training_data: TrainingData
    kept: dict[int, dict[str, tuple[Tensor, Tensor]]] = field(default_factory=dict)

    name: ClassVar = "ICIS-style"
    grid: ClassVar[tuple[tuple[float, ...], ...]] = tuple((float(steps),) for steps in STEPS)
    every_fold: ClassVar = False

    @classmethod
    @torch.enable_grad()
    def fit(cls, training_data: TrainingData) -> Icis:
        descriptions, rows = pairs(training_data)
        layers = first_layers(descriptions.shape[1], rows.shape[1], seed=training_data.seed)
        parameters = [part for layer in layers.values() for part in layer]
        optimiser = torch.optim.Adam(parameters, lr=RATE)
        kept = {}
        for step in range(1, STEPS[-1] + 1):
            optimiser.zero_grad()
            distances(layers, descriptions, rows).backward()
            optimiser.step()
            if step in STEPS:
                kept[step] = {name: (w.detach().clone(), b.detach().clone()) for name, (w, b) in layers.items()}
        return cls(training_data, kept)

    def inject(self, new: np.ndarray, hyperparameters: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
        """``strength`` is (steps,)."""
        layers, training_data = self.kept[int(hyperparameters[0])], self.training_data
        decoded = say(layers, "say rows", read(layers, "read words", torch.from_numpy(unit_rows(new)).float()))
        length = np.linalg.norm(training_data.rows, axis=1).mean()
        return length * unit_rows(decoded.numpy()), np.full(len(new), training_data.biases.mean())


def pairs(training_data: TrainingData) -> tuple[Tensor, Tensor]:
    """Descriptions (C,K) and rows (C,D) of the seen classes, each of length one."""
    return torch.from_numpy(unit_rows(training_data.knowledge)).float(), torch.from_numpy(
        unit_rows(training_data.rows)
    ).float()


def first_layers(attributes: int, rows: int, *, seed: int) -> dict[str, tuple[Tensor, Tensor]]:
    """Untrained weights (out,in) and biases (out,) of the four layers, uniform within 1/sqrt(in)."""
    random = torch.Generator().manual_seed(seed)
    layers = {}
    for name, (inputs, outputs) in zip(
        NAMES, ((attributes, LATENT), (rows, LATENT), (LATENT, attributes), (LATENT, rows)), strict=True
    ):
        weight = (2 * torch.rand(outputs, inputs, generator=random) - 1) / inputs**0.5
        layers[name] = (weight.requires_grad_(), torch.zeros(outputs, requires_grad=True))
    return layers


def read(layers: dict[str, tuple[Tensor, Tensor]], name: str, x: Tensor) -> Tensor:
    """An encoder: (n,in) -> (n,LATENT)."""
    return F.leaky_relu(F.linear(x, *layers[name]), 0.2)


def say(layers: dict[str, tuple[Tensor, Tensor]], name: str, z: Tensor) -> Tensor:
    """A decoder: (n,LATENT) -> (n,out)."""
    return F.linear(z, *layers[name])


def distances(layers: dict[str, tuple[Tensor, Tensor]], descriptions: Tensor, rows: Tensor) -> Tensor:
    """The sum of the four mean cosine distances."""
    total = torch.zeros(())
    for latent in (read(layers, "read words", descriptions), read(layers, "read rows", rows)):
        for name, wanted in (("say words", descriptions), ("say rows", rows)):
            total = total + (1 - F.cosine_similarity(say(layers, name, latent), wanted, dim=1)).mean()
    return total
