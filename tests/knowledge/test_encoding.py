"""Descriptions become rows of length one."""

import numpy as np
import pytest

from niwt_core.errors import NiwtError
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.encoding import encode, encoding_for

VALUES = np.array([[1.0, 4, 0], [0, 9, 16]])


def test_hellinger_by_hand():
    np.testing.assert_allclose(encode(VALUES, "hellinger"), [[5**-0.5, 2 * 5**-0.5, 0], [0, 0.6, 0.8]])


def test_unit_by_hand():
    np.testing.assert_allclose(encode(np.array([-3.0, 0, 4]), "unit"), [-0.6, 0, 0.8])


@pytest.mark.parametrize("encoding", ["hellinger", "unit"])
def test_percentages_and_shares_mean_the_same(encoding):
    np.testing.assert_allclose(encode(VALUES * 100, encoding), encode(VALUES, encoding))
    np.testing.assert_allclose(np.linalg.norm(encode(VALUES, encoding), axis=1), 1)


def test_hellinger_leaves_the_profile_of_a_binary_table():
    table = np.array([[1.0, 0, 1], [1, 1, 1]])
    np.testing.assert_allclose(encode(table, "hellinger"), encode(table, "unit"))


def test_the_table_is_not_changed_and_float32_is_widened():
    table = VALUES.astype(np.float32)
    assert encode(table, "hellinger").dtype == np.float64
    assert np.array_equal(table, VALUES)


@pytest.mark.parametrize(
    ("kind", "low", "wanted"),
    [("attributes", 0, "hellinger"), ("attributes", -1, "unit"), ("captions", 0, "kernel"), ("embedding", 0, "unit")],
)
def test_which_encoding(kind, low, wanted):
    assert encoding_for(Knowledge(kind, ("a", "b"), ("x", "y"), np.array([[low, 1.0], [1, 0]]))) == wanted


@pytest.mark.parametrize(
    ("row", "encoding", "message"),
    [
        ([0.0, 0, 0], "hellinger", "empty"),
        ([0.0, 0, 0], "unit", "empty"),
        ([1, np.nan, 0], "unit", "not a number"),
        ([1, np.inf, 0], "hellinger", "not a number"),
        ([1, -2, 0], "hellinger", "negative"),
    ],
)
def test_what_says_nothing_is_refused(row, encoding, message):
    with pytest.raises(NiwtError, match=message):
        encode(np.array(row), encoding)
