"""Classes whose pictures follow their descriptions, for everything that is chosen on folds."""

import numpy as np
import torch

from niwt_core.evaluation.folds import FoldFeatures, class_folds
from niwt_core.evaluation.grid import Grid
from niwt_core.evaluation.selection import choose
from niwt_core.method.importance import unit
from tests.support.tiny_networks import normal

CLASSES, SEEN, PICTURES, FEATURES = 12, 9, 14, 10
GRID = Grid(
    decay=(1e-2,), mu=(0.0, 0.3, 30.0), ridge=(0.1, 1.0), norm=(0.6, 1.0), share=(0.01, 0.05, 0.1), shrinkage=(0.0, 0.5)
)


class World:
    """Features (n,D) of classes whose means follow their descriptions (C,K); a quarter of the seen pictures are test pictures."""

    def __init__(self, seed: int = 0, neurons: int = 0) -> None:
        random = np.random.default_rng(seed)
        self.seen = np.isin(np.arange(CLASSES), random.permutation(CLASSES)[:SEEN])
        self.labels = random.permutation(np.arange(CLASSES).repeat(PICTURES))
        self.train = self.seen[self.labels] & (random.random(len(self.labels)) > 0.25)
        self.knowledge = unit(normal(CLASSES, 6, seed=seed).abs())
        means = 3 * self.knowledge @ normal(6, FEATURES, seed=seed + 1)
        self.features = means[self.labels] + normal(len(self.labels), FEATURES, seed=seed + 2)
        self.operator = normal(neurons, FEATURES, seed=seed + 3) if neurons else None

    def targets(self, rows: torch.Tensor, classes: np.ndarray) -> torch.Tensor:
        return unit(rows if self.operator is None else rows @ self.operator.T)

    @property
    def folds(self):
        return class_folds(self.labels, self.train, self.seen, seed=3)

    @property
    def features_of_folds(self):
        return [FoldFeatures(self.features, self.targets, self.operator)] * len(self.folds)

    def chosen(self, grid: Grid | None = None):
        described = int((~self.seen).sum())
        return choose(
            self.folds, self.features_of_folds, self.labels, self.knowledge, described=described, grid=grid or GRID
        )
