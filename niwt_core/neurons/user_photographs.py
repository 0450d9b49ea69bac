"""A person's own photographs beside a study: what excites each neuron among them, and their features. The study's folder is not touched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.files import digest
from niwt_core.neurons.exemplars import EXEMPLARS
from niwt_core.neurons.photograph_store import PhotographStore, Shard, merge_strongest


@dataclass(frozen=True, eq=False)
class UserPhotographs:
    """n photographs of a folder, encoded; shown like a `Gallery`.

    paths: below ``folder``; unreadable: (path, reason). top (N,T): of each neuron the photographs that excite it most, best first; maps (N,T,h,w)
    uint8 its activation there, 255 = peaks (N,). id: 16 hex digits over what is shown.
    """

    folder: Path
    paths: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]
    top: np.ndarray
    maps: np.ndarray
    peaks: np.ndarray
    id: str
    shards: tuple[Shard, ...]
    places: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return len(self.paths)

    def __repr__(self) -> str:
        return f"<UserPhotographs: {len(self)} of {self.folder}, {len(self.unreadable)} unreadable>"

    def jpeg(self, item: int) -> bytes:
        """A small JPEG of photograph ``item``, upright and whole."""
        shard, row = self.places[item]
        return self.shards[shard].jpeg(row)

    def map(self, neuron: int, place: int) -> np.ndarray:
        """(h,w) float32 activation of a neuron on its photograph number ``place``."""
        return self.maps[neuron, place].astype(np.float32) * (self.peaks[neuron] / 255)

    @cached_property
    def features(self) -> Tensor:
        """(n,D) float16."""
        return torch.stack([self.shards[shard].features[row] for shard, row in self.places])

    @cached_property
    def pooled(self) -> Tensor:
        """(n,N) float16 mean activations."""
        return torch.stack([self.shards[shard].pooled[row] for shard, row in self.places])


_STORES: WeakKeyDictionary[SplitNetwork, PhotographStore] = WeakKeyDictionary()  # hashing a network takes a moment


def store_of(network: SplitNetwork, preprocess: Preprocess) -> PhotographStore:
    """Where the photographs that were read for a network are kept, in the user's cache."""
    if network not in _STORES:
        _STORES[network] = PhotographStore.of(network, preprocess)
    return _STORES[network]


def user_photographs(network: SplitNetwork, preprocess: Preprocess) -> UserPhotographs | None:
    """The photographs that were read for a network, by whichever study; None where none were, or the cache has lost them."""
    return shown_photographs(store_of(network, preprocess))


def shown_photographs(store: PhotographStore) -> UserPhotographs | None:
    """What a store shows at present."""
    shown = store.read_set()
    if shown is None or not shown.pictures:
        return None
    items = {key: item for item, (_, key, _) in enumerate(shown.pictures)}
    shards = tuple(shard for shard in store.shards() if all(key in items for key in shard.keys))
    places = {key: (s, row) for s, shard in enumerate(shards) for row, key in enumerate(shard.keys)}
    if len(places) < len(items):
        return None
    parts = []
    for shard in shards:
        item_of = torch.tensor([items[key] for key in shard.keys])
        parts.append((item_of[shard.top], shard.values, shard.maps, shard.peaks))
    top, maps, peaks = merge_strongest(parts, EXEMPLARS)
    return UserPhotographs(
        folder=Path(shown.folder),
        paths=tuple(path for path, _, _ in shown.pictures),
        unreadable=shown.unreadable,
        top=top.numpy(),
        maps=maps.numpy(),
        peaks=peaks.numpy(),
        id=digest(shown.folder, *items),
        shards=shards,
        places=tuple(places[key] for key in items),
    )
