"""Captions as domain knowledge: what is written of a class becomes the vector that describes it.

passages (name and sentences -> what an encoder reads) -> encoders (text -> vectors) with their cache -> class_texts (a table, or a new class).
"""

from niwt_core.knowledge.captions.class_texts import caption_knowledge, caption_values
from niwt_core.knowledge.captions.encoders import (
    DEFAULT_ENCODER,
    TFIDF,
    TextEncoder,
    make_encoder,
    sentence_encoder,
    text_encoder,
)
from niwt_core.knowledge.captions.passages import passages

__all__ = [
    "DEFAULT_ENCODER", "TFIDF", "TextEncoder", "caption_knowledge", "caption_values", "make_encoder", "passages",
    "sentence_encoder", "text_encoder",
]  # fmt: skip
