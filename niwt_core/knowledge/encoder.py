"""One encoder for all that is known of a study's classes: raw descriptions in, the vectors ``k`` that the maps see out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.encoding import Encoding, encode
from niwt_core.knowledge.kernel import Kernel
from niwt_core.knowledge.texts import Texts


@dataclass(frozen=True, eq=False)
class KnowledgeEncoder:
    """Attributes, captions or embeddings of C classes, with an optional second description beside attributes.

    knowledge (C,K) raw; seen (C,) bool; kernel where knowledge is captions; texts: the second description with its weight; caption_memory: what
    the encoder of the captions remembers (its name, and a vocabulary where it counts words), or None where there are no captions.
    """

    knowledge: Knowledge
    seen: np.ndarray
    encoding: Encoding
    kernel: Kernel | None = None
    texts: Texts | None = None
    caption_memory: Mapping[str, Any] | None = None

    @cached_property
    def encoded(self) -> np.ndarray:
        """(C,E) float64: K columns of attributes or embeddings, the kernel's of captions, then those of ``texts``."""
        first = encode(self.knowledge.values, self.encoding, self.kernel)
        return first if self.texts is None else np.hstack([first, self.texts.encoded])

    def encode(self, values: np.ndarray, text: np.ndarray | None = None) -> np.ndarray:
        """(E,) the encoding of a raw description (K,), with raw ``text`` (K',) where there are ``texts``; None says nothing there."""
        first = encode(values, self.encoding, self.kernel)
        if self.texts is None:
            return first
        return np.concatenate([first, self.texts.unsaid if text is None else self.texts.encode(text)])

    @property
    def texts_of_captions(self) -> Texts | None:
        """The texts beside attributes, if they are captions: a class may then be written as well."""
        return self.texts if self.texts is not None and self.texts.knowledge.kind == "captions" else None

    @property
    def reads_captions(self) -> bool:
        """A new class's caption is read as it is; elsewhere it proposes attributes."""
        return self.knowledge.kind == "captions" or self.texts_of_captions is not None

    @cached_property
    def average(self) -> np.ndarray:
        """(K,) raw: what is not said of a class: the mean of the seen classes, or nothing where the encoding is "plain"."""
        if self.encoding == "plain":
            return np.zeros(len(self.knowledge.names), np.float32)
        return np.asarray(self.knowledge.values[self.seen].mean(0))

    @cached_property
    def moments(self) -> tuple[Tensor, Tensor]:
        """((K,) mean, (K,) standard deviation) of the raw knowledge over seen classes; a constant column has an infinite deviation."""
        values = torch.from_numpy(self.knowledge.values[self.seen])
        spread = values.std(0)
        return values.mean(0), torch.where(spread > 1e-6, spread, torch.full_like(spread, torch.inf))
