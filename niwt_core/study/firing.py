"""Which neurons a picture makes fire: more strongly than other pictures do, neuron by neuron."""

from __future__ import annotations

import torch
from torch import Tensor

from niwt_core.study.study import Study

ENOUGH = 30  # pictures that tell how far a neuron's activation usually strays


def firing(study: Study, pooled: Tensor) -> Tensor:
    """(N,) how far a picture's pooled activations (N,) lie above the usual ones, in each neuron's own deviations; 0 is usual.

    Mean and deviation are those of the study's pictures. A study that keeps too few for that keeps the mean of its features, which are the pooled
    activations where only pooling follows; activations behind a rectifier stray about as far as their mean, which then stands for the deviation.
    Without either, all neurons are measured by their common mean.
    """
    if len(study.pooled) >= ENOUGH:
        values = study.pooled.float()
        mean, deviation = values.mean(0), values.std(0)
    elif study.network.identity_tail:
        mean = study.head.mean.float()
        deviation = mean.abs()
    else:
        mean = pooled.mean().expand_as(pooled)
        deviation = mean.abs()
    return (pooled - mean) / deviation.clamp_min(1e-3 * float(deviation.mean()) + 1e-12)


def strongest(study: Study, pooled: Tensor, among: list[int]) -> list[tuple[int, float]]:
    """(neuron, `firing`) of those ``among`` some that a picture makes fire more than usual, the strongest first."""
    values = torch.as_tensor(firing(study, pooled))
    order = sorted(among, key=lambda n: -float(values[n]))
    return [(n, float(values[n])) for n in order if values[n] > 0]
