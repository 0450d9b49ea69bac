"""Names for neurons, and how far each can be trusted.

The inverse map (importance -> attributes) gives words for a neuron's one-hot importance; of its CANDIDATES best the one that training pictures
support most is the neuron's name. That is a hypothesis; it is tested on pictures that did not make it: does the neuron's pooled activation
separate pictures with the attribute from those without? AUROC with its Mann-Whitney p, Benjamini-Hochberg over neurons, and the same for
shuffled names as the control. A neuron whose name does not pass is unnamed; one that another attribute fits clearly better is contested.

Here the picture is the unit, which asks for a truth of each picture. Where the table is of classes, see `naming_by_class_means`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import false_discovery_control, norm, rankdata
from torch import Tensor

from niwt_core.method.mapping import LinearMap

Q_LIMIT = 0.05
AUROC_LIMIT = 0.75
SHUFFLES = 20  # one alone is off by 1.3 points on the Aviary's 128 neurons, their mean by 0.3
CANDIDATES = 10  # words of the inverse map among which training pictures choose
CLEARLY = 0.05  # AUROC by which another attribute must fit better for a name to be contested
LIVE_SPREAD = 1e-6  # a neuron whose activation does not vary over the held-out pictures is dead


@dataclass(frozen=True)
class NeuronNames:
    """One entry a neuron (N,).

    attribute: index of its word among the K, -1 if it is dead or has no testable candidate; auroc, p and q of that word on held-out pictures;
    score: the word's standardised score in the inverse map; shuffled_fraction: of the live neurons, how many pass where names are shuffled.
    better: the attribute that fits the same held-out pictures best (-1 where that is not known), with its ``better_auroc``.
    """

    attribute: np.ndarray
    auroc: np.ndarray
    p: np.ndarray
    q: np.ndarray
    live: np.ndarray
    score: np.ndarray
    shuffled_fraction: float
    better: np.ndarray | None = None
    better_auroc: np.ndarray | None = None

    @property
    def contested(self) -> np.ndarray:
        """(N,) bool: it is a name, and another attribute fits clearly better."""
        if self.better_auroc is None:
            return np.zeros(len(self.attribute), bool)
        return self.significant & (self.better_auroc - self.auroc > CLEARLY)

    @property
    def verified(self) -> np.ndarray:
        """(N,) bool: the name passes (q < 0.05 and AUROC >= 0.75) and is not contested."""
        return self.live & passes(self.q, self.auroc) & ~self.contested

    @property
    def significant(self) -> np.ndarray:
        """(N,) bool: q < 0.05 and better than chance, however weak: enough to be called a name at all."""
        return self.live & (self.q < Q_LIMIT) & (self.auroc > 0.5)


def passes(q: np.ndarray, auroc: np.ndarray) -> np.ndarray:
    """What a name must reach to be verified."""
    return np.asarray((q < Q_LIMIT) & (auroc >= AUROC_LIMIT))


def best_supported(
    scores: np.ndarray, fit: np.ndarray, testable: np.ndarray, *, candidates: int = CANDIDATES
) -> np.ndarray:
    """(N,) the attribute with most ``fit`` (N,K) among the ``candidates`` testable ones with the highest ``scores`` (N,K)."""
    usable = np.flatnonzero(testable)
    candidate_scores = scores[:, usable]
    if candidates < len(usable):
        columns = np.argpartition(-candidate_scores, candidates - 1, axis=1)[:, :candidates]  # (N, candidates)
    else:
        columns = np.broadcast_to(np.arange(len(usable)), candidate_scores.shape)
    liked = np.take_along_axis(fit[:, usable], columns, 1).argmax(1)
    return np.asarray(usable[columns[np.arange(len(candidate_scores)), liked]])


def best_fit(auroc: np.ndarray, testable: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(attribute (N,), its AUROC (N,)) of the testable attribute that fits each neuron best; -1 and 0.5 where none is testable."""
    if not testable.any():
        return np.full(len(auroc), -1), np.full(len(auroc), 0.5)
    usable = np.where(testable, auroc, -1.0)
    return usable.argmax(1), usable.max(1)


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
    training_fit: np.ndarray | None = None,
) -> NeuronNames:
    """Names every neuron and tests the names.

    Args:
        scores: (N,K) from ``name_scores``.
        activations: (n,N) pooled activations of held-out pictures.
        has_attribute: (n,K) bool: the picture's class has the attribute.
        training_fit: (N,K) how well training pictures fit each attribute; without it the name is the attribute of the highest score.
        min_pictures: an attribute with fewer held-out pictures on either side cannot be tested and names nothing.

    Source: Mann and Whitney (1947); Benjamini and Hochberg (1995).
    """
    positives = has_attribute.sum(0)
    testable = (positives >= min_pictures) & (len(has_attribute) - positives >= min_pictures)
    live = activations.std(0) > LIVE_SPREAD
    if not testable.any():
        return unnamed(live)
    chosen = scores if training_fit is None else training_fit
    attribute = best_supported(scores, chosen, testable, candidates=CANDIDATES)
    ranks = ranks_of(activations)
    auroc, p, q = _test(ranks, has_attribute, attribute, live)
    fraction = shuffled_fraction(ranks, has_attribute, attribute, live, seed=seed)
    score = scores[np.arange(len(scores)), attribute]
    better, better_auroc = best_fit(all_aurocs(ranks, has_attribute), testable)
    return NeuronNames(np.where(live, attribute, -1), auroc, p, q, live, score, fraction, better, better_auroc)


def unnamed(live: np.ndarray) -> NeuronNames:
    """No neuron (N,) has a name: there is nothing to name it by."""
    zero, one = np.zeros(len(live)), np.ones(len(live))
    return NeuronNames(np.full(len(live), -1), zero + 0.5, one, one, live, zero, 0.0)


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


def ranks_of(activations: np.ndarray) -> np.ndarray:
    """(n,N) rank of each activation among its neuron's; ties share their mean."""
    return np.asarray(rankdata(activations, axis=0))


def auroc_of(ranks: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """AUROC of each column's ranks (n,N) for ``positive`` (n,N) bool, by the Mann-Whitney statistic."""
    count = positive.sum(0)
    other = len(positive) - count
    u = (ranks * positive).sum(0) - count * (count + 1) / 2
    return u / np.maximum(count * other, 1)


def all_aurocs(ranks: np.ndarray, has_attribute: np.ndarray) -> np.ndarray:
    """(N,K) AUROC of every neuron's ranks (n,N) for every attribute (n,K) bool."""
    count = has_attribute.sum(0)
    other = len(has_attribute) - count
    u = ranks.T @ has_attribute.astype(ranks.dtype) - count * (count + 1) / 2
    return np.asarray(u / np.maximum(count * other, 1))


def _test(
    ranks: np.ndarray, has_attribute: np.ndarray, attribute: np.ndarray, live: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """AUROC (N,), one-sided p by the normal approximation without tie correction (conservative), and q over the live neurons."""
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
