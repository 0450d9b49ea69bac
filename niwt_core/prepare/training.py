"""Fine-tuning on the seen classes: a few epochs, resumable, the same on one process or several.

Batch-normalisation statistics stay frozen, so that a batch split over processes gives the gradient of the whole batch. Each picture's
augmentation is drawn from (seed, epoch, index), so that it does not matter which process draws it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.data.dataset import Dataset
from niwt_core.device import has_bfloat16
from niwt_core.errors import NiwtError
from niwt_core.method.head import Head
from niwt_core.prepare.checkpoint import resume_training, save_training

ensure_torchvision()

from torchvision.transforms import ColorJitter, Compose, RandomHorizontalFlip, RandomResizedCrop  # noqa: E402 - it cannot be imported before


@dataclass(frozen=True)
class TrainingSettings:
    """One cycle of cosine decay after a short warm-up, by "sgd" (Nesterov) or "adamw".

    rate and head_rate are peak learning rates; the head's is for features of mean length one. ``frozen_share`` of the chain's layers, from the input
    on, are left alone. ``jitter`` is the range of brightness and contrast. ``batch_statistics`` trains batch normalisation as usual (from scratch);
    otherwise the network stays in evaluation mode, its statistics as they came.
    """

    epochs: int
    batch: int = 32
    rate: float = 0.01
    head_rate: float = 0.1
    decay: float = 1e-4
    smoothing: float = 0.1
    momentum: float = 0.9
    warm_up: float = 0.1
    smallest_crop: float = 0.5
    seed: int = 0
    batch_statistics: bool = False
    optimiser: str = "sgd"
    frozen_share: float = 0.0
    jitter: float = 0.0

    def __post_init__(self) -> None:
        if self.epochs < 0 or self.epochs > 10_000:
            raise NiwtError(f"{self.epochs} epochs", where="--epochs", fix="give a number from 0 (frozen) to 10000")


class TrainingPictures(TorchDataset):
    """Augmented (input (3,s,s), local label) of training pictures in the order of one epoch."""

    def __init__(self, dataset: Dataset, preprocess: Preprocess, settings: TrainingSettings, epoch: int) -> None:
        self.dataset, self.preprocess, self.settings, self.epoch = dataset, preprocess, settings, epoch
        train = np.flatnonzero(dataset.train)
        self.order = np.random.default_rng([settings.seed, epoch]).permutation(train)
        self.local = np.cumsum(dataset.seen) - 1  # class index -> row of the head
        crop = RandomResizedCrop(
            preprocess.size, scale=(settings.smallest_crop, 1.0), ratio=(0.8, 1.25), antialias=True
        )
        light = [ColorJitter(brightness=settings.jitter, contrast=settings.jitter)] if settings.jitter else []
        self.augment = Compose([crop, RandomHorizontalFlip(), *light])

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, item: int) -> tuple[Tensor, int]:
        index = int(self.order[item])
        try:
            image = self.dataset.picture(index)
        except NiwtError:  # it will be named when features are extracted; here another picture of the epoch stands in
            return self[(item + 1) % len(self)]
        seed = int(np.random.SeedSequence([self.settings.seed, self.epoch, index]).generate_state(1)[0])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            image = self.augment(image)
        return self.preprocess(image), int(self.local[self.dataset.labels[index]])


def fine_tune(
    network: SplitNetwork,
    dataset: Dataset,
    preprocess: Preprocess,
    accelerator: Accelerator,
    work: Path,
    settings: TrainingSettings,
    *,
    start: Head | None = None,
    progress: Callable[[str, int, int], None],
) -> None:
    """Fine-tunes ``network`` in place on the training pictures; a checkpoint in ``work`` after every epoch lets it resume.

    ``start`` is a head over the seen classes to begin with, such as logistic regression on the frozen features; a random one without it.
    """
    install_head(network, int(dataset.seen.sum()), start, seed=settings.seed)
    network.requires_grad_(True).to(accelerator.device)
    for program in network.chain[: int(settings.frozen_share * len(network.chain))]:
        program.requires_grad_(False)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = _optimiser(_groups(network, settings, 1.0 if start is None else start.scale), settings)
    checkpoint = work / "training.safetensors"
    first = resume_training(network, optimiser, checkpoint)
    if first < settings.epochs:
        model, optimiser = accelerator.prepare(network, optimiser)
        for epoch in range(first, settings.epochs):
            _epoch(
                model,
                optimiser,
                accelerator,
                TrainingPictures(dataset, preprocess, settings, epoch),
                settings,
                epoch,
                progress,
            )
            if accelerator.is_main_process:
                save_training(network, optimiser, checkpoint, epoch + 1)
            accelerator.wait_for_everyone()
    network.requires_grad_(False).eval()


def install_head(network: SplitNetwork, classes: int, head: Head | None, *, seed: int) -> None:
    """Gives the network a head of ``classes`` rows: the fitted one, or a random one."""
    layer = network.replace_head(classes, seed=seed)
    if head is not None:
        with torch.no_grad():
            layer.weight.copy_(head.rows)
            layer.bias.copy_(head.offsets())


def _optimiser(groups: list[dict], settings: TrainingSettings) -> torch.optim.Optimizer:
    if settings.optimiser == "adamw":
        return torch.optim.AdamW(groups, lr=settings.rate)
    return torch.optim.SGD(groups, lr=settings.rate, momentum=settings.momentum, nesterov=True)


def _groups(network: SplitNetwork, settings: TrainingSettings, scale: float) -> list[dict]:
    head_rate = settings.head_rate / scale  # a head for features of length ``scale`` takes steps that much smaller
    head = list(network.head.parameters())
    of_head = {id(parameter) for parameter in head}
    body = [parameter for parameter in network.parameters() if id(parameter) not in of_head and parameter.requires_grad]
    return [
        {"params": [p for p in body if p.ndim > 1], "peak": settings.rate, "weight_decay": settings.decay},
        {"params": [p for p in body if p.ndim <= 1], "peak": settings.rate, "weight_decay": 0.0},
        {"params": head, "peak": head_rate, "weight_decay": settings.decay},
    ]


def _epoch(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    accelerator: Accelerator,
    pictures: TrainingPictures,
    settings: TrainingSettings,
    epoch: int,
    progress: Callable[[str, int, int], None],
) -> None:
    processes = accelerator.num_processes  # they share every batch evenly
    batch = max(processes, min(settings.batch, len(pictures)) // processes * processes)
    loader = accelerator.prepare(DataLoader(pictures, batch_size=batch, drop_last=True, num_workers=0))
    steps = len(pictures) // batch
    device = accelerator.device.type
    half = device == "cuda" or (device == "cpu" and has_bfloat16())
    model.train(settings.batch_statistics)
    for step, (x, labels) in enumerate(loader):
        fraction = (epoch * steps + step) / (settings.epochs * steps)
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * schedule(fraction, settings.warm_up)
        with torch.autocast(device, dtype=torch.bfloat16, enabled=half):
            logits = model(x.contiguous(memory_format=torch.channels_last))
        loss = F.cross_entropy(logits.float(), labels, label_smoothing=settings.smoothing)
        optimiser.zero_grad()
        accelerator.backward(loss)
        optimiser.step()
        progress("fine-tuning", epoch * steps + step + 1, settings.epochs * steps)


def schedule(fraction: float, warm_up: float) -> float:
    """Linear warm-up, then half a cosine down to zero; ``share`` of training done, 0..1."""
    if fraction < warm_up:
        return (fraction + 1e-3) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (fraction - warm_up) / (1 - warm_up)))
