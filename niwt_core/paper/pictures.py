"""What the paper's pipeline asks of pictures: importances of the training pictures, one pass over them, and activations of random images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.data.dataset import Dataset
from niwt_core.errors import NiwtError
from niwt_core.files import write_tensors
from niwt_core.images import open_image
from niwt_core.method.importance import importance
from niwt_core.prepare.extraction import Pictures
from niwt_core.prepare.probes import SUFFIXES

BATCH = 8
SHARD = 512  # pictures that an interruption can cost

Report = Callable[[int, int], None]


def picture_importances(
    network: SplitNetwork,
    dataset: Dataset,
    preprocess: Preprocess,
    pictures: np.ndarray,
    heads: Sequence[tuple[Tensor, Tensor]],
    folder: Path,
    *,
    on_picture: Report,
) -> tuple[list[Tensor], np.ndarray]:
    """Importances of ``pictures`` (n,) for one or more heads; whole activations live no longer than a batch.

    Args:
        heads: for each its rows (C,D) and the (n,) row that each picture is asked about, that of its own class.
        folder: shards go there, so that an interrupted run goes on.

    Returns:
        for each head (n,N) float32 on the CPU, and (n,) bool: the picture could be read (the others have zeros).
    """
    device = heads[0][0].device
    parts: list[dict[str, Tensor]] = []
    for start in range(0, len(pictures), SHARD):
        path = folder / f"importances-{start // SHARD:05d}.safetensors"
        if not path.exists():
            batches: list[list[Tensor]] = []
            end = min(start + SHARD, len(pictures))
            for first in range(start, end, BATCH):
                last = min(first + BATCH, end)
                x, usable = _inputs(Pictures(dataset, preprocess, pictures[first:last].tolist()))
                with torch.no_grad():
                    activations = network.stem(x.to(device))
                asked = [importance(network, activations, rows[row_of[first:last]]).cpu() for rows, row_of in heads]
                batches.append([usable, *(alpha * usable.unsqueeze(1) for alpha in asked)])
                on_picture(last, len(pictures))
            tensors = {str(i): torch.cat(column).contiguous() for i, column in enumerate(zip(*batches, strict=True))}
            write_tensors(path, tensors)
        parts.append(load_file(path))
    readable = torch.cat([part["0"] for part in parts]).numpy() > 0
    return [torch.cat([part[str(i + 1)] for part in parts]) for i in range(len(heads))], readable


def random_activations(
    network: SplitNetwork,
    source: str,
    count: int,
    dataset: Dataset,
    preprocess: Preprocess,
    training: np.ndarray,
    *,
    seed: int,
    device: torch.device,
    on_picture: Report,
) -> Tensor:
    """(m,N,...) activations, on the CPU, of ``count`` random images or as many as there are.

    ``source`` is "noise" (standard normal inputs), "seen" (of the ``training`` pictures, indices into ``dataset``) or a folder of photographs,
    searched in depth. Raises NiwtError where no picture can be read.
    """
    if source == "noise":
        inputs = _noise(preprocess, count, seed)
    elif source == "seen":
        chosen = np.random.default_rng(seed).permutation(training)[:count]
        count = len(chosen)
        inputs = _of_set(dataset, preprocess, chosen)
    else:
        folder = Path(source)
        if not folder.is_dir():
            raise NiwtError(f"no folder of images {source!r}", where="--images", fix="give a folder, seen or noise")
        paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        count = min(count, len(paths))
        inputs = _of_folder(paths, preprocess, count, seed)
    pool: Tensor | None = None
    filled = 0
    for x in inputs:
        with torch.no_grad():
            part = network.stem(x.to(device)).cpu()
        if pool is None:  # made once: a list of batches would need the memory twice
            pool = torch.empty(count, *part.shape[1:], dtype=part.dtype)
        pool[filled : filled + len(part)] = part
        filled += len(part)
        on_picture(filled, count)
    if pool is None:
        raise NiwtError("no readable picture", where=source, fix="give a folder of photographs, seen or noise")
    return pool[:filled]


def _inputs(pictures: Pictures) -> tuple[Tensor, Tensor]:
    """(inputs (B,3,s,s), (B,) 1.0 where it could be read)."""
    items = [pictures[i] for i in range(len(pictures))]
    return torch.stack([x for _, x, _ in items]), torch.tensor([usable for _, _, usable in items])


def _noise(preprocess: Preprocess, count: int, seed: int) -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    for first in range(0, count, BATCH):
        yield torch.randn(min(BATCH, count - first), 3, preprocess.size, preprocess.size, generator=generator)


def _of_set(dataset: Dataset, preprocess: Preprocess, chosen: np.ndarray) -> Iterator[Tensor]:
    for first in range(0, len(chosen), BATCH):
        x, usable = _inputs(Pictures(dataset, preprocess, chosen[first : first + BATCH].tolist()))
        if usable.any():
            yield x[usable > 0]


def _of_folder(paths: Sequence[Path], preprocess: Preprocess, count: int, seed: int) -> Iterator[Tensor]:
    """Unreadable files are passed over."""
    waiting: list[Tensor] = []
    left = count
    for i in np.random.default_rng(seed).permutation(len(paths)):
        if not left:
            break
        try:
            waiting.append(preprocess(open_image(paths[i], at_least=preprocess.size)))
        except NiwtError:
            continue
        left -= 1
        if len(waiting) == BATCH:
            yield torch.stack(waiting)
            waiting = []
    if waiting:
        yield torch.stack(waiting)
