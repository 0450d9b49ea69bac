"""A person's own photographs as a network encodes them, on disk by content: the same file under the same network is encoded once.

A store is a folder of the user's cache, one a network:

    <first key>.safetensors   a shard: features, small pictures, and what excites each neuron most among some hundred photographs
    set.json                  which photographs of which folder are shown at present, and which files could not be read

Shards are whole or absent, so that reading goes on where it was stopped. A cache may be lost or damaged at any time: it then costs time.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.files import cache_folder, digest, write_atomically

PARTS = ("features", "jpegs", "offsets", "top", "values", "maps", "peaks")
SET = "set.json"
VERSION = "1"  # of what a shard holds


@dataclass(frozen=True, eq=False)
class Shard:
    """m encoded photographs.

    keys: of their content; stamps: name, size and time of the file that each was read from. features (m,D) float16; pooled (m,N) float16 mean
    activations; jpegs, offsets (m+1,): small pictures, one after the other. Of each neuron the T photographs that excite it most: top (N,T) rows,
    values (N,T) mean activations, maps (N,T,h,w) uint8 activation, 255 = peaks (N,).
    """

    keys: tuple[str, ...]
    stamps: tuple[str, ...]
    features: Tensor
    pooled: Tensor
    jpegs: Tensor
    offsets: Tensor
    top: Tensor
    values: Tensor
    maps: Tensor
    peaks: Tensor

    def jpeg(self, row: int) -> bytes:
        """The small picture of a photograph."""
        return self.jpegs[int(self.offsets[row]) : int(self.offsets[row + 1])].numpy().tobytes()


@dataclass(frozen=True)
class PhotographSet:
    """Which photographs are shown: the ``folder`` that they were found in, (path below it, key, stamp) of each, and (path, reason) of
    files that could not be read."""

    folder: str
    pictures: tuple[tuple[str, str, str], ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()


class PhotographStore:
    """The encoded photographs of one network."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, network: SplitNetwork, preprocess: Preprocess) -> PhotographStore:
        """The store in the user's cache for a network, its dictionary layer and its preprocessing."""
        weights = [
            part
            for name, value in network.state_dict().items()
            for part in (name, value.detach().cpu().contiguous().numpy().tobytes())
        ]
        settings = json.dumps(preprocess.to_dict(), sort_keys=True)
        return cls(cache_folder() / "photographs" / digest(VERSION, network.name, network.layer, settings, *weights))

    def shards(self) -> list[Shard]:
        """Every shard that can be read."""
        shards = []
        for path in sorted(self.folder.glob("*.safetensors")):
            with contextlib.suppress(OSError, SafetensorError, ValueError, LookupError, TypeError):
                shards.append(_read(path))
        return shards

    def write(self, shard: Shard) -> None:
        """Adds a shard. Raises NiwtError where it cannot be written."""
        tensors = {name: getattr(shard, name).contiguous() for name in PARTS}
        if shard.pooled is not shard.features:
            tensors["pooled"] = shard.pooled.contiguous()
        about = {"keys": json.dumps(shard.keys), "stamps": json.dumps(shard.stamps)}
        write_atomically(self.folder / f"{shard.keys[0]}.safetensors", safetensors_bytes(tensors, metadata=about))

    def drop(self, shard: Shard) -> None:
        """Removes a shard."""
        (self.folder / f"{shard.keys[0]}.safetensors").unlink(missing_ok=True)

    def read_set(self) -> PhotographSet | None:
        """What is shown at present; None where nothing was read, or it cannot be known."""
        try:
            values = json.loads((self.folder / SET).read_text(encoding="utf-8"))
            pictures = tuple((str(path), str(key), str(stamp)) for path, key, stamp in values["pictures"])
            return PhotographSet(
                str(values["folder"]), pictures, tuple((str(a), str(b)) for a, b in values["unreadable"])
            )
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def write_set(self, shown: PhotographSet) -> None:
        """Says what is shown. Raises NiwtError where it cannot be written."""
        write_atomically(self.folder / SET, json.dumps(asdict(shown)).encode())

    def changed(self) -> int:
        """A number that is another one whenever what is shown is; 0 where nothing is."""
        try:
            return (self.folder / SET).stat().st_mtime_ns
        except OSError:
            return 0

    def forget(self) -> None:
        """Removes everything."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _read(path: Path) -> Shard:
    with safe_open(path, framework="pt") as file:
        about: dict[str, Any] = file.metadata()
        tensors = {name: file.get_tensor(name) for name in PARTS}
        pooled = file.get_tensor("pooled") if "pooled" in file.keys() else tensors["features"]  # noqa: SIM118
    keys, stamps = tuple(json.loads(about["keys"])), tuple(json.loads(about["stamps"]))
    rows = {len(keys), len(stamps), len(tensors["features"]), len(pooled), len(tensors["offsets"]) - 1}
    if len(rows) != 1 or not keys:
        raise ValueError("parts of different length")
    return Shard(keys, stamps, pooled=pooled, **tensors)


def merge_strongest(
    shards: Sequence[tuple[Tensor, Tensor, Tensor, Tensor]], count: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Of each neuron the photographs that excite it most in all shards: (top (N,T), maps (N,T,h,w) uint8, peaks (N,)).

    Args:
        shards: of each its top (N,t) as items of the whole, values (N,t), maps (N,t,h,w) uint8, and peaks (N,).
        count: T at most.
    """
    top, values = (torch.cat([shard[part] for shard in shards], 1) for part in (0, 1))
    best = values.topk(min(count, values.shape[1]), dim=1).indices  # (N, T)
    maps = torch.cat([maps for _, _, maps, _ in shards], 1)
    scales = torch.cat([peaks[:, None].expand(-1, maps.shape[1]) for _, _, maps, peaks in shards], 1)
    index = best[:, :, None, None].expand(-1, -1, *maps.shape[2:])
    real = maps.gather(1, index).float() * (scales.gather(1, best)[:, :, None, None] / 255)
    coded, peaks = quantised(real)
    return top.gather(1, best), coded, peaks


def quantised(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Activation maps (N,T,h,w) as uint8 of each neuron's peak, and the peaks (N,)."""
    peaks = maps.flatten(1).amax(1).clamp_min(1e-12)
    coded = (maps / peaks[:, None, None, None] * 255).clamp(0, 255).round().to(torch.uint8)
    return coded, peaks
