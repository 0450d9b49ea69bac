"""How a raw description becomes the vector ``k`` that the maps see.

Attributes and embeddings become rows of length one: a description in percent and one in 0..1 then mean the same, and a class is told by its
profile, not by how much was said of it. For attributes, amounts are first square-rooted (the Hellinger map, so that a distance between rows
is one between distributions): it lifts the many small percentages of CUB out of the shadow of the few large ones, and changes nothing in a
binary table. On the CUB subset it gains 0.5 to 1.8 points of H on held-out seen classes, over three seeds.

Class texts go through a `Kernel` about the seen classes' texts. A table in which several values of a group may hold at once, each in full (beside a
trained classifier: "plain"), is taken as it is, in parts of its scale: there what is not said is zero, and every value counts by itself.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from niwt_core.errors import NiwtError
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.kernel import Kernel

Encoding = Literal["hellinger", "unit", "kernel", "plain"]


def encoding_for(knowledge: Knowledge) -> Encoding:
    """ "hellinger" for attributes without negative amounts, "kernel" for captions, "unit" for everything else."""
    if knowledge.kind == "captions":
        return "kernel"
    return "hellinger" if knowledge.kind == "attributes" and knowledge.values.min(initial=0) >= 0 else "unit"


def kernel_for(knowledge: Knowledge, seen: np.ndarray) -> Kernel | None:
    """The kernel of a table whose encoding is "kernel", about its seen (C,) classes; None for others."""
    return Kernel.fit(knowledge.values[seen]) if encoding_for(knowledge) == "kernel" else None


def encode(values: np.ndarray, encoding: Encoding, kernel: Kernel | None = None) -> np.ndarray:
    """(...,K) raw values -> (...,K) float64 rows of length one, or (...,r) features of the ``kernel``.

    Raises:
        NiwtError: a row is all zero (nothing was said), not finite, or negative where amounts are meant.
    """
    values = np.asarray(values, dtype=np.float64)
    if encoding == "plain" and np.isfinite(values).all():
        return values
    if not np.isfinite(values).all():
        raise NiwtError("the description has a value that is not a number", where="description", fix="correct it")
    if encoding == "hellinger":
        if (values < 0).any():
            raise NiwtError(
                "the description has a negative amount", where="description", fix="use amounts from zero up"
            )
        values = np.sqrt(values)
    length = np.sqrt((values * values).sum(-1, keepdims=True))
    if (length == 0).any():
        raise NiwtError(
            "the description is empty: every value is zero", where="description", fix="set at least one value"
        )
    if encoding == "kernel":
        assert kernel is not None
        return kernel(values)
    return values / length
