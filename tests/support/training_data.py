"""Seeded training data of a few classes whose pictures follow their descriptions, for oracles of the baselines."""

import numpy as np

from niwt_core.evaluation.baselines import TrainingData


def training_data(
    n: int = 60, features: int = 7, classes: int = 5, words: int = 4, *, seed: int = 0, unit: bool = False
) -> TrainingData:
    """Features in float64, so that oracles can be strict; each class has a picture."""
    random = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), random.integers(0, classes, n - classes)])
    knowledge = random.normal(size=(classes, words))
    knowledge -= knowledge.mean(0)
    if unit:
        knowledge /= np.linalg.norm(knowledge, axis=1, keepdims=True)
    x = (knowledge @ random.normal(size=(words, features)))[labels] + random.normal(size=(n, features))
    x -= x.mean(0)
    x /= np.sqrt((x**2).sum(1).mean())
    return TrainingData(x, labels, knowledge, random.normal(size=(classes, features)), random.normal(size=classes))


def new_words(count: int, words: int, *, seed: int = 9) -> np.ndarray:
    """(U,K) descriptions of classes nobody photographed."""
    return np.random.default_rng(seed).normal(size=(count, words))


def only(scores) -> np.ndarray:
    """The scores of a single strength."""
    (single,) = scores
    return single
