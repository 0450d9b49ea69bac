"""For many pictures at once: the attributes that say most for the class that each is given, from the same exact sum as one picture's evidence."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from niwt_core.study.study import Study


def leading_evidence(
    study: Study, features: Tensor, descriptions: np.ndarray, *, most: int = 2
) -> tuple[tuple[tuple[int, float], ...], ...]:
    """For each picture the (attribute, logits) of the ``most`` largest terms of `niwt_core.explain.evidence`, those above zero, largest first.

    Args:
        features: (n,D). descriptions: (n,E) encoded, of the class that each picture is given.

    Empty for each picture where knowledge is not attributes.
    """
    count = len(study.knowledge.names) if study.knowledge.kind == "attributes" else 0
    P, q = study.affine.P.double(), study.affine.q.double()
    k = torch.from_numpy(np.asarray(descriptions, np.float64)).reshape(len(features), -1)  # (n, E)
    about = (features - study.head.mean).double() @ P[:, :count]  # (n, K)
    average = torch.from_numpy(study.encoded_knowledge[study.seen].mean(0))
    scale = study.affine.norm / (k @ P.T + q).norm(dim=1, keepdim=True).clamp_min(1e-12)  # (n, 1)
    terms = (scale * (k[:, :count] - average[:count]) * about).numpy()  # (n, K)
    order = np.argsort(-terms, axis=1, kind="stable")[:, :most]
    return tuple(
        tuple((int(j), float(row[j])) for j in best if row[j] > 0) for row, best in zip(terms, order, strict=True)
    )
