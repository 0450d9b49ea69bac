"""How much each neuron adds to a class's score, measured from the average picture.

With global average pooling the contributions are exact, ``w_n (phi_n - mean_n)``; through a longer tail they are integrated gradients along the
straight line from the average activation (Sundararajan et al., 2017), which add up to the score's difference too but for a residual.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from niwt_core.classify.answer import EncodedPicture
from niwt_core.explain.parts import NeuronPart
from niwt_core.study.study import Study

STEPS = 16  # of the integral; on a ResNet-18 at layer4[0] the residual is below 0.5 % of the score


def neuron_contributions(study: Study, picture: EncodedPicture, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """((R,N) contributions, (R,) baselines, (R,) residuals), logits: together they are ``rows . (phi - mean)`` for ``rows`` (R,D).

    The baseline is what the average activation scores, from which contributions are measured; the residual what the integral misses.
    """
    network, mean = study.network, study.head.mean
    totals = rows @ (picture.features - mean)
    if network.identity_tail:
        parts = rows * (picture.features - mean)
        return parts, torch.zeros_like(totals), totals - parts.sum(1)
    shape = (1, -1, *(1,) * (picture.activations.ndim - 2))
    average = average_activation(study).reshape(shape).expand_as(picture.activations)
    with torch.no_grad():
        baselines = rows @ (network.tail(average)[0] - mean)
    parts = integrated_gradients(lambda a: network.tail(a) @ rows.T, picture.activations, average)
    return parts, baselines, totals - baselines - parts.sum(1)


def integrated_gradients(
    score: Callable[[Tensor], Tensor], activations: Tensor, baseline: Tensor, *, steps: int = STEPS
) -> Tensor:
    """(R,N) integrated gradients of ``score: (S,N,...) -> (S,R)`` from ``baseline`` to ``activations`` (1,N,...), summed over positions.

    Gauss-Legendre nodes, all steps in one batch, one way forward for all R scores. Source: Sundararajan, Taly and Yan, ICML 2017, eq. 1.
    """
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    at = torch.from_numpy((nodes + 1) / 2).to(activations).reshape(-1, *(1,) * (activations.ndim - 1))  # (S, 1, ...)
    weight = torch.from_numpy(weights / 2).to(activations)
    difference = activations - baseline
    with torch.enable_grad():
        leaf = (baseline + at * difference).detach().requires_grad_()  # (S, N, ...)
        scores = score(leaf).sum(0)  # (R,)
        gradients = [torch.autograd.grad(one, leaf, retain_graph=True)[0] for one in scores]
    means = torch.stack([torch.einsum("s,s...->...", weight, gradient) for gradient in gradients])  # (R, N, ...)
    return (means * difference).flatten(2).sum(2)


def average_activation(study: Study) -> Tensor:
    """(N,): the mean pooled activation over training pictures (all photographs where the head was trained elsewhere), from which contributions are
    measured; zero where the study has no picture."""
    known = torch.from_numpy(np.flatnonzero(study.calibration_pictures))
    if not len(known):  # a classifier as it is, without photographs
        return torch.zeros(study.network.neurons)
    return study.pooled[known].float().mean(0)


def neuron_parts(
    study: Study, picture: EncodedPicture, parts: Tensor, order: Sequence[int], *, sign: int = 1
) -> tuple[NeuronPart, ...]:
    """The neurons of ``order`` whose part is positive; contributions times ``sign``."""
    excess = picture.pooled - average_activation(study)  # (N,)
    return tuple(NeuronPart(study.neurons[n], sign * float(parts[n]), float(excess[n])) for n in order if parts[n] > 0)
