"""Logits of the pictures that a head was fitted on, as heads that never saw them would give them.

A head knows its own pictures too well: on the CUB subset it names 99 % of them and 90 % of others, and whatever is counted on them (how many
pictures does a new class take away?) comes out too small. Taking one picture out moves the optimum of the penalised loss, to first order, by
one Newton step (approximate leave-one-out; Beirami et al., 2017; Rad and Maleki, 2020). With one Hessian a class,
``H_c = X^T diag(p_c (1 - p_c)) X / n + decay I``, and the target t,

    o_c(x) without x  =  o_c(x) + h / (1 - h p_c (1 - p_c)) (p_c - t_c),   h = x^T H_c^-1 x / n.

Most pictures have next to no weight ``p_c (1 - p_c)`` in a class, and the same one: they go into a matrix that all classes share;
the few that count are added by Woodbury's identity. It costs less than the fit. Ten-fold refits agree: accuracy 90.0 against 90.6 %, and
the percentiles of the largest logit are within 0.04 (2,309 pictures of 49 classes, decay 1e-4).
"""

from __future__ import annotations

import torch
from torch import Tensor

from niwt_core.method.head import Conditioning, Head

LEAST = 1e-2  # of p (1 - p): from here on a picture counts for itself in a class; a class that it is not near decides nothing
COMMON = LEAST / 4  # at most: the weight of all others


def left_out_logits(head: Head, features: Tensor, labels: Tensor, *, decay: float, smoothing: float = 0.1) -> Tensor:
    """(n,C) logits of the head's own training pictures, each as if the head had been fitted without it.

    Args:
        head: from ``fit_head`` on exactly these pictures, with this ``decay`` and ``smoothing``.
        features: (n,D); labels: (n,) int64 in 0..C-1.

    Only logits of classes that a picture is near are moved: the own class, and those with a probability above a hundredth.
    """
    x = Conditioning.of(features)(features)  # (n, D) as the fit saw them
    logits = head.logits(features)
    count, classes = logits.shape
    probabilities = logits.softmax(1)
    excess = probabilities - smoothing / classes  # p - t
    excess[torch.arange(count), labels] -= 1 - smoothing
    weights = probabilities * (1 - probabilities)  # (n, C)
    common = min(float(weights.median()), COMMON)
    shared = (common / count) * (x.T @ x).double()  # (D, D)
    shared.diagonal().add_(decay)
    factor = torch.linalg.cholesky(shared).to(x.dtype)
    whitened = torch.linalg.solve_triangular(factor, x.T, upper=False).T / count**0.5  # (n, D)
    for c in range(classes):
        near = torch.nonzero(weights[:, c] > LEAST).flatten()
        weight = weights[near, c]  # (s,)
        part = whitened[near]
        gram = (part @ part.T).double()  # (s, s): x^T shared^-1 x / n
        inner = gram + torch.diag(1 / (weight - common).double())
        solved = torch.linalg.solve_triangular(torch.linalg.cholesky(inner), gram, upper=False)
        leverage = (gram.diagonal() - solved.square().sum(0)).to(x.dtype)
        logits[near, c] += leverage / (1 - (leverage * weight).clamp(max=0.99)) * excess[near, c]
    return logits
