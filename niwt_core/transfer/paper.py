"""The paper's own transfer loop (Selvaraju et al., ECCV 2018, section 4.3 and eq. 4): a faithful oracle, minutes a run.

``min_w mean_x [1 - cos(G(x) w, a)] + lambda/2 |w - w_bar|^2`` by Adam over batches of images, with a backward pass through the tail
for ``G(x) w`` and another through that for the gradient in w; started at the mean seen row, stopped when the loss has not
improved by 1 % in 40 iterations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from niwt_core.backbones.split import SplitNetwork


@dataclass(frozen=True)
class PaperSettings:
    """The published settings for CUB; for AwA2 the paper has 1e-3 for both the regulariser and the learning rate."""

    learning_rate: float = 1e-4
    regularisation: float = 1e-2
    iterations: int = 2000
    patience: int = 40
    tolerance: float = 0.01


@dataclass(frozen=True)
class PaperTransfer:
    """weights (U,D) as the loop left them (not rescaled); losses, one an iteration; stopped says why."""

    weights: Tensor
    losses: tuple[float, ...]
    iterations: int
    stopped: str


def importance_with_graph(network: SplitNetwork, activations: Tensor, row: Tensor) -> Tensor:
    """``G(x) w`` (B,N) for one row (D,), differentiable in the row (double backward)."""
    from torch.nn.attention import SDPBackend, sdpa_kernel

    leaf = activations.detach().requires_grad_()
    with sdpa_kernel(SDPBackend.MATH):  # fused attention has no second derivative
        score = (network.tail(leaf) @ row).sum()
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
    from niwt_core.importance import importance

    losses = []
    for row, target in zip(weights, targets, strict=True):
        cosines = torch.cat(
            [torch.cosine_similarity(importance(network, part, row), target.unsqueeze(0)) for part in batches]
        )
        losses.append(1 - cosines.mean() + regularisation / 2 * (row - mean_row).square().sum())
    return torch.stack(losses)


def paper_transfer(
    network: SplitNetwork,
    batches: Sequence[Tensor],
    targets: Tensor,
    mean_row: Tensor,
    *,
    settings: PaperSettings | None = None,
    seed: int = 0,
    on_iteration: Callable[[int, float], None] | None = None,
) -> PaperTransfer:
    """Runs the loop for ``targets`` (U,N); ``batches`` are activations (B,N,...) of random images (or noise), visited at random."""
    settings = settings or PaperSettings()
    generator = torch.Generator().manual_seed(seed)
    weights = mean_row.repeat(len(targets), 1).requires_grad_()  # (U, D)
    adam = torch.optim.Adam([weights], lr=settings.learning_rate)
    losses: list[float] = []
    best, since, stopped = float("inf"), 0, "iterations"
    for step in range(settings.iterations):
        part = batches[int(torch.randint(len(batches), (1,), generator=generator))]
        loss = torch.zeros(())
        for row, target in zip(weights, targets, strict=True):
            cosine = torch.cosine_similarity(importance_with_graph(network, part, row), target.unsqueeze(0))  # (B,)
            loss = loss + 1 - cosine.mean() + settings.regularisation / 2 * (row - mean_row).square().sum()
        loss = loss / len(targets)
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
