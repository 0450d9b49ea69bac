"""Names of neurons where the table is of classes: the class is the unit of every test, and choosing a name costs what it costs.

Pictures of one class share its row of the table, so counting them as independent makes any accident of a class look like hundreds of findings.
Here a neuron is what its mean activation is in each class. Its name is the one, of the ten that the inverse map likes best, that training
pictures of seen classes support most (AUROC over classes); it is tested on held-out pictures of all classes. Those are partly the same classes,
so the test pays for the choice: the descriptions of the classes are dealt out anew, everything is done again (inverse map, ten candidates, choice,
test), and a name counts only if its statistic stands out among those that chance gives. Ranks know nothing of a neuron's scale, so all neurons'
chance statistics are of one kind and are pooled.

On the CUB subset 202 names hold and are not contested where the name is the inverse map's first word, 521 for the best of ten; of these no
attribute fits better at all in 52 and 66 %.
Sources: Mann and Whitney (1947); Westfall and Young, "Resampling-based multiple testing" (1993); Benjamini and Hochberg (1995).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import false_discovery_control
from torch import Tensor

from niwt_core.method.importance import unit
from niwt_core.method.mapping import fit_map
from niwt_core.neurons.naming import (
    CANDIDATES,
    LIVE_SPREAD,
    NeuronNames,
    all_aurocs,
    best_fit,
    best_supported,
    passes,
    ranks_of,
    unnamed,
)

PERMUTATIONS = 200
FEWEST = 5  # classes with an attribute, and without, among those that name and among those that test; a quarter where there are fewer than 20
CONTROLS = 20  # permuted runs that are judged as the real one


@dataclass(frozen=True, eq=False)
class ClassMeans:
    """What the naming needs of C classes and N neurons.

    importances (Cs,N) of seen classes, in the order of ``seen`` (C,) bool; training (C,N) and held_out (C,N) mean activations, NaN rows where a
    class has no such pictures; values (C,K) raw table; presence (C,K) bool: the class has the attribute.
    """

    importances: Tensor
    seen: np.ndarray
    training: np.ndarray
    held_out: np.ndarray
    values: np.ndarray
    presence: np.ndarray


def fewest_classes(classes: int) -> int:
    """How many of ``classes`` must have an attribute, and how many must not, for a name of it to be tested."""
    return max(2, min(FEWEST, classes // 4))


def class_means(pooled: np.ndarray, labels: np.ndarray, chosen: np.ndarray, *, classes: int) -> np.ndarray:
    """(C,N) mean of ``pooled`` (n,N) over the ``chosen`` (n,) bool pictures of each class; NaN where there are none."""
    member = np.zeros((classes, len(labels)), np.float32)
    member[labels[chosen], np.flatnonzero(chosen)] = 1
    count = member.sum(1, keepdims=True)
    return np.where(count > 0, member @ pooled / np.maximum(count, 1), np.nan)


def name_by_class_means(
    means: ClassMeans, *, ridge: float, seed: int, candidates: int = CANDIDATES, permutations: int = PERMUTATIONS
) -> NeuronNames:
    """Names every neuron and tests the names, with classes as units; ``ridge`` is that of the inverse map.

    The control (``shuffled_fraction``) is the whole procedure on classes whose descriptions were dealt out at random.
    """
    random = np.random.default_rng(seed)
    trial = _Trial(means, ridge, candidates)
    classes, neurons = len(means.seen), means.held_out.shape[1]
    live = np.nanstd(means.held_out, 0) > LIVE_SPREAD
    named = trial.run(np.arange(classes))
    if named is None or not live.any():
        return unnamed(live)
    drawn = [run for run in (trial.run(random.permutation(classes)) for _ in range(permutations)) if run is not None]
    chance = np.sort(np.concatenate([run.z[live] for run in drawn]))  # pooled over neurons
    p = np.where(live, _exceeding(chance, named.z), 1.0)
    q = np.ones(neurons)
    q[live] = false_discovery_control(p[live])
    control = []
    for run in drawn[:CONTROLS]:
        by_chance = np.ones(neurons)
        by_chance[live] = false_discovery_control(_exceeding(chance, run.z[live]))
        control.append(passes(by_chance, run.auroc)[live].mean())
    attribute = np.where(live, named.attribute, -1)
    better, better_auroc = best_fit(named.held_out, trial.testable(means.presence))
    return NeuronNames(attribute, named.auroc, p, q, live, named.score, float(np.mean(control)), better, better_auroc)


def _exceeding(chance: np.ndarray, z: np.ndarray) -> np.ndarray:
    """The fraction of ``chance`` (sorted) at or above each z, never zero: one more draw might have been."""
    above = len(chance) - np.searchsorted(chance, z, side="left")
    return (1 + above) / (1 + len(chance))


@dataclass(frozen=True, eq=False)
class _Run:
    """One round of naming: attribute (N,) with its AUROC and standardised statistic on held-out pictures, its score in the inverse map, and the AUROC
    of every attribute (N,K)."""

    attribute: np.ndarray
    auroc: np.ndarray
    z: np.ndarray
    score: np.ndarray
    held_out: np.ndarray


class _Trial:
    """The whole procedure for any assignment of descriptions to classes."""

    def __init__(self, means: ClassMeans, ridge: float, candidates: int) -> None:
        self._means, self._candidates = means, candidates
        seen = int(means.seen.sum())
        # The inverse map is linear in the table, so it is fitted once, to the classes themselves.
        solved = fit_map(unit(means.importances), torch.eye(seen), ridges=(ridge,))
        self._inverse = solved.weight.numpy()  # (N, Cs)
        self._tests = ~np.isnan(means.held_out).all(1)
        self._training = ranks_of(means.training[means.seen])
        self._held_out = ranks_of(means.held_out[self._tests])

    def testable(self, presence: np.ndarray) -> np.ndarray:
        """(K,) bool: enough classes with and without the attribute, among those that name and those that test."""
        fewest = fewest_classes(len(presence))
        enough = [
            (part.sum(0) >= fewest) & ((~part).sum(0) >= fewest)
            for part in (presence[self._means.seen], presence[self._tests])
        ]
        return np.asarray(enough[0] & enough[1])

    def run(self, order: np.ndarray) -> _Run | None:
        """Names and statistics with class c described as class ``order[c]``; None where no attribute can be tested."""
        values, presence = self._means.values[order], self._means.presence[order]
        testable = self.testable(presence)
        if not testable.any():
            return None
        seen_values = values[self._means.seen]
        spread = seen_values.std(0)
        scores = np.where(spread > 1e-6, self._inverse @ seen_values / np.maximum(spread, 1e-6), 0.0)  # (N, K)
        training_fit = all_aurocs(self._training, presence[self._means.seen])
        attribute = best_supported(scores, training_fit, testable, candidates=self._candidates)
        held_out = all_aurocs(self._held_out, presence[self._tests])
        at = np.arange(len(attribute))
        with_it = presence[self._tests].sum(0)[attribute]
        without = int(self._tests.sum()) - with_it
        deviation = np.sqrt((with_it + without + 1) / (12.0 * with_it * without))  # of an AUROC that chance gives
        auroc = held_out[at, attribute]
        return _Run(attribute, auroc, (auroc - 0.5) / deviation, scores[at, attribute], held_out)
