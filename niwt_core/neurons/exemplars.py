"""Small pictures of a study: samples of each class, and for each neuron the ones that excite it most."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.data.dataset import Dataset
from niwt_core.errors import NiwtError

EXEMPLARS = 6  # pictures a neuron
PICTURES, SIDE = 1000, 176  # pictures in all, and their longer side in pixels: about 7 MB
SAMPLE_SIDE = 400  # pixels of a picture that is there to be looked at, alone
BATCH = 8


@dataclass(frozen=True, eq=False)
class Gallery:
    """M pictures as JPEG bytes, and what each neuron sees in its exemplars.

    jpegs: uint8 bytes of all pictures, one after the other; offsets (M+1,) where each starts; pictures (M,) their index in the study; top
    (N,T) gallery indices of each neuron's most exciting pictures, best first; maps (N,T,h,w) uint8 its activation there, 255 = peaks (N,) .
    """

    jpegs: Tensor
    offsets: np.ndarray
    pictures: np.ndarray
    top: np.ndarray
    maps: np.ndarray
    peaks: np.ndarray

    def __len__(self) -> int:
        return len(self.pictures)

    def jpeg(self, item: int) -> bytes:
        """The JPEG file of gallery picture ``item``."""
        return self.jpegs[int(self.offsets[item]) : int(self.offsets[item + 1])].numpy().tobytes()

    def image(self, item: int) -> Image.Image:
        """Gallery picture ``item`` as RGB."""
        return Image.open(io.BytesIO(self.jpeg(item))).convert("RGB")

    def of_class(self, labels: np.ndarray, class_index: int) -> np.ndarray:
        """Gallery indices of a class's pictures; ``labels`` are the study's."""
        return np.flatnonzero(labels[self.pictures] == class_index)

    def map(self, neuron: int, place: int) -> np.ndarray:
        """(h,w) float32 activation of a neuron on its picture number ``place``."""
        return self.maps[neuron, place].astype(np.float32) * (self.peaks[neuron] / 255)


def jpeg_bytes(image: Image.Image, *, side: int, quality: int = 82) -> bytes:
    """A picture as JPEG with the longer side at most ``side`` pixels."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


def pack(files: list[bytes]) -> tuple[Tensor, np.ndarray]:
    """(bytes, offsets) of many files as one tensor."""
    offsets = np.concatenate([[0], np.cumsum([len(file) for file in files])]).astype(np.int64)
    return torch.frombuffer(bytearray(b"".join(files)), dtype=torch.uint8), offsets


def choose_pictures(
    labels: np.ndarray, held_out: np.ndarray, pooled: np.ndarray, *, per_class: int, seed: int
) -> np.ndarray:
    """Indices of the gallery's pictures: for every class some at random, and some that excite a neuron most, held-out ones only.

    labels (n,), held_out (n,) bool, pooled (n,N). A class with few held-out pictures gives what it has.
    """
    random = np.random.default_rng(seed)
    exemplar = np.zeros(len(labels))
    candidates = np.flatnonzero(held_out)
    if len(candidates):
        best = candidates[np.argsort(-pooled[candidates], axis=0)[:4]]  # (4, N)
        np.add.at(exemplar, best.ravel(), 1)
    chosen = []
    for c in np.unique(labels):
        shuffled = random.permutation(candidates[labels[candidates] == c])
        liked = shuffled[np.argsort(-exemplar[shuffled], kind="stable")][: per_class // 2]
        rest = shuffled[~np.isin(shuffled, liked)][: per_class - len(liked)]
        chosen.append(np.concatenate([liked, rest]))
    return np.sort(np.concatenate(chosen)) if chosen else np.zeros(0, np.int64)


def make_gallery(
    dataset: Dataset,
    network: SplitNetwork,
    preprocess: Preprocess,
    pooled: np.ndarray,
    *,
    seed: int,
    on_progress: Callable[[int, int], None],
) -> Gallery:
    """Chooses held-out pictures, packs them small, and maps each neuron's exemplars; pooled (n,N) are the set's mean activations.

    Raises NiwtError when the set has no held-out picture.
    """
    per_class = int(np.clip(PICTURES // len(dataset.classes), 4, 12))
    pictures = choose_pictures(dataset.labels, ~dataset.train, pooled, per_class=per_class, seed=seed)
    if not len(pictures):
        fix = "leave some pictures out of training in the split"
        raise NiwtError("no held-out picture", where=dataset.root, fix=fix)
    exemplars = min(EXEMPLARS, len(pictures))
    top = np.argsort(-pooled[pictures], axis=0, kind="stable")[:exemplars].T  # (N, T)
    files: list[bytes] = []
    values: np.ndarray | None = None
    for start in range(0, len(pictures), BATCH):
        part = pictures[start : start + BATCH]
        images = [dataset.picture(int(i), at_least=preprocess.size) for i in part]
        files += [jpeg_bytes(image, side=SIDE) for image in images]
        inputs = torch.stack([preprocess(image) for image in images])
        with torch.no_grad():
            maps = network.spatial(network.stem(inputs)).numpy()  # (B, N, h, w)
        if values is None:
            values = np.zeros((maps.shape[1], exemplars, *maps.shape[2:]), np.float32)
        neurons, places = np.nonzero((top >= start) & (top < start + len(part)))
        values[neurons, places] = maps[top[neurons, places] - start, neurons]
        on_progress(min(start + BATCH, len(pictures)), len(pictures))
    assert values is not None
    peaks = np.maximum(values.reshape(len(values), -1).max(1), 1e-12).astype(np.float32)
    coded = np.clip(values / peaks[:, None, None, None] * 255, 0, 255).round().astype(np.uint8)
    jpegs, offsets = pack(files)
    return Gallery(jpegs, offsets, pictures.astype(np.int64), top.astype(np.int64), coded, peaks)


def with_pictures(gallery: Gallery, images: Sequence[Image.Image], *, first: int, side: int = SAMPLE_SIDE) -> Gallery:
    """The gallery with pictures that are nobody's exemplars at its end: those of the study's pictures from index ``first`` on."""
    jpegs, offsets = pack([jpeg_bytes(image, side=side) for image in images])
    return replace(
        gallery,
        jpegs=torch.cat([gallery.jpegs, jpegs]),
        offsets=np.concatenate([gallery.offsets, gallery.offsets[-1] + offsets[1:]]),
        pictures=np.concatenate([gallery.pictures, first + np.arange(len(images))]),
    )
