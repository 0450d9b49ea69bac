"""Where in a picture a word comes from.

A word's strength for class c and picture x is ``sum_n u_n V_nj``: the unit importance ``u = alpha_c(x)/|alpha_c(x)|`` of neuron n times what
the inverse map V reads out of it. The word's map shows the same sum in place: each neuron's activation, weighted with its share of the word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from niwt_core.attribution import ImportanceMap, weighted_map
from niwt_core.errors import NiwtError
from niwt_core.importance import unit

if TYPE_CHECKING:
    from niwt_core.classifier import EncodedPicture
    from niwt_core.study import Study


def word_shares(study: Study, alpha: Tensor, attribute: str) -> Tensor:
    """(N,) what each neuron adds to a word for a class of importance ``alpha`` (N,). Raises NiwtError on unknown words."""
    if study.knowledge.kind != "attributes":
        raise NiwtError("the study has no words", where=study.name, fix="prepare it with attributes")
    column = study.inverse.weight[:, study.knowledge.column(attribute)]  # (N,)
    return unit(alpha) * column


def word_map(
    study: Study, picture: EncodedPicture, alpha: Tensor, attribute: str, *, deal: Tensor | None = None
) -> ImportanceMap:
    """The map of a word at input resolution: neurons' activations, each with its share of the word.

    deal: a permutation (N,) of the neurons by which shares are dealt out wrongly, for a control. Raises NiwtError on unknown words.
    """
    shares = word_shares(study, alpha, attribute)
    return weighted_map(study.network, picture, shares if deal is None else shares[deal])
