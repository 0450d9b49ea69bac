"""A synthesised picture of every neuron, kept as small WebP files in a folder: made in batches, resumed, read one by one."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.errors import NiwtError
from niwt_core.files import digest, write_atomically
from niwt_core.neurons.exemplars import pack
from niwt_core.neurons.synthesis import Synthesis, neuron_goal, synthesise

SIDE, BYTES = 112, 4600  # of a stored picture: 1,280 of them are 5.4 MB
BATCH = 16
ABOUT = "about.json"
PACKED = "neuron-pictures.safetensors"  # in the folder of a study


@dataclass(frozen=True, eq=False)
class NeuronPictures:
    """The finished pictures of a dictionary: WebP bytes of all, one after the other, and offsets (N+1,) where each starts."""

    webps: Tensor
    offsets: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def webp(self, neuron: int) -> bytes:
        """The WebP file of a neuron's picture."""
        return self.webps[int(self.offsets[neuron]) : int(self.offsets[neuron + 1])].numpy().tobytes()


def picture_path(folder: Path, neuron: int) -> Path:
    """Where the picture of a neuron is, or will be."""
    return Path(folder) / f"{neuron:04d}.webp"


def missing_pictures(folder: Path, neurons: int, key: str) -> list[int]:
    """The neurons without a picture under this ``key``; pictures under another key count as missing."""
    folder = Path(folder)
    try:
        stored = json.loads((folder / ABOUT).read_text(encoding="utf-8")).get("key")
    except (OSError, ValueError, AttributeError):
        stored = None
    if stored != key:
        return list(range(neurons))
    return [n for n in range(neurons) if not picture_path(folder, n).exists()]


def picture_neurons(
    network: SplitNetwork,
    preprocess: Preprocess,
    folder: Path,
    *,
    study: str,
    settings: Synthesis | None = None,
    batch: int = BATCH,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Makes every missing picture of the dictionary's neurons; returns how many were made.

    A picture is whole or absent, so the work may be interrupted and goes on where it stopped. ``study`` is the id of what the network belongs to: the
    folder's pictures are made anew for another one, or for other settings. Raises NiwtError where the folder cannot be written.
    """
    how, folder = settings or Synthesis(), Path(folder)
    key = digest(study, network.layer, json.dumps(asdict(how), sort_keys=True))
    total = network.neurons
    missing = missing_pictures(folder, total, key)
    if len(missing) == total:
        for old in folder.glob("[0-9]*.webp"):
            old.unlink()
        about = {"key": key, "study": study, "layer": network.layer, "settings": asdict(how)}
        write_atomically(folder / ABOUT, json.dumps(about, indent=1).encode())
    for at in range(0, len(missing), batch):
        group = missing[at : at + batch]
        goal = neuron_goal(network, group, centre=how.centre)
        made = synthesise(goal, preprocess, count=len(group), settings=how, like=network.head.weight)
        for neuron, picture in zip(group, made, strict=True):
            write_atomically(picture_path(folder, neuron), webp_bytes(picture))
        if progress:
            progress(total - len(missing) + at + len(group), total)
    return len(missing)


def webp_bytes(picture: np.ndarray, *, side: int = SIDE, largest: int = BYTES) -> bytes:
    """A picture (H,W,3) uint8 as WebP of ``side`` pixels, of the best quality that fits into ``largest`` bytes."""
    image = Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS)
    data = b""
    for quality in range(85, 4, -5):
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", quality=quality, method=6)
        data = buffer.getvalue()
        if len(data) <= largest:
            break
    return data


def pack_pictures(folder: Path, neurons: int, path: Path) -> NeuronPictures:
    """Writes the pictures of ``folder`` into one safetensors file. Raises NiwtError if one is missing."""
    files = [picture_path(folder, n) for n in range(neurons)]
    for file in files:
        if not file.exists():
            raise NiwtError("a neuron has no picture yet", where=str(file), fix="go on with `niwt picture-neurons`")
    webps, offsets = pack([file.read_bytes() for file in files])
    tensors = {"webps": webps, "offsets": torch.from_numpy(offsets)}
    write_atomically(Path(path), safetensors_bytes(tensors))
    return NeuronPictures(webps, offsets)


def read_pictures(study_folder: Path, neurons: int) -> NeuronPictures | None:
    """The pictures of a study's neurons, or None where none were made. Raises NiwtError on a damaged file or another number of neurons."""
    path = Path(study_folder) / PACKED
    if not path.exists():
        return None
    again = "remove it, and run `niwt picture-neurons` again"
    try:
        with safe_open(path, framework="pt") as file:
            pictures = NeuronPictures(file.get_tensor("webps"), file.get_tensor("offsets").numpy())
    except (OSError, SafetensorError) as error:
        raise NiwtError(f"cannot read the pictures of neurons ({error})", where=str(path), fix=again) from None
    if len(pictures) != neurons:
        raise NiwtError(f"pictures of {len(pictures)} neurons for {neurons}", where=str(path), fix=again)
    return pictures
