"""Captions as domain knowledge: sentences -> vectors, by a transformers encoder or by TF-IDF.

A class's vector is the mean of its sentences' unit vectors. Sentence encoders are mean-pooled over tokens (Reimers and Gurevych, 2019).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from niwt_core.errors import NiwtError
from niwt_core.knowledge import Knowledge

if TYPE_CHECKING:
    from niwt_core.recipe import Recipe
    from niwt_core.study import Study

DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
TFIDF = "tfidf"
BATCH = 32  # sentences
LONGEST_CAPTION = 5000  # characters


class TextEncoder(Protocol):
    """Sentences to unit vectors. ``columns`` names the K dimensions; ``memory`` is JSON that rebuilds it."""

    columns: tuple[str, ...]
    memory: dict[str, Any]

    def encode(self, sentences: Sequence[str]) -> np.ndarray:
        """n sentences -> (n,K) float32; a sentence that says nothing known is a zero row."""
        ...


class SentenceEncoder:
    """A transformers text encoder, mean-pooled; ``name`` is a hub id or a local folder (safetensors only).

    Raises NiwtError when it cannot be loaded.
    """

    def __init__(self, name: str) -> None:
        from niwt_core.compat import ensure_torchvision

        ensure_torchvision()
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        bar = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()  # stderr is for the user's own progress and mistakes
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(name)
            self._model = AutoModel.from_pretrained(name, use_safetensors=True).eval()
        except Exception as error:  # transformers raises OSError, ValueError, HTTP errors and more
            raise NiwtError(
                f"the text encoder cannot be loaded ({type(error).__name__})",
                where=name,
                fix=f"give a local folder with --encoder, or --encoder {TFIDF}",
            ) from error
        finally:
            if bar:
                logging.enable_progress_bar()
        self.columns = tuple(f"{Path(name).name}_{k}" for k in range(self._model.config.hidden_size))
        self.memory: dict[str, Any] = {"encoder": name}

    def encode(self, sentences: Sequence[str]) -> np.ndarray:
        import torch

        rows = []
        for start in range(0, len(sentences), BATCH):
            tokens = self._tokenizer(
                list(sentences[start : start + BATCH]),
                padding=True,
                truncation=True,
                max_length=256,
                return_tensors="pt",
            )
            with torch.inference_mode():
                hidden = self._model(**tokens).last_hidden_state  # (B, T, K)
            mask = tokens["attention_mask"].unsqueeze(-1)
            mean = (hidden * mask).sum(1) / mask.sum(1).clamp_min(1)
            rows.append(torch.nn.functional.normalize(mean, dim=1).float().numpy())
        return np.concatenate(rows)


class TfidfEncoder:
    """Word counts weighted by rarity (scikit-learn); needs no model. ``memory`` holds the vocabulary and its weights."""

    def __init__(self, vocabulary: Sequence[str], idf: Sequence[float]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self._vectorizer = TfidfVectorizer(
            vocabulary=list(vocabulary), sublinear_tf=True, stop_words="english", ngram_range=(1, 2)
        )  # stop words as in `fit`: its pairs of words reach across them
        self._vectorizer.idf_ = np.asarray(idf, dtype=np.float64)
        self.columns = tuple(vocabulary)
        self.memory: dict[str, Any] = {"encoder": TFIDF, "idf": [float(value) for value in idf]}

    @classmethod
    def fit(cls, sentences: Sequence[str], *, most: int = 2000) -> TfidfEncoder:
        """Vocabulary and weights from the captions of a set. Raises NiwtError when they have no words."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(sublinear_tf=True, stop_words="english", ngram_range=(1, 2), max_features=most)
        try:
            vectorizer.fit(sentences)
        except ValueError:
            raise NiwtError(
                "the captions have no words", where="captions", fix="write sentences that describe the classes"
            ) from None
        return cls(vectorizer.get_feature_names_out().tolist(), vectorizer.idf_.tolist())

    def encode(self, sentences: Sequence[str]) -> np.ndarray:
        return self._vectorizer.transform(sentences).toarray().astype(np.float32)


def make_encoder(name: str, sentences: Sequence[str]) -> TextEncoder:
    """The encoder of that name: "tfidf" (fitted on ``sentences``), a hub id or a folder."""
    return TfidfEncoder.fit(sentences) if name == TFIDF else SentenceEncoder(name)


def caption_knowledge(
    captions: Mapping[str, Sequence[str]], classes: Sequence[str], encoder_name: str
) -> tuple[Knowledge, Mapping[str, Any]]:
    """(Knowledge of kind "captions", the encoder's memory) for ``classes``. Raises NiwtError when one has no caption."""
    silent = [name for name in classes if not captions.get(name)]
    if silent:
        raise NiwtError(
            f"class {silent[0]} has no caption", where="captions", fix="give every class at least one sentence"
        )
    encoder = make_encoder(encoder_name, [sentence for name in classes for sentence in captions[name]])
    sentences = [sentence for name in classes for sentence in captions[name]]
    counts = [len(captions[name]) for name in classes]
    vectors = np.split(encoder.encode(sentences), np.cumsum(counts)[:-1])
    values = np.stack([rows.mean(0) for rows in vectors])
    mute = [name for name, row in zip(classes, values, strict=True) if not row.any()]
    if mute:
        raise NiwtError(
            f"the caption of {mute[0]} has no known word", where="captions", fix="describe it in other words"
        )
    return Knowledge("captions", tuple(classes), encoder.columns, values, scale=1.0), encoder.memory


@lru_cache(maxsize=2)
def _sentence_encoder(name: str) -> SentenceEncoder:
    return SentenceEncoder(name)


def caption_values(study: Study, recipe: Recipe) -> np.ndarray:
    """(K,) raw values of a recipe's caption in a study whose knowledge is captions. Raises NiwtError."""
    where, text = f"recipe {recipe.name}", recipe.caption.strip()
    if study.knowledge.kind != "captions":
        raise NiwtError(
            f"study {study.name} knows classes by {study.knowledge.kind}, not by captions",
            where=where,
            fix="describe the class by attributes, or prepare a study with --knowledge captions",
        )
    if len(text) > LONGEST_CAPTION:
        raise NiwtError(f"a caption of {len(text)} characters", where=where, fix=f"use at most {LONGEST_CAPTION}")
    memory = study.provenance["captions"]
    name = memory["encoder"]
    encoder: TextEncoder = (
        TfidfEncoder(study.knowledge.names, memory["idf"]) if name == TFIDF else _sentence_encoder(name)
    )
    sentences = [part.strip() for part in text.splitlines() if part.strip()]
    row: np.ndarray = encoder.encode(sentences).mean(0)
    if not row.any():
        raise NiwtError(
            "the caption has no word that this study knows", where=where, fix="describe the class in other words"
        )
    return row
