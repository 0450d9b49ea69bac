"""A second description of every class beside its attributes: captions or embeddings, encoded in their own way, with a weight.

The maps then see both in one vector, attributes first: ``k = (k_attributes, weight * k_texts)``. What is not given of a new class is the mean
of the seen classes, so that it says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.encoding import Encoding, encode, encoding_for, kernel_for
from niwt_core.knowledge.kernel import Kernel


@dataclass(frozen=True, eq=False)
class Texts:
    """``knowledge`` of kind "captions" or "embedding", of which only the values (C,K') are used; ``seen`` (C,) bool; ``weight`` of its block."""

    knowledge: Knowledge
    encoding: Encoding
    kernel: Kernel | None
    seen: np.ndarray
    weight: float = 1.0

    @classmethod
    def of(cls, knowledge: Knowledge, seen: np.ndarray) -> Texts:
        """A block with the encoding that its kind has, at weight one."""
        return cls(knowledge, encoding_for(knowledge), kernel_for(knowledge, seen), seen)

    def encode(self, values: np.ndarray) -> np.ndarray:
        """(...,K') raw values -> (...,E) its block of k."""
        return self.weight * encode(values, self.encoding, self.kernel)

    @cached_property
    def encoded(self) -> np.ndarray:
        """(C,E) the block of every class."""
        return self.encode(self.knowledge.values)

    @cached_property
    def unsaid(self) -> np.ndarray:
        """(E,) the block of a class of which nothing is said: the mean of the seen classes."""
        return np.asarray(self.encoded[self.seen].mean(0))
