"""A transformers text encoder, mean-pooled over tokens (Reimers and Gurevych, 2019)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from huggingface_hub import try_to_load_from_cache
from huggingface_hub.errors import HFValidationError

from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.errors import NiwtError
from niwt_core.files import digest, file_hash
from niwt_core.knowledge.captions.cache import TextCache
from niwt_core.knowledge.captions.encoders import TFIDF

ensure_torchvision()

from transformers import AutoModel, AutoTokenizer  # noqa: E402 - it imports torchvision
from transformers.utils import logging  # noqa: E402

BATCH = 32  # texts
MODEL_FILES = (".json", ".txt", ".model", ".safetensors")  # what a text's vector depends on


class SentenceEncoder:
    """A transformers text encoder, mean-pooled; ``name`` is a hub id or a local folder (safetensors only).

    Vectors are kept on disk by content; the model is read when the first text is not there. ``cache`` is another folder for them.

    Raises NiwtError when it cannot be loaded.
    """

    def __init__(self, name: str, *, cache: Path | None = None) -> None:
        self.name = name
        self.memory: dict[str, Any] = {"encoder": name}
        self._folder = _snapshot(name)
        if self._folder is None:
            _ = self.loaded  # nothing on this disk: fetch it, or say that it cannot be had
            self._folder = _snapshot(name)
        self._width = _width(self._folder) or int(self.loaded[1].config.hidden_size)
        self._cache = None if self._folder is None else TextCache(identity_of(self._folder), cache)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(f"{Path(self.name).name}_{k}" for k in range(self._width))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """n texts -> (n,K) float32 of length one; a text of which the encoder knows no word is a zero row."""
        if not texts:
            return np.zeros((0, self._width), np.float32)
        return self._compute(texts) if self._cache is None else self._cache.encode(texts, self._width, self._compute)

    @cached_property
    def loaded(self) -> tuple[Any, Any]:
        """(tokenizer, model)."""
        bar = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()  # stderr is for the user's own progress and mistakes
        try:
            tokenizer = AutoTokenizer.from_pretrained(self.name)
            model, report = AutoModel.from_pretrained(self.name, use_safetensors=True, output_loading_info=True)
            missing = sorted(name for name in report["missing_keys"] if not name.startswith("pooler."))
            if missing:  # they would be drawn at random, anew in each process; the pooler is not asked
                raise NiwtError(f"the text encoder lacks weights ({missing[0]})", where=self.name, fix="fetch it again")
            return tokenizer, model.eval()
        except NiwtError:
            raise
        except Exception as error:  # transformers raises OSError, ValueError, HTTP errors and more
            raise NiwtError(
                f"the text encoder cannot be loaded ({type(error).__name__})",
                where=self.name,
                fix=f"give a local folder with --encoder, or --encoder {TFIDF}",
            ) from error
        finally:
            if bar:
                logging.enable_progress_bar()

    def _compute(self, texts: Sequence[str]) -> np.ndarray:
        tokenizer, model = self.loaded
        order = np.argsort([len(text) for text in texts], kind="stable")  # texts of one length share a batch
        rows = np.zeros((len(texts), self._width), np.float32)
        for start in range(0, len(texts), BATCH):
            part = order[start : start + BATCH]
            tokens = tokenizer(
                [texts[i] for i in part], padding=True, truncation=True, max_length=256, return_tensors="pt"
            )
            with torch.inference_mode():
                hidden = model(**tokens).last_hidden_state  # (B, T, K)
            mask = tokens["attention_mask"].unsqueeze(-1)
            mean = (hidden * mask).sum(1) / mask.sum(1).clamp_min(1)
            ids = tokens["input_ids"]
            known = ~torch.isin(ids, torch.tensor(tokenizer.all_special_ids)).all(1)  # the unknown token is special too
            rows[part] = (torch.nn.functional.normalize(mean, dim=1) * known.unsqueeze(1)).float().numpy()
        return rows


def _snapshot(name: str) -> Path | None:
    """The folder of the encoder's files on this disk, or None."""
    folder = Path(name)
    if not folder.is_dir():
        try:
            config = try_to_load_from_cache(name, "config.json")
        except HFValidationError:
            return None
        if not isinstance(config, str):
            return None
        folder = Path(config).parent
    return folder if (folder / "config.json").is_file() and any(folder.glob("*.safetensors")) else None


def identity_of(folder: Path) -> str:
    """A digest of every file that decides what a vector is: config, tokenizer and weights, by content."""
    files = sorted(file for file in folder.iterdir() if file.suffix in MODEL_FILES and file.is_file())
    return digest(*(f"{file.name} {file_hash(file)}" for file in files))


def _width(folder: Path | None) -> int:
    """K of the encoder in that folder, or 0 where its configuration does not say so in the usual words."""
    try:
        width = json.loads((folder / "config.json").read_text("utf-8")).get("hidden_size", 0) if folder else 0
    except (OSError, ValueError, AttributeError):
        return 0
    return width if isinstance(width, int) else 0
