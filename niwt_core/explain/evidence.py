"""What each attribute adds to a class's score for a picture: an exact sum.

The head row of a described class is ``w = s (P k + q)``, so what the picture adds to its score splits without remainder,

    w . (phi - mean) = sum_j s (k - k_mean)_j P_j . (phi - mean)  +  s (P k_mean + q) . (phi - mean)

where ``k_mean`` is the average seen class. A term is the evidence for attribute j: how the class differs from the average one, times what the
picture says for it. The last part is what the average description would score, which no attribute of this class earns. The row of a seen
class was learned from pictures: what its own description does not give of it is named apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from niwt_core.classify.answer import Candidate, EncodedPicture
from niwt_core.errors import NiwtError
from niwt_core.explain.attribution import ImportanceMap, enlarged
from niwt_core.study.study import Study


@dataclass(frozen=True, eq=False)
class Evidence:
    """Logits, float64. ``terms`` (K,) one an attribute (none where knowledge is not attributes); ``texts`` of the second description, or of knowledge
    without attributes; ``common`` what the average description scores; ``learned`` what training added to the row of a seen class. With
    ``bias`` (gamma taken off where it is) they add up to the class's score."""

    terms: np.ndarray
    texts: float
    common: float
    learned: float
    bias: float

    @property
    def described(self) -> float:
        """What the class's own description adds: all terms and texts."""
        return float(self.terms.sum()) + self.texts

    @property
    def score(self) -> float:
        """The sum of all parts: the calibrated logit."""
        return self.described + self.common + self.learned + self.bias


def evidence_for(
    study: Study, picture: EncodedPicture, candidate: Candidate, description: np.ndarray, *, gamma: float = 0.0
) -> Evidence:
    """The evidence for a class in a picture.

    Args:
        description: (E,) encoded, of the class.
        gamma: what is taken from this class's logit.
    """
    about = (picture.features - study.head.mean).double()  # (D,)
    P, q = study.affine.P.double(), study.affine.q.double()
    difference, scale, average = _difference(study, description)
    terms = scale * difference * (P.T @ about)  # (E,)
    common = scale * float((P @ average + q) @ about)
    split = len(study.knowledge.names) if study.knowledge.kind == "attributes" else 0
    explained = float(terms.sum()) + common
    return Evidence(
        terms=terms[:split].numpy(),
        texts=float(terms[split:].sum()),
        common=common,
        learned=float(candidate.row.double() @ about) - explained,
        bias=candidate.bias - gamma,
    )


def evidence_map(
    study: Study, picture: EncodedPicture, description: np.ndarray, attribute: int
) -> tuple[Tensor, ImportanceMap]:
    """Where in a picture the evidence for one attribute (index) of a class's encoded description (E,) comes from.

    Returns the evidence of each position (h,w) in logits, which add up to the attribute's term exactly, and the same at input resolution. Positive
    speaks for the class.

    Raises:
        NiwtError: more than average pooling follows the dictionary layer, so that positions do not add up.
    """
    network = study.network
    if not network.identity_tail:
        raise NiwtError(
            "positions add up to the evidence only where average pooling follows the dictionary layer",
            where=network.layer,
            fix="use the word's own map",
        )
    difference, scale, _ = _difference(study, description)
    direction = scale * float(difference[attribute]) * study.affine.P[:, attribute].double()  # (D,) = (N,)
    activations = network.spatial(picture.activations)[0].double()  # (N, h, w)
    excess = activations - study.head.mean.double()[:, None, None]
    values = torch.einsum("n,nhw->hw", direction, excess) / activations[0].numel()
    return values, ImportanceMap("evidence", enlarged(network, values.float()[None, None], picture))


def _difference(study: Study, description: np.ndarray) -> tuple[Tensor, float, Tensor]:
    """((E,) how the class differs from the average seen class, scale s of its row, (E,) the average class)."""
    P, q = study.affine.P.double(), study.affine.q.double()
    k = torch.from_numpy(np.asarray(description, np.float64))  # (E,)
    average = torch.from_numpy(study.encoded_knowledge[study.seen].mean(0))
    return k - average, study.affine.norm / max(float((P @ k + q).norm()), 1e-12), average
