"""Training pictures by hash."""

import numpy as np

from niwt_core.data.splits import hash_split


def test_shares_and_order():
    labels = np.repeat(np.arange(6), [1, 2, 3, 5, 50, 10])
    paths = [f"{label}/{i}.jpg" for i, label in enumerate(labels)]
    seen = np.array([1, 1, 1, 1, 1, 0], dtype=bool)
    train = hash_split(paths, labels, seen)
    assert np.bincount(labels[train], minlength=6).tolist() == [1, 2, 2, 4, 40, 0]
    order = np.random.default_rng(0).permutation(len(paths))
    np.testing.assert_array_equal(hash_split([paths[i] for i in order], labels[order], seen), train[order])
    members = np.flatnonzero(labels == 4)
    assert not train[members[:40]].all()  # not simply the first
