"""Random birds: drawn birds of no species, each with its own random attributes. A network is pre-trained on them.

Backbones elsewhere come with ImageNet behind them; the Aviary has no download, and 45 fixed combinations of attributes cannot teach a network
from scratch to tell crown from nape: it learns the species by heart. Random birds stand in for ImageNet. None of them resembles an unseen species:
every one differs from each unseen species in at least ``APART`` attribute groups, so that no unseen combination is ever drawn for training.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from niwt_core.data.aviary.attributes import PART_OF_GROUP, binary_attributes, choose_attributes
from niwt_core.data.aviary.caption import IN_VIEW
from niwt_core.data.aviary.dataset import VERSION
from niwt_core.data.aviary.drawing_pool import drawn
from niwt_core.data.aviary.renderer import draw
from niwt_core.data.aviary.species import species
from niwt_core.files import write_atomically, write_tensors

APART = 4  # groups; relatives of one family differ in six on average
SHARD = 500


def random_bird(seed: int) -> Mapping[str, str]:
    """Random attributes, at least ``APART`` groups away from every unseen species; ``seed`` alone decides them."""
    unseen = [kind.attributes for kind in species() if not kind.seen]
    for attempt in range(1000):
        chosen = choose_attributes({}, seed=_mixed(seed, attempt))
        if all(sum(chosen[group] != kind[group] for group in chosen) >= APART for kind in unseen):
            return chosen
    raise AssertionError("sixteen groups leave room for random birds")


def _mixed(*parts: int) -> int:
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint64)[0] >> 1)


def draw_random_birds(
    folder: Path,
    *,
    count: int,
    size: int,
    seed: int,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Tensor, Tensor]:
    """((count,3,size,size) uint8 pictures, (count,K) float32 attributes in view), in resumable shards in ``folder``.

    A folder that was begun with another seed, size or version of the drawings is emptied first.
    """
    key, marker = f"{VERSION} {size} {seed}\n", folder / "key"
    if folder.exists() and not (marker.is_file() and marker.read_text(encoding="utf-8") == key):
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(marker, key.encode())
    paths = [folder / f"random-birds-{number:03d}.safetensors" for number in range(-(-count // SHARD))]
    waiting = [number for number, path in enumerate(paths) if not path.exists()]
    shards_drawn = drawn(partial(_draw_shard, paths, size, seed), waiting, workers=workers)
    for done, _ in enumerate(shards_drawn, len(paths) - len(waiting) + 1):
        if progress is not None:
            progress(min(done * SHARD, count), count)
    shards = [load_file(path) for path in paths]
    pictures, attributes = (torch.cat([shard[name] for shard in shards])[:count] for name in ("pictures", "words"))
    return pictures, attributes


def _draw_shard(paths: Sequence[Path], size: int, seed: int, number: int) -> int:
    pictures = np.empty((SHARD, 3, size, size), np.uint8)
    attributes = []
    for i in range(SHARD):
        picture_seed = _mixed(seed, 77, number * SHARD + i)
        picture = draw(random_bird(picture_seed), seed=picture_seed, size=size)
        pictures[i] = np.asarray(picture.image).transpose(2, 0, 1)
        shown = {g: v for g, v in picture.attributes.items() if picture.visibility[PART_OF_GROUP[g]] >= IN_VIEW}
        attributes.append(binary_attributes(shown))
    write_tensors(
        paths[number], {"pictures": torch.from_numpy(pictures), "words": torch.from_numpy(np.stack(attributes))}
    )
    return number
