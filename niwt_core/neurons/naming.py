"""Names for neurons, and how far each can be trusted.

A neuron's name is the word that the inverse map (importance -> attributes) gives for its one-hot importance. That is a hypothesis;
it is tested on pictures that did not make it: does the neuron's pooled activation separate pictures whose class has the attribute
from those whose class has not? AUROC with its Mann-Whitney p, Benjamini-Hochberg over neurons, and the same for shuffled
names as the control. A neuron whose name does not pass is unnamed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from niwt_core.data.dataset import Dataset
from niwt_core.method.mapping import LinearMap

Q_LIMIT = 0.05
AUROC_LIMIT = 0.75
SHUFFLES = 20  # one alone is off by 1.3 points on the Aviary's 128 neurons, their mean by 0.3
LIVE_SPREAD = 1e-6  # a neuron whose activation does not vary over the held-out pictures is dead


@dataclass(frozen=True)
class NeuronNames:
    """One entry a neuron (N,).

    attribute: index of its word among the K, -1 if it is dead or has no testable candidate; auroc, p and q of that word on held-out pictures;
    strength: the word's standardised score in the inverse map; shuffled_share: of the live neurons, how many pass under
    shuffled names (see `shuffled_share`).
    """

    attribute: np.ndarray
    auroc: np.ndarray
    p: np.ndarray
    q: np.ndarray
    live: np.ndarray
    score: np.ndarray
    shuffled_fraction: float

    @property
    def verified(self) -> np.ndarray:
        """(N,) bool: the name passes (q < 0.05 and AUROC >= 0.75)."""
        return self.live & (self.q < Q_LIMIT) & (self.auroc >= AUROC_LIMIT)

    @property
    def significant(self) -> np.ndarray:
        """(N,) bool: q < 0.05 and better than chance, however weak: enough to be called a name at all."""
        return self.live & (self.q < Q_LIMIT) & (self.auroc > 0.5)


def name_scores(inverse: LinearMap, spread: Tensor) -> Tensor:
    """(N,K): what one unit of each neuron's importance adds to each attribute, in standard deviations of that attribute.

    ``spread`` (K,) is the standard deviation of each attribute over seen classes; a constant attribute scores zero.
    """
    return torch.where(spread > 1e-6, inverse.weight / spread.clamp_min(1e-6), torch.zeros(()))


MIN_PICTURES = 10  # held-out pictures with an attribute, and as many without, that a test of a name needs


def name_neurons(
    scores: np.ndarray,
    activations: np.ndarray,
    has_attribute: np.ndarray,
    *,
    seed: int,
    min_pictures: int = MIN_PICTURES,
) -> NeuronNames:
    """Names every neuron and tests the names.

    Args:
        scores: (N,K) from ``word_scores``.
        activations: (n,N) pooled activations of held-out pictures.
        has_attribute: (n,K) bool: the picture's class has the attribute.
        min_pictures: an attribute with fewer held-out pictures on either side cannot be tested and names nothing.

    Source: Mann and Whitney (1947); Benjamini and Hochberg (1995).
    """
    positives = has_attribute.sum(0)
    testable = (positives >= min_pictures) & (len(has_attribute) - positives >= min_pictures)
    live = activations.std(0) > LIVE_SPREAD
    usable = np.where(testable[None, :], scores, -np.inf)
    attribute = usable.argmax(1)
    ranks = _ranks(activations)
    auroc, p, q = _test(ranks, has_attribute, attribute, live)
    fraction = shuffled_fraction(ranks, has_attribute, attribute, live, seed=seed)
    score = scores[np.arange(len(scores)), attribute]
    none = ~live | ~np.isfinite(usable.max(1))
    return NeuronNames(np.where(none, -1, attribute), auroc, p, q, live, score, fraction)


def shuffled_fraction(
    ranks: np.ndarray, has_attribute: np.ndarray, attribute: np.ndarray, live: np.ndarray, *, seed: int
) -> float:
    """The share of live neurons (0..1) that pass the test with the name of another, the mean over SHUFFLES shuffles of all names."""
    random = np.random.default_rng(seed)
    fractions = []
    for _ in range(SHUFFLES):
        control = attribute.copy()
        control[live] = random.permutation(attribute[live])
        judged = live & (control != attribute)  # a neuron that drew its own word again is no control
        auroc, _, q = _test(ranks, has_attribute, control, live)
        fractions.append(((q < Q_LIMIT) & (auroc >= AUROC_LIMIT))[judged].mean() if judged.any() else 0.0)
    return float(np.mean(fractions))


def name_dictionary(dataset: Dataset, inverse: LinearMap, pooled: Tensor, *, seed: int) -> NeuronNames:
    """Names the neurons of a prepared set: hypotheses from ``inverse``, tests on its held-out pictures' ``pooled`` activations (n,N).

    What a picture shows is taken from the set's own truth where it has one, else from its class. Knowledge without words names nothing.
    """
    held_out = ~dataset.train
    activations = pooled[torch.from_numpy(held_out)].numpy()
    if dataset.knowledge.kind != "attributes":
        neurons = activations.shape[1]
        zero, one = np.zeros(neurons), np.ones(neurons)
        return NeuronNames(np.full(neurons, -1), zero + 0.5, one, one, activations.std(0) > LIVE_SPREAD, zero, 0.0)
    spread = torch.from_numpy(dataset.knowledge.values[dataset.seen].std(0))
    if dataset.picture_attributes is not None:
        has = dataset.picture_attributes[held_out] > 0
    else:
        has = dataset.knowledge.presence()[dataset.labels[held_out]]
    return name_neurons(name_scores(inverse, spread).numpy(), activations, has, seed=seed)


def _ranks(activations: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata

    return rankdata(activations, axis=0)  # (n, N), ties share their mean rank


def auroc_of(ranks: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """AUROC of each column's ranks (n,N) for ``positive`` (n,N) bool, by the Mann-Whitney statistic."""
    count = positive.sum(0)
    other = len(positive) - count
    u = (ranks * positive).sum(0) - count * (count + 1) / 2
    return u / np.maximum(count * other, 1)


def _test(
    ranks: np.ndarray, has_attribute: np.ndarray, attribute: np.ndarray, live: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """AUROC (N,), one-sided p by the normal approximation without tie correction (conservative), and q over the live neurons."""
    from scipy.stats import false_discovery_control, norm

    positive = has_attribute[:, attribute]  # (n, N)
    auroc = auroc_of(ranks, positive)
    count = positive.sum(0)
    other = len(positive) - count
    spread = np.sqrt(count * other * (len(positive) + 1) / 12.0)
    z = (auroc - 0.5) * count * other / np.maximum(spread, 1e-12)
    p = np.where(live, norm.sf(z), 1.0)
    q = np.ones_like(p)
    if live.any():
        q[live] = false_discovery_control(p[live])
    return auroc, p, q
