"""Vectors of texts on disk, by content: the same text under the same encoder is computed once.

``$XDG_CACHE_HOME/choose-your-neuron/text/<encoder>/<first two digits>.safetensors`` holds the vectors of texts whose hash begins so. A
cache may be lost, damaged or unwritable at any time: it then costs time, nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load, save

from niwt_core.errors import NiwtError
from niwt_core.files import cache_folder, write_atomically

VERSION = "mean-pooled unit 1"  # what the vectors are; another pooling needs another name


class TextCache:
    """Vectors (K,) float32 of texts under one encoder, ``identity`` being a digest of all that its vectors depend on."""

    def __init__(self, identity: str, folder: Path | None = None) -> None:
        self._folder = (folder or cache_folder()) / "text" / identity

    def encode(self, texts: Sequence[str], width: int, compute: Callable[[list[str]], np.ndarray]) -> np.ndarray:
        """n texts -> (n,K): from the cache where it has them, else by ``compute`` (m texts -> (m,K)), and kept."""
        keys = [_key(text) for text in texts]
        shards = {shard: self._read(shard, width) for shard in sorted({key[:2] for key in keys})}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in shards[key[:2]]}
        if missing:
            encoded: dict[str, dict[str, np.ndarray]] = {}
            for key, row in zip(missing, compute(list(missing.values())), strict=True):
                encoded.setdefault(key[:2], {})[key] = np.asarray(row, np.float32)
            for shard, rows in encoded.items():
                shards[shard] = {**shards[shard], **rows}
                self._write(shard, shards[shard])
        return np.stack([shards[key[:2]][key] for key in keys])

    def _read(self, shard: str, width: int) -> Mapping[str, np.ndarray]:
        try:
            rows = load((self._folder / f"{shard}.safetensors").read_bytes())
        except Exception:  # absent, unreadable, or damaged in whatever way
            return {}
        return {
            key: row
            for key, row in rows.items()
            if row.shape == (width,) and row.dtype == np.float32 and np.isfinite(row).all()
        }

    def _write(self, shard: str, rows: Mapping[str, np.ndarray]) -> None:
        try:
            write_atomically(self._folder / f"{shard}.safetensors", save(dict(rows)))
        except (NiwtError, OSError):
            return


def _key(text: str) -> str:
    return hashlib.sha256(f"{VERSION}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()
