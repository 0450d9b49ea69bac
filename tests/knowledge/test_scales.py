"""Tables that say nothing of their units: one scale is kept, several become one, and what was assumed is said."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.scales import common_scale

RATINGS = np.array([[1, 5, 2], [4, 1, 3], [5, 2, 5], [2, 4, 1]], float)


def known(values: np.ndarray) -> Knowledge:
    """A table of those values as a reader makes it."""
    names = [f"a{k}" for k in range(values.shape[1])]
    common = common_scale(names, values)
    classes = tuple(f"c{i}" for i in range(len(values)))
    return Knowledge("attributes", classes, tuple(names), common.values, common.scale)


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        (RATINGS, 5),
        (RATINGS - 1, 4),
        (2 * RATINGS, 10),
        (RATINGS > 2, 1),
        (RATINGS / 5, 1),
        (20 * RATINGS, 100),
        ((RATINGS - RATINGS.mean(0)) / RATINGS.std(0), pytest.approx(1.5213, abs=1e-3)),
    ],
)
def test_one_scale_is_kept(values, scale):
    common = common_scale(["a", "b", "c"], values)
    np.testing.assert_allclose(common.values, np.asarray(values, np.float32))
    assert common.scale == scale
    assert len(common.notices) == (common.scale != 1)  # what was assumed is said


def test_true_is_the_top_of_the_column():
    knowledge = known(np.array([[1, 4, 2], [4, 1, 3], [5, 2, 2], [2, 4, 1]], float))
    assert knowledge.scale == 5
    row = knowledge.describe({"a0": True, "a1": True, "a2": "yes"})
    np.testing.assert_array_equal(row, [5, 4, 3])
    share = row / row.sum()
    assert share.max() < 0.5  # a scale of 100 gave 79 % to one rating


@pytest.mark.parametrize("values", [RATINGS, RATINGS - 1, 2 * RATINGS])
def test_ratings_have_what_percentages_have(values):
    """Presence decides which neurons can be named at all: none could, where ratings were taken for hundredths."""
    assert known(values).presence().any(axis=0).all()
    np.testing.assert_array_equal(known(values).presence(), known(values * 100 / values.max()).presence())


@pytest.mark.parametrize("tops", [270, 95, 12, 3.2])
def test_a_column_of_centimetres_does_not_drown_the_others(tops):
    flags = np.array([[1, 0, 0, 1], [0, 1, 0, 1], [0, 0, 1, 0], [1, 1, 0, 0]], float)
    values = np.column_stack([flags, tops * np.array([0.7, 1, 0.8, 0.9])])
    common = common_scale(["color::red", "color::blue", "striped", "horned", "length_cm"], values)
    assert common.scale == 1
    np.testing.assert_allclose(common.values[:, 4], [0.7, 1, 0.8, 0.9], rtol=1e-6)
    np.testing.assert_array_equal(common.values[:, :4], flags)
    assert "length cm" in common.notices[0]
    assert "% of every description" in common.notices[0]


def test_a_dominating_column_of_one_scale_is_named():
    values = np.array([[90, 5, 3, 4], [100, 4, 6, 5], [95, 9, 2, 3]], float)
    notices = common_scale(["length", "b", "c", "d"], values).notices
    assert any("length is 8" in notice for notice in notices)


@settings(max_examples=150, deadline=None)
@given(
    flags=st.lists(st.lists(st.booleans(), min_size=5, max_size=5), min_size=3, max_size=6),
    unit=st.floats(1.5, 1e6),
    column=st.integers(0, 4),
)
def test_units_do_not_matter(flags, unit, column):
    """Whatever the unit of one column beside columns of 0 and 1, what a class has and what `true` means stay the same."""
    plain = np.array(flags, float)
    measured = plain.copy()
    measured[:, column] *= unit
    one, other = known(plain), known(measured)
    if np.delete(plain, column, axis=1).any():
        np.testing.assert_allclose(one.values, other.values)
        np.testing.assert_array_equal(one.describe({f"a{column}": True}), other.describe({f"a{column}": True}))
    np.testing.assert_array_equal(one.presence(), other.presence())
