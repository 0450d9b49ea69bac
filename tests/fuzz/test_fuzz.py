"""A few thousand made inputs of every kind, the same each time: an answer or one line, never a traceback, never for ever."""

import pytest

from tests.fuzz.campaign import answered
from tests.fuzz.kinds import KINDS, SLOW


@pytest.mark.parametrize("kind", KINDS)
def test_made_inputs(kind):
    outcomes = [answered(kind, seed) for seed in range(25 if kind in SLOW else 250)]
    assert [f"{item.kind}:{item.seed}\n{item.fault}" for item in outcomes if item.fault] == []
    if kind not in ("names", "words"):
        assert any(item.refused for item in outcomes)
    if kind not in ("matlab",):
        assert not all(item.refused for item in outcomes)
