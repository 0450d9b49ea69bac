"""A lesson in words while a network trains: its dictionary neurons are also asked for the attributes of each picture.

A linear head on the pooled dictionary activations tells the attributes apart by binary cross-entropy (semantic regularisation). It
is thrown away afterwards; what stays are neurons that each carry few concepts. Weights are not negative, so a word is told by
neurons that fire for it, and each neuron divides one vote over the words (softmax), so that it is better off with one of them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from niwt_core.backbones.split import SplitNetwork


class WordHead(nn.Module):
    """Pooled activations (B,N), not negative -> (B,K) logits of the words."""

    def __init__(self, neurons: int, words: int, *, seed: int, mode="votes") -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.mode = mode
        self.votes = nn.Parameter(
            torch.randn(neurons, words, generator=generator) * (1.0 if mode == "votes" else 0.01)
            + (0.02 if mode == "positive" else 0)
        )
        self.gain = nn.Parameter(torch.zeros(words))
        self.bias = nn.Parameter(torch.full((words,), -1.5))

    def weight(self) -> Tensor:
        if self.mode == "votes":
            return torch.softmax(3 * self.votes, dim=1)
        return self.votes.clamp_min(0) if self.mode == "positive" else self.votes

    def forward(self, pooled: Tensor) -> Tensor:
        return 10 * self.gain.exp() * (pooled @ self.weight()) + self.bias


class Lesson(nn.Module):
    """A network in training with its word head: pictures (B,3,s,s) -> class logits (B,C), word logits (B,K), mean activation ()."""

    def __init__(self, network: SplitNetwork, words: WordHead | None) -> None:
        super().__init__()
        self.network, self.words = network, words

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | None, Tensor]:
        activations = self.network.stem(x)  # (B, N, ...)
        logits = self.network.head(self.network.tail(activations))
        if self.words is None:
            return logits, None, logits.new_zeros(())
        pooled = activations.float().flatten(2).mean(2)  # (B, N)
        with torch.autocast(x.device.type, enabled=False):
            return logits, self.words(pooled), pooled.abs().mean()
