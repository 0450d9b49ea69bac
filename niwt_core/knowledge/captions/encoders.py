"""Texts to vectors: a transformers encoder, mean-pooled over tokens (Reimers and Gurevych, 2019), or TF-IDF."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from niwt_core.backbones.torchvision_import import ensure_torchvision
from niwt_core.errors import NiwtError
from niwt_core.files import digest, file_hash
from niwt_core.knowledge.captions.cache import TextCache

DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
TFIDF = "tfidf"
BATCH = 32  # texts
MODEL_FILES = (".json", ".txt", ".model", ".safetensors")  # what a text's vector depends on


class TextEncoder(Protocol):
    """Texts to unit vectors. ``columns`` names the K dimensions; ``memory`` is JSON that rebuilds it."""

    memory: dict[str, Any]

    @property
    def columns(self) -> tuple[str, ...]: ...

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """n texts -> (n,K) float32; a text that says nothing known is a zero row."""
        ...


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
            _ = self._loaded  # nothing on this disk: fetch it, or say that it cannot be had
            self._folder = _snapshot(name)
        self._width = _width(self._folder) or int(self._loaded[1].config.hidden_size)
        self._cache = None if self._folder is None else TextCache(_identity(self._folder), cache)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(f"{Path(self.name).name}_{k}" for k in range(self._width))

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """n texts -> (n,K) float32 of length one; a text of which the encoder knows no word is a zero row."""
        if not texts:
            return np.zeros((0, self._width), np.float32)
        return self._compute(texts) if self._cache is None else self._cache.encode(texts, self._width, self._compute)

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        """(tokenizer, model)."""

        ensure_torchvision()
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

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
        import torch

        tokenizer, model = self._loaded
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


class TfidfEncoder:
    """Word counts weighted by rarity (scikit-learn); needs no model. ``memory`` holds the vocabulary and its weights."""

    def __init__(self, vocabulary: Sequence[str], idf: Sequence[float]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._vectorizer = TfidfVectorizer(
            vocabulary=list(vocabulary), sublinear_tf=True, stop_words="english", ngram_range=(1, 2)
        )  # stop words as in `fit`: its pairs of words reach across them
        self._vectorizer.idf_ = np.asarray(idf, dtype=np.float64)
        self.columns = tuple(vocabulary)
        self.memory: dict[str, Any] = {
            "encoder": TFIDF,
            "vocabulary": list(vocabulary),
            "idf": [float(value) for value in idf],
        }

    @classmethod
    def fit(cls, texts: Sequence[str], *, most: int = 2000) -> TfidfEncoder:
        """Vocabulary and weights from the captions of a set. Raises NiwtError when they have no words."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(sublinear_tf=True, stop_words="english", ngram_range=(1, 2), max_features=most)
        try:
            vectorizer.fit(texts)
        except ValueError:
            raise NiwtError(
                "the captions have no words", where="captions", fix="write sentences that describe the classes"
            ) from None
        return cls(vectorizer.get_feature_names_out().tolist(), vectorizer.idf_.tolist())

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        return self._vectorizer.transform(texts).toarray().astype(np.float32)


def make_encoder(name: str | None, texts: Sequence[str]) -> TextEncoder:
    """The encoder of that name: "tfidf" (fitted on ``texts``), a hub id or a folder.

    With no name, the default encoder, or TF-IDF where it cannot be had: its ``memory`` then has a "notice" that says so. Raises NiwtError
    where an encoder that was named cannot be had.
    """
    if name == TFIDF:
        return TfidfEncoder.fit(texts)
    if name is not None:
        return SentenceEncoder(name)
    try:
        return SentenceEncoder(DEFAULT_ENCODER)
    except NiwtError:
        encoder = TfidfEncoder.fit(texts)
        encoder.memory["notice"] = (
            f"{DEFAULT_ENCODER} cannot be loaded here: captions are read by word counts (TF-IDF), which know no meaning; "
            "give a sentence encoder with --encoder"
        )
        return encoder


def _snapshot(name: str) -> Path | None:
    """The folder of the encoder's files on this disk, or None."""
    folder = Path(name)
    if not folder.is_dir():
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError

        try:
            config = try_to_load_from_cache(name, "config.json")
        except HFValidationError:
            return None
        if not isinstance(config, str):
            return None
        folder = Path(config).parent
    return folder if (folder / "config.json").is_file() and any(folder.glob("*.safetensors")) else None


def _identity(folder: Path) -> str:
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
