"""The map of the classes: an exact plane, on which a row that is added lies where it would."""

import numpy as np
import pytest
import torch

from niwt_core.classify.projection import map_of_classes


@pytest.mark.parametrize("shape", [(12, 7), (60, 3), (90, 120), (120, 90)])
def test_places_are_the_two_leading_directions(shape):
    rows = torch.randn(*shape, generator=torch.Generator().manual_seed(0))
    unit = (rows / rows.norm(dim=1, keepdim=True)).double().numpy()
    centred = unit - unit.mean(0)
    _, values, vectors = np.linalg.svd(centred, full_matrices=False)
    actual = map_of_classes(rows)
    np.testing.assert_allclose(np.abs(actual.places), np.abs(centred @ vectors[:2].T), atol=1e-6)
    np.testing.assert_allclose(actual.explained, (values[:2] ** 2).sum() / (values**2).sum(), rtol=1e-6)


def test_a_known_row_lies_where_it_is_and_length_does_not_count():
    rows = torch.randn(9, 5, generator=torch.Generator().manual_seed(1))
    actual = map_of_classes(rows)
    np.testing.assert_allclose(actual.place(3.7 * rows), actual.places, atol=1e-6)
    assert np.array_equal(map_of_classes(rows).places, actual.places)
