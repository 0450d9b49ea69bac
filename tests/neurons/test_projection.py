"""The map of the dictionary: near means alike, and the same picture every time."""

import numpy as np
import pytest

from niwt_core.neurons.projection import map_of_neurons


def blocks(count: int = 3, each: int = 12, classes: int = 9) -> np.ndarray:
    """(C,N) importances in blocks: the neurons of a block speak for the same classes."""
    random = np.random.default_rng(0)
    centres = random.normal(size=(classes, count))
    return np.repeat(centres, each, axis=1) + 0.05 * random.normal(size=(classes, count * each))


def test_neurons_of_one_block_lie_together_and_the_map_is_the_same_again():
    places = map_of_neurons(blocks())
    assert places.shape == (36, 2)
    np.testing.assert_array_equal(places, map_of_neurons(blocks()))
    distance = np.linalg.norm(places[:, None] - places[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    assert (distance.argmin(1) // 12 == np.arange(36) // 12).all()


@pytest.mark.parametrize("shape", [(5, 1), (5, 4), (1, 6), (3, 9)])
def test_small_dictionaries_have_a_map_too(shape):
    places = map_of_neurons(np.random.default_rng(1).normal(size=shape))
    assert places.shape == (shape[1], 2)
    assert np.isfinite(places).all()
