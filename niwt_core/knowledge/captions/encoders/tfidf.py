"""Word counts as vectors (TF-IDF): they need no model, and know no meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from niwt_core.errors import NiwtError
from niwt_core.knowledge.captions.encoders import TFIDF


class TfidfEncoder:
    """Word counts weighted by rarity (scikit-learn); needs no model. ``memory`` holds the vocabulary and its weights."""

    def __init__(self, vocabulary: Sequence[str], idf: Sequence[float]) -> None:
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
