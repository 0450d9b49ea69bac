"""Reads a folder of a person's own photographs: each is encoded once, by content; interrupted, it goes on. Nothing leaves the machine."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.data.picture_files import picture_files
from niwt_core.errors import NiwtError
from niwt_core.files import only_writer, read_bytes
from niwt_core.images import image_hash, open_image
from niwt_core.neurons.exemplars import EXEMPLARS, SIDE, jpeg_bytes, pack
from niwt_core.neurons.photograph_store import PhotographSet, PhotographStore, Shard, quantised
from niwt_core.neurons.user_photographs import UserPhotographs, shown_photographs, store_of
from niwt_core.prepare.progress import Progress

BATCH = 16
TOGETHER = 128  # photographs of a shard: what an interruption may cost
AHEAD = 3  # batches that are decoded or waiting to be
LARGEST = 512 * 2**20  # bytes of a file


@dataclass(frozen=True, eq=False)
class _Read:
    """What became of a file: its key and stamp, its input (3,s,s) and small picture unless the store knows it already, or why it cannot be read."""

    path: Path
    key: str = ""
    stamp: str = ""
    inputs: Tensor | None = None
    jpeg: bytes = b""
    reason: str = ""


@dataclass(eq=False)
class _ShardMaker:
    """A shard in the making: for each neuron it keeps the photographs that excite it most, as they come."""

    reads: list[_Read] = field(default_factory=list)
    features: list[Tensor] = field(default_factory=list)
    pooled: list[Tensor] = field(default_factory=list)
    strongest: tuple[Tensor, Tensor, Tensor] | None = None

    def add(self, reads: Sequence[_Read], features: Tensor, pooled: Tensor, maps: Tensor) -> None:
        """B more photographs: features (B,D), pooled (B,N), maps (B,N,h,w)."""
        rows = (len(self.reads) + torch.arange(len(reads))).expand(pooled.shape[1], -1)  # (N, B)
        new = (rows, pooled.T.float(), maps.transpose(0, 1))
        if self.strongest is not None:
            new = tuple(torch.cat([old, part], 1) for old, part in zip(self.strongest, new, strict=True))  # type: ignore[assignment]
        best = new[1].topk(min(EXEMPLARS, new[1].shape[1]), dim=1).indices
        chosen = best[:, :, None, None].expand(-1, -1, *maps.shape[2:])
        self.strongest = (new[0].gather(1, best), new[1].gather(1, best), new[2].gather(1, chosen))
        self.reads += reads
        self.features.append(features.half())
        self.pooled.append(pooled.half())

    def shard(self, *, same: bool) -> Shard:
        """The finished shard; ``same``: pooled activations are the features."""
        assert self.strongest is not None
        top, values, maps = self.strongest
        coded, peaks = quantised(maps)
        jpegs, offsets = pack([read.jpeg for read in self.reads])
        features = torch.cat(self.features)
        keys, stamps = (tuple(getattr(read, name) for read in self.reads) for name in ("key", "stamp"))
        return Shard(
            keys, stamps, features, features if same else torch.cat(self.pooled), jpegs, torch.from_numpy(offsets), top, values, coded, peaks
        )  # fmt: skip


def read_user_photographs(
    network: SplitNetwork,
    preprocess: Preprocess,
    folder: Path,
    *,
    store: PhotographStore | None = None,
    progress: Progress | None = None,
) -> UserPhotographs:
    """Encodes the photographs of a folder and all that is below it; from then on they are what `user_photographs` gives.

    Files that the store knows by their content are not encoded again, and files that have not changed are not even read. What cannot be read is
    listed. ``progress`` may raise to stop the work; what is encoded by then stays.

    Raises:
        NiwtError: there is no such folder, no picture in it or none that can be read, another process is at it, or the cache cannot be written.
    """
    folder = Path(folder).expanduser().resolve()
    if not folder.is_dir():
        raise NiwtError("no such folder", where=folder, fix="name the folder of your photographs")
    store = store or store_of(network, preprocess)
    files, _ = picture_files([folder])
    with only_writer(store.folder):
        reads = _encoded(network.eval(), preprocess, files, store, progress)
        keys: dict[str, tuple[str, str, str]] = {}
        for read in reads:
            if not read.reason:
                keys.setdefault(read.key, (read.path.relative_to(folder).as_posix(), read.key, read.stamp))
        unreadable = tuple((read.path.relative_to(folder).as_posix(), read.reason) for read in reads if read.reason)
        if not keys:
            what = f"none of {len(files)} pictures can be read"
            raise NiwtError(what, where=folder, fix=f"{unreadable[0][0]}: {unreadable[0][1]}")
        _encode_remainders(network, preprocess, folder, keys, store)
        store.write_set(PhotographSet(str(folder), tuple(keys.values()), unreadable))
        shown = shown_photographs(store)
    if shown is None:
        raise NiwtError("what was read has gone from the cache", where=store.folder, fix="read the folder again")
    return shown


def _encoded(
    network: SplitNetwork, preprocess: Preprocess, files: list[Path], store: PhotographStore, progress: Progress | None
) -> list[_Read]:
    """What became of every file, in order; what the store did not know is in it now."""
    known, stamps = _known(store)
    done: list[_Read] = []
    maker = _ShardMaker()
    waiting: list[_Read] = []

    def encode(least: int) -> None:
        nonlocal maker
        while len(waiting) >= least and waiting:
            batch, waiting[:] = waiting[:BATCH], waiting[BATCH:]
            _run(network, batch, maker)
            if len(maker.reads) >= TOGETHER or (least == 1 and not waiting):
                store.write(maker.shard(same=network.identity_tail))
                maker = _ShardMaker()

    for read in _in_threads(files, preprocess, known, stamps):
        if read.inputs is not None and read.key not in known:
            known.add(read.key)
            waiting.append(read)
            encode(BATCH)
        done.append(_Read(read.path, read.key, read.stamp, reason=read.reason))
        if progress is not None:
            progress("reading photographs", len(done), len(files))
    encode(1)
    if maker.reads:
        store.write(maker.shard(same=network.identity_tail))
    return done


def _encode_remainders(
    network: SplitNetwork,
    preprocess: Preprocess,
    folder: Path,
    keys: dict[str, tuple[str, str, str]],
    store: PhotographStore,
) -> None:
    """A shard knows the strongest of all its photographs: where some are gone from the folder, the others are encoded anew."""
    left: set[str] = set()
    for shard in store.shards():
        kept = {key for key in shard.keys if key in keys}
        if kept and len(kept) < len(shard.keys):
            store.drop(shard)
            left |= kept
    if left:
        _encoded(network, preprocess, [folder / path for path, key, _ in keys.values() if key in left], store, None)


def _known(store: PhotographStore) -> tuple[set[str], dict[str, str]]:
    """(keys of all that is encoded, stamp of a file -> its key)."""
    known: set[str] = set()
    stamps: dict[str, str] = {}
    for shard in store.shards():
        known |= set(shard.keys)
        stamps |= dict(zip(shard.stamps, shard.keys, strict=True))
    shown = store.read_set()
    stamps |= {stamp: key for _, key, stamp in (shown.pictures if shown is not None else ())}
    return known, {stamp: key for stamp, key in stamps.items() if key in known}


def _in_threads(files: list[Path], preprocess: Preprocess, known: set[str], stamps: dict[str, str]) -> Iterator[_Read]:
    """Each file in order, decoded ahead of its turn."""
    side = max(preprocess.size, preprocess.resize or 0, SIDE)

    def read(path: Path) -> _Read:
        try:
            status = path.stat()
            stamp = f"{path}\t{status.st_size}\t{status.st_mtime_ns}"
            if stamp in stamps:
                return _Read(path, stamps[stamp], stamp)
            data = read_bytes(path, LARGEST)
            key = image_hash(data)
            if key in known:
                return _Read(path, key, stamp)
            image = open_image(io.BytesIO(data), at_least=side)
            return _Read(path, key, stamp, preprocess(image), jpeg_bytes(image, side=SIDE))
        except NiwtError as error:
            return _Read(path, reason=error.what)
        except OSError as error:
            return _Read(path, reason=error.strerror or type(error).__name__)

    waiting = iter(files)
    ahead: list[Future[_Read]] = []
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        try:
            while True:
                ahead += [pool.submit(read, path) for path in islice(waiting, AHEAD * BATCH - len(ahead))]
                if not ahead:
                    return
                yield ahead.pop(0).result()
        finally:  # whoever stops need not wait for what nobody will use
            for future in ahead:
                future.cancel()


@torch.inference_mode()
def _run(network: SplitNetwork, batch: list[_Read], maker: _ShardMaker) -> None:
    inputs = torch.stack([read.inputs for read in batch if read.inputs is not None])
    activations = network.stem(inputs.contiguous(memory_format=torch.channels_last))
    features, pooled = network.tail(activations), activations.flatten(2).mean(2)
    light = [_Read(read.path, read.key, read.stamp, jpeg=read.jpeg) for read in batch]
    maker.add(light, features, features if network.identity_tail else pooled, network.spatial(activations))
