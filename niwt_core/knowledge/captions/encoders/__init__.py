"""Texts to vectors: by a transformers encoder or by TF-IDF, whose libraries are imported when one is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from niwt_core.errors import NiwtError

__all__ = ["DEFAULT_ENCODER", "TFIDF", "TextEncoder", "make_encoder", "sentence_encoder", "text_encoder"]

DEFAULT_ENCODER = "sentence-transformers/all-MiniLM-L6-v2"
TFIDF = "tfidf"


class TextEncoder(Protocol):
    """Texts to unit vectors. ``columns`` names the K dimensions; ``memory`` is JSON that rebuilds it."""

    memory: dict[str, Any]

    @property
    def columns(self) -> tuple[str, ...]: ...

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """n texts -> (n,K) float32; a text that says nothing known is a zero row."""
        ...


@lru_cache(maxsize=2)
def sentence_encoder(name: str) -> TextEncoder:
    """The transformers encoder of a hub id or a folder. Raises NiwtError when it cannot be had."""
    from niwt_core.knowledge.captions.encoders.sentence import SentenceEncoder

    return SentenceEncoder(name)


def text_encoder(memory: Mapping[str, Any]) -> TextEncoder:
    """The encoder that read a study's captions, from what it remembers. Raises NiwtError when it cannot be had any more."""
    from niwt_core.knowledge.captions.encoders.tfidf import TfidfEncoder

    name = memory["encoder"]
    return TfidfEncoder(memory["vocabulary"], memory["idf"]) if name == TFIDF else sentence_encoder(name)


def make_encoder(name: str | None, texts: Sequence[str]) -> TextEncoder:
    """The encoder of that name: "tfidf" (fitted on ``texts``), a hub id or a folder.

    With no name, the default encoder, or TF-IDF where it cannot be had: its ``memory`` then has a "notice" that says so. Raises NiwtError
    where an encoder that was named cannot be had.
    """
    from niwt_core.knowledge.captions.encoders.tfidf import TfidfEncoder

    if name == TFIDF:
        return TfidfEncoder.fit(texts)
    if name is not None:
        return sentence_encoder(name)
    try:
        return sentence_encoder(DEFAULT_ENCODER)
    except NiwtError:
        encoder = TfidfEncoder.fit(texts)
        encoder.memory["notice"] = (
            f"{DEFAULT_ENCODER} cannot be loaded here: captions are read by word counts (TF-IDF), which know no meaning; "
            "give a sentence encoder with --encoder"
        )
        return encoder
