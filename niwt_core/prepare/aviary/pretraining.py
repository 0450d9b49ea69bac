"""Pre-trains the Aviary's network on random birds: which attributes does this bird show?

Three tasks at once, all thrown away afterwards: the dictionary's neurons are asked word by word (``attribute_head``), by where they are
strongest and by their mean over all places (which is what a neuron's name is tested on), and the features have to carry every word linearly.
The network is frozen after that; species only ever get a linear head, as with a backbone from ImageNet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.device import has_bfloat16
from niwt_core.prepare.aviary.attribute_head import AttributeHead, strongest
from niwt_core.prepare.checkpoint import resume_training, save_training
from niwt_core.prepare.training import schedule


@dataclass(frozen=True)
class Pretraining:
    """Random birds seen ``epochs`` times; AdamW with one cycle."""

    epochs: int = 8
    batch: int = 64
    rate: float = 3e-3
    decay: float = 0.02
    warm_up: float = 0.15
    seed: int = 0


class _Tasks(nn.Module):
    """x (B,3,s,s) -> logits (B,K) of every task: neurons where they are strongest, neurons on average, features."""

    def __init__(self, network: SplitNetwork, attributes: int) -> None:
        super().__init__()
        self.network = network
        self.strongest = AttributeHead(network.neurons, attributes)
        self.average = AttributeHead(network.neurons, attributes)
        self.reader = nn.Linear(network.features, attributes)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        activations = self.network.stem(x)
        features = self.network.tail(activations)
        with torch.autocast(x.device.type, enabled=False):
            maps = self.network.spatial(activations).float()  # (B, N, h, w)
            return self.strongest(strongest(maps)), self.average(maps.mean((2, 3))), self.reader(features.float())


def pretrain(
    network: SplitNetwork,
    preprocess: Preprocess,
    pictures: Tensor,
    attributes: Tensor,
    checkpoint: Path,
    settings: Pretraining,
    *,
    device: torch.device,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Pre-trains ``network`` in place on pictures (n,3,s,s) uint8 with their attributes (n,K); resumes from ``checkpoint``."""
    torch.manual_seed(settings.seed)
    tasks = _Tasks(network, attributes.shape[1]).requires_grad_(True).to(device)
    tasks.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.AdamW(tasks.parameters(), lr=settings.rate, weight_decay=settings.decay)
    first = resume_training(tasks, optimiser, checkpoint)
    mean, std = _scale(preprocess)
    half = device.type == "cuda" or (device.type == "cpu" and has_bfloat16())
    steps, total = len(pictures) // settings.batch, settings.epochs * (len(pictures) // settings.batch)
    tasks.train()
    for epoch in range(first, settings.epochs):
        generator = torch.Generator().manual_seed(settings.seed * 1000 + epoch)
        order = torch.randperm(len(pictures), generator=generator)
        for step in range(steps):
            chosen = order[step * settings.batch : (step + 1) * settings.batch]
            x = (pictures[chosen].float() - mean) / std
            mirrored = torch.rand(len(x), generator=generator) < 0.5
            x[mirrored] = x[mirrored].flip(3)
            x, ground_truth = x.to(device, memory_format=torch.channels_last), attributes[chosen].to(device)
            for group in optimiser.param_groups:
                group["lr"] = settings.rate * schedule((epoch * steps + step) / total, settings.warm_up)
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=half):
                answers = tasks(x)
            wrong = [
                F.binary_cross_entropy_with_logits(logits, ground_truth[:, : logits.shape[1]]) for logits in answers
            ]
            optimiser.zero_grad()
            torch.stack(wrong).sum().backward()
            optimiser.step()
            if progress is not None:
                progress(epoch * steps + step + 1, total)
        save_training(tasks, optimiser, checkpoint, epoch + 1)
    network.requires_grad_(False).eval().to("cpu")


def pooled_activations(
    network: SplitNetwork,
    preprocess: Preprocess,
    pictures: Tensor,
    *,
    batch: int = 64,
    progress: Callable[[int, int], None] | None = None,
) -> Tensor:
    """(m,N) mean activations of pictures (m,3,s,s) uint8 in half precision, as a study keeps its own."""
    middle, std = _scale(preprocess)
    parts = []
    with torch.no_grad():
        for start in range(0, len(pictures), batch):
            x = (pictures[start : start + batch].float() - middle) / std
            activations = network.stem(x.contiguous(memory_format=torch.channels_last))
            mean = network.tail(activations) if network.identity_tail else activations.flatten(2).mean(2)
            parts.append(mean.half())
            if progress is not None:
                progress(min(start + batch, len(pictures)), len(pictures))
    return torch.cat(parts)


def _scale(preprocess: Preprocess) -> tuple[Tensor, Tensor]:
    """Mean and deviation of bytes, each (1,3,1,1)."""
    mean, std = (torch.tensor(value).mul(255).view(1, 3, 1, 1) for value in (preprocess.mean, preprocess.std))
    return mean, std
