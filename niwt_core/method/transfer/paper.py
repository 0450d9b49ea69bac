"""The paper's own transfer loop (Selvaraju et al., ECCV 2018, section 4.3 and eq. 4): a faithful oracle, minutes a run.

``min_w mean_x [1 - cos(G(x) w, a)] + lambda/2 |w - w_bar|^2`` by Adam over batches of images, with a backward pass through the tail
for ``G(x) w`` and another through that for the gradient in w; started at or about the mean seen row, stopped when the loss has not
improved by 1 % in 40 iterations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from niwt_core.backbones.split import SplitNetwork
from niwt_core.method.importance import importance


@dataclass(frozen=True)
class PaperSettings:
    """The published settings for CUB; for AwA2 the paper has 1e-3 for both the regulariser and the learning rate.

    ``pairs`` is how many random (picture, class) pairs an iteration looks at, as the authors' code does; with 0 every class looks at one whole
    batch. Both have the same expected loss.
    """

    learning_rate: float = 1e-4
    regularisation: float = 1e-2
    iterations: int = 2000
    patience: int = 40
    tolerance: float = 0.01
    pairs: int = 0


@dataclass(frozen=True)
class PaperTransfer:
    """weights (U,D) as the loop left them (not rescaled); losses, one an iteration; stopped says why."""

    weights: Tensor
    losses: tuple[float, ...]
    iterations: int
    stopped: str


def importance_with_graph(network: SplitNetwork, activations: Tensor, row: Tensor) -> Tensor:
    """``G(x) w`` (B,N) for one row (D,) or one a picture (B,D), differentiable in the row (double backward)."""
    leaf = activations.detach().requires_grad_()
    with sdpa_kernel(SDPBackend.MATH):  # fused attention has no second derivative
        score = (network.tail(leaf) * row).sum()
    (gradient,) = torch.autograd.grad(score, leaf, create_graph=True)
    return gradient.flatten(2).sum(2)


def paper_loss(
    network: SplitNetwork,
    batches: Sequence[Tensor],
    weights: Tensor,
    targets: Tensor,
    mean_row: Tensor,
    *,
    regularisation: float,
) -> Tensor:
    """The paper's objective for each class, (U,): over all pictures in ``batches`` (each (B,N,...)), nothing sampled."""

    losses = []
    for row, target in zip(weights, targets, strict=True):
        cosines = torch.cat(
            [torch.cosine_similarity(importance(network, part, row), target.unsqueeze(0)) for part in batches]
        )
        losses.append(1 - cosines.mean() + regularisation / 2 * (row - mean_row).square().sum())
    return torch.stack(losses)


def seen_centred(rows: Tensor, count: int, *, seed: int) -> Tensor:
    """(count,D) rows to start from: normal about the mean of the seen ``rows`` (C,D), with their deviation in each feature.

    "Seen-centred" initialisation, as the authors' code has it. Started at the mean itself, which a regularised softmax head keeps at zero, the
    loop would have no direction to begin with, and a norm that tells only how long it ran.
    """
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(count, rows.shape[1], generator=generator).to(rows)
    return rows.mean(0) + rows.std(0, unbiased=False) * noise


def paper_transfer(
    network: SplitNetwork,
    batches: Sequence[Tensor],
    targets: Tensor,
    mean_row: Tensor,
    *,
    settings: PaperSettings | None = None,
    seed: int = 0,
    start: Tensor | None = None,
    on_iteration: Callable[[int, float], None] | None = None,
) -> PaperTransfer:
    """Runs the loop for ``targets`` (U,N); ``batches`` are activations (B,N,...) of random images (or noise), visited at random.

    ``start`` (U,D) are the rows to begin with, such as ``seen_centred`` gives; the mean seen row for each without it.
    """
    settings = settings or PaperSettings()
    generator = torch.Generator().manual_seed(seed)
    weights = (mean_row.repeat(len(targets), 1) if start is None else start.clone()).requires_grad_()  # (U, D)
    draw = _pairs if settings.pairs else _whole_batch
    pool = [torch.cat(list(batches))] if settings.pairs and len(batches) > 1 else batches
    adam = torch.optim.Adam([weights], lr=settings.learning_rate)
    losses: list[float] = []
    best, since, stopped = float("inf"), 0, "iterations"
    for step in range(settings.iterations):
        distance = (weights - mean_row).square().sum(1).mean()
        loss = draw(network, pool, weights, targets, settings.pairs, generator) + settings.regularisation / 2 * distance
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(float(loss.detach()))
        if on_iteration is not None:
            on_iteration(step + 1, losses[-1])
        if losses[-1] < best * (1 - settings.tolerance):
            best, since = losses[-1], 0
        else:
            since += 1
            if since >= settings.patience:
                stopped = "no improvement"
                break
    return PaperTransfer(weights.detach(), tuple(losses), len(losses), stopped)


def _whole_batch(
    network: SplitNetwork,
    batches: Sequence[Tensor],
    weights: Tensor,
    targets: Tensor,
    pairs: int,
    generator: torch.Generator,
) -> Tensor:
    """Mean 1 - cosine of every class on one batch."""
    part = batches[int(torch.randint(len(batches), (1,), generator=generator))].to(weights.device)
    total = weights.new_zeros(())
    for row, target in zip(weights, targets, strict=True):
        cosine = torch.cosine_similarity(importance_with_graph(network, part, row), target.unsqueeze(0))  # (B,)
        total = total + 1 - cosine.mean()
    return total / len(targets)


def _pairs(
    network: SplitNetwork,
    batches: Sequence[Tensor],
    weights: Tensor,
    targets: Tensor,
    pairs: int,
    generator: torch.Generator,
) -> Tensor:
    """Mean 1 - cosine of random pairs of a picture of the only batch and a class."""
    (pool,) = batches
    part = pool[torch.randint(len(pool), (pairs,), generator=generator)].to(weights.device)
    classes = torch.randint(len(targets), (pairs,), generator=generator).to(weights.device)
    alpha = importance_with_graph(network, part, weights[classes])  # (pairs, N)
    return 1 - torch.cosine_similarity(alpha, targets[classes]).mean()
