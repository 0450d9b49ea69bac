"""Pictures through the network once: features, pooled activations, and whole activations of a few; sharded, resumable.

Runs under Hugging Face Accelerate: each process takes its share of every batch, and results are gathered in order, the same
however many processes there are. A shard that was written is not computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from safetensors import SafetensorError, safe_open
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.data.dataset import Dataset, Skipped
from niwt_core.errors import NiwtError
from niwt_core.files import write_tensors

SHARD = 512  # pictures: about ten seconds of work on two cores, the most that an interruption can cost


@dataclass(frozen=True)
class Extracted:
    """features (n,D) float32; pooled (n,N) float32, the mean activation of each neuron (the features themselves if the tail is the
    identity); activations (m,N,...) of the pictures asked for, in that order; skipped pictures have ``usable`` False and zeros."""

    features: Tensor
    pooled: Tensor
    activations: Tensor | None
    usable: np.ndarray
    skipped: tuple[Skipped, ...]


class Pictures(TorchDataset):
    """(index, input (3,s,s), 1 if it could be read): an unreadable picture becomes zeros, and is named afterwards.

    Whole numbers only beside the input: a Python float would be collated to float64, which Apple's devices do not have.
    """

    def __init__(self, dataset: Dataset, preprocess: Preprocess, indices: Sequence[int]) -> None:
        self.dataset, self.preprocess, self.indices = dataset, preprocess, list(indices)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, item: int) -> tuple[int, Tensor, int]:
        index = int(self.indices[item])
        try:
            return index, self.preprocess(self.dataset.picture(index, at_least=self.preprocess.size)), 1
        except NiwtError:
            return index, torch.zeros(3, self.preprocess.size, self.preprocess.size), 0


def extract(
    network: SplitNetwork,
    dataset: Dataset,
    preprocess: Preprocess,
    accelerator: Accelerator,
    folder: Path,
    *,
    keep: Sequence[int] = (),
    batch: int = 8,
    key: str = "",
    on_progress: Callable[[int, int], None] | None = None,
) -> Extracted:
    """Runs every picture of ``dataset`` through ``network`` (frozen), into shards in ``folder``.

    Args:
        keep: indices whose whole activations are wanted (probes, targets); ignored if the tail is the identity.
        key: of everything that a shard depends on; one with another key, or a damaged one, is made again.
        on_progress: called with (done, total) pictures.
    """
    network = network.to(accelerator.device).eval()
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    wanted = set() if network.identity_tail else {int(index) for index in keep}
    shards = []
    for start in range(0, len(dataset), SHARD):
        path = folder / f"features-{start // SHARD:05d}.safetensors"
        if not _is_of(path, key):
            indices = range(start, min(start + SHARD, len(dataset)))
            tensors = _shard(network, Pictures(dataset, preprocess, indices), accelerator, batch, wanted)
            if accelerator.is_main_process:
                write_tensors(path, tensors, {"key": key})
            accelerator.wait_for_everyone()
        shards.append(path)
        if on_progress is not None:
            on_progress(min(start + SHARD, len(dataset)), len(dataset))
    return _collect(shards, dataset, list(keep) if wanted else [])


def _is_of(path: Path, key: str) -> bool:
    """The shard is there, whole, and was made for ``key``."""
    try:
        with safe_open(path, framework="pt") as shard:
            return bool((shard.metadata() or {}).get("key", "") == key)
    except (OSError, SafetensorError):
        return False


def _shard(
    network: SplitNetwork, pictures: Pictures, accelerator: Accelerator, batch: int, wanted: set[int]
) -> dict[str, Tensor]:
    batch += -batch % accelerator.num_processes  # split evenly among processes
    loader = accelerator.prepare(DataLoader(pictures, batch_size=batch, num_workers=0))
    columns: dict[str, list[Tensor]] = {name: [] for name in ("index", "features", "pooled", "usable", "activations")}
    for index, x, usable in loader:
        with torch.no_grad():
            activations = network.stem(x.contiguous(memory_format=torch.channels_last))
            result = {"index": index, "features": network.tail(activations), "usable": usable.float()}
            if not network.identity_tail:
                result["pooled"] = activations.flatten(2).mean(2)
            if wanted:
                result["activations"] = activations.contiguous()
        gathered = accelerator.gather_for_metrics(result)
        for name, value in gathered.items():
            value = value.cpu()
            if name == "activations":
                value = value[[int(i) in wanted for i in gathered["index"]]]
            columns[name].append(value.contiguous())
    return {name: torch.cat(parts).contiguous() for name, parts in columns.items() if parts}


def _collect(shards: Sequence[Path], dataset: Dataset, keep: list[int]) -> Extracted:
    parts: dict[str, list[Tensor]] = {}
    kept: dict[int, Tensor] = {}
    for path in shards:
        with safe_open(path, framework="pt") as shard:
            for name in shard.keys():  # noqa: SIM118 (a safetensors handle is no mapping)
                if name != "activations":
                    parts.setdefault(name, []).append(shard.get_tensor(name))
            if "activations" in shard.keys():  # noqa: SIM118
                indices = [int(i) for i in shard.get_tensor("index") if int(i) in set(keep)]
                kept.update(zip(indices, shard.get_tensor("activations"), strict=True))
    table = {name: torch.cat(values) for name, values in parts.items()}
    usable = table["usable"].numpy() > 0
    skipped = []
    for i in np.flatnonzero(~usable):
        try:
            dataset.picture(int(i))
            reason = "could not be read"
        except NiwtError as error:
            reason = error.what
        skipped.append(Skipped(dataset.paths[i], reason))
    features = table["features"].float()
    activations = torch.stack([kept[i] for i in keep]) if keep else None
    return Extracted(features, table.get("pooled", features).float(), activations, usable, tuple(skipped))
