"""The dictionary and the classes as maps: points in two dimensions that lie close where what they stand for is alike."""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

SMALLEST = 8  # points; fewer are shown by their principal components
PERPLEXITY = 20.0
COMPONENTS = 50  # principal components that t-SNE sees: what is beyond is noise, and costs time


def map_of_neurons(importances: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """(N,2) float32 places of N neurons by their importance over C classes, ``importances`` (C,N); the same places every time.

    t-SNE on cosine distance between the columns about their mean, started from principal components, so that neurons that matter to the same
    classes lie together. A neuron of no importance at all lies where the average one does. Source: van der Maaten and Hinton, JMLR 2008.
    """
    columns = importances.T.astype(np.float64)
    columns = columns - columns.mean(0)
    length = np.linalg.norm(columns, axis=1, keepdims=True)
    unit = columns / np.maximum(length, 1e-12)
    if len(unit) < SMALLEST:
        return _principal(unit)
    reduced = PCA(min(COMPONENTS, *unit.shape), random_state=seed, svd_solver="full").fit_transform(unit)
    perplexity = min(PERPLEXITY, (len(unit) - 1) / 3)
    places = TSNE(
        2, perplexity=perplexity, init="pca", random_state=seed, learning_rate="auto", n_jobs=1
    ).fit_transform(reduced)
    return np.asarray(places, np.float32)


def _principal(rows: np.ndarray) -> np.ndarray:
    """(n,2) the first two principal components; zeros where there are none."""
    places = np.zeros((len(rows), 2), np.float32)
    count = min(2, *rows.shape)
    if len(rows) > 1:
        places[:, :count] = PCA(count, svd_solver="full").fit_transform(rows)
    return places
