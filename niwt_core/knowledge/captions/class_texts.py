"""Class vectors from what is written of them: a table for a set, a row for a class that is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from niwt_core.errors import NiwtError
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.captions.encoders import make_encoder, text_encoder
from niwt_core.knowledge.captions.passages import passages
from niwt_core.knowledge.encoder import KnowledgeEncoder

LONGEST_CAPTION = 5000  # characters


def caption_knowledge(
    captions: Mapping[str, Sequence[str]], classes: Sequence[str], encoder_name: str | None
) -> tuple[Knowledge, Mapping[str, Any]]:
    """(Knowledge of kind "captions", the encoder's memory) for ``classes``.

    A class's vector is the mean of its passages' unit vectors. Raises NiwtError when a class has no caption, or none with a known word.
    """
    quiet = [name for name in classes if not any(_says(sentence) for sentence in captions.get(name, ()))]
    if quiet:
        raise NiwtError(
            f"class {quiet[0]} has no caption", where="captions", fix="give every class at least one sentence"
        )
    texts = {name: passages(name, captions[name]) for name in classes}
    flat = [text for name in classes for text in texts[name]]
    encoder = make_encoder(encoder_name, flat)
    vectors = np.split(encoder.encode(flat), np.cumsum([len(texts[name]) for name in classes])[:-1])
    values = np.stack([rows.mean(0) for rows in vectors])
    wordless = [name for name, row in zip(classes, values, strict=True) if not row.any()]
    if wordless:
        raise NiwtError(
            f"the caption of {wordless[0]} has no known word", where="captions", fix="describe it in other words"
        )
    return Knowledge("captions", tuple(classes), encoder.columns, values, scale=1.0), encoder.memory


def caption_values(encoder: KnowledgeEncoder, name: str, caption: str, *, where: str = "caption") -> np.ndarray:
    """(K,) raw values of a class's name and caption, where captions are read. Raises NiwtError."""
    text = caption.strip()
    if encoder.caption_memory is None:
        raise NiwtError(
            f"the study knows classes by {encoder.knowledge.kind}, not by captions",
            where=where,
            fix="describe the class by attributes, or prepare a study with --knowledge captions",
        )
    if len(text) > LONGEST_CAPTION:
        raise NiwtError(f"a caption of {len(text)} characters", where=where, fix=f"use at most {LONGEST_CAPTION}")
    reader = text_encoder(encoder.caption_memory)
    sentences = [part.strip() for part in text.splitlines() if _says(part)]
    if not sentences or not reader.encode(sentences).any():  # the name alone is no description
        raise NiwtError(
            "the caption has no word that this study knows", where=where, fix="describe the class in other words"
        )
    return np.asarray(reader.encode(passages(name, sentences)).mean(0))


def _says(sentence: str) -> bool:
    """It has a letter: dots, numbers and signs describe nothing."""
    return any(character.isalpha() for character in sentence)
