"""Neuron importance: how much each neuron of the dictionary layer speaks for a class.

Notation: ``stem: x -> A (B,N,H,W)``, ``tail: A -> phi (B,D)``, ``o = W phi + b``. The importance of neuron n for
class c is ``alpha_c(x)[n] = sum_ij d o_c / d A[n,i,j]``. The paper (Selvaraju et al., ECCV 2018, eq. 1) writes the mean over
positions; the two differ by a constant, which no cosine sees. Because the head is linear, ``alpha_c(x) = G(x) w_c`` with
``G(x) = sum_ij d phi / d A[.,i,j]`` (N x D), which knows no class.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Literal

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from niwt_core.backbones.split import SplitNetwork
from niwt_core.errors import NiwtError

Mode = Literal["auto", "forward", "reverse"]

CHUNK_ELEMENTS = 24_000_000  # floats of activation that one batch of directions may hold: about 100 MB


def importance(network: SplitNetwork, activations: Tensor, rows: Tensor) -> Tensor:
    """Importance of every neuron for one head row a picture, by one backward pass through the tail only.

    Args:
        network: the split network; its parameters are left alone.
        activations: (B,N,...) at the dictionary layer, from ``network.stem``.
        rows: (B,D) one head row for each picture, or (D,) the same for all.

    Returns:
        (B,N) importances, summed over positions.
    """
    return importances(network, activations, rows.expand(len(activations), -1).unsqueeze(0))[0]


def importances(network: SplitNetwork, activations: Tensor, rows: Tensor) -> Tensor:
    """(R,B,N) importances of pictures with ``activations`` (B,N,...) for several head ``rows`` (R,B,D) of each: one pass forward serves all."""
    if network.identity_tail:  # phi is the mean over positions, so the sum of the gradients is the row itself
        return rows.clone()
    with torch.enable_grad():
        leaf = activations.detach().requires_grad_()
        features = network.tail(leaf)  # (B, D); pictures do not mix, so one gradient serves all
        gradients = [torch.autograd.grad(features, leaf, row.to(features), retain_graph=True)[0] for row in rows]
    return torch.stack([gradient.flatten(2).sum(2) for gradient in gradients])


def unit(vectors: Tensor, eps: float = 1e-12) -> Tensor:
    """Rows of (...,N) scaled to length one; a zero row stays zero."""
    return vectors / vectors.norm(dim=-1, keepdim=True).clamp_min(eps)


def class_targets(
    network: SplitNetwork, batches: Iterable[tuple[Tensor, Tensor]], rows: Tensor, *, classes: int
) -> Tensor:
    """``m_c``: the mean unit importance of each class over its own pictures, all that the paper's loss sees of them.

    Args:
        batches: pairs of activations (B,N,...) and class indices (B,) into ``rows``.
        rows: (C,D) head rows.
        classes: C.

    Returns:
        (C,N); rows of classes without pictures are zero. With an identity tail no picture is needed and ``m_c = w_c/|w_c|``.
    """
    if network.identity_tail:
        return unit(rows)
    total = torch.zeros(classes, network.neurons, dtype=rows.dtype, device=rows.device)
    count = torch.zeros(classes, dtype=rows.dtype, device=rows.device)
    for activations, labels in batches:
        alpha = unit(importance(network, activations, rows[labels]))  # (B, N)
        total.index_add_(0, labels, alpha.to(total.dtype))
        count.index_add_(0, labels, torch.ones_like(labels, dtype=count.dtype))
    return total / count.clamp_min(1).unsqueeze(1)


def operator(
    network: SplitNetwork,
    batches: Iterable[Tensor],
    *,
    mode: Mode = "auto",
    on_batch: Callable[[int], None] | None = None,
) -> Tensor:
    """The importance operator ``G``: the mean of ``G(x)`` over probe pictures, (N,D).

    Reverse mode takes D backward passes through the tail, forward mode N directional derivatives; "auto" takes the fewer.
    Directions go in chunks under ``vmap``, so the passes are batched. With an identity tail ``G = I`` and nothing is computed.

    Args:
        batches: activations (B,N,...) of the probe pictures.
        on_batch: called with the number of pictures done, for progress.

    Raises:
        NiwtError: no probe picture was given.
    """
    if network.identity_tail:
        return torch.eye(network.neurons)
    if mode == "auto":
        mode = "forward" if network.neurons < network.features else "reverse"
    total: Tensor | None = None
    count = 0
    for activations in batches:
        # Fused attention has no forward derivative and no batching rule; pooling has no rule either, which costs time but no truth.
        with sdpa_kernel(SDPBackend.MATH), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="There is a performance drop")
            rows = _forward_rows(network, activations) if mode == "forward" else _reverse_rows(network, activations)
        total = rows if total is None else total + rows
        count += len(activations)
        if on_batch is not None:
            on_batch(count)
    if total is None:
        raise NiwtError("no probe picture", where="importance operator", fix="give at least one picture")
    return total / count


def _forward_rows(network: SplitNetwork, activations: Tensor) -> Tensor:
    """sum_x G(x), (N,D), by pushing each channel's direction (ones at every position) through the tail."""
    neurons = activations.shape[1]
    chunk = max(1, CHUNK_ELEMENTS // max(1, activations.numel()))
    positions = (1,) * (activations.ndim - 2)
    eye = torch.eye(neurons, dtype=activations.dtype, device=activations.device)

    def push(direction: Tensor) -> Tensor:  # (N,) -> (D,)
        tangent = direction.reshape(1, neurons, *positions).expand_as(activations)
        return torch.func.jvp(network.tail, (activations,), (tangent,))[1].sum(0)

    with torch.no_grad():
        return torch.cat([torch.func.vmap(push)(part) for part in eye.split(chunk)])  # (N, D)


def _reverse_rows(network: SplitNetwork, activations: Tensor) -> Tensor:
    """sum_x G(x), (N,D), by pulling each feature back through the tail."""
    with torch.enable_grad():
        leaf = activations.detach().requires_grad_()
        phi = network.tail(leaf).sum(0)  # (D,): pictures do not mix, so each keeps its own gradient
        chunk = max(1, CHUNK_ELEMENTS // max(1, activations.numel()))
        columns = []
        for part in torch.eye(len(phi), dtype=phi.dtype, device=phi.device).split(chunk):
            (pulled,) = torch.autograd.grad(phi, leaf, part, retain_graph=True, is_grads_batched=True)
            columns.append(pulled.flatten(3).sum(3).sum(1))  # (chunk, B, N, HW) -> (chunk, N)
    return torch.cat(columns).T.contiguous()  # (N, D)
