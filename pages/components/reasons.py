"""Maps and explanations of the pictures at hand: the last few are kept, and computed again only when what they depend on has changed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st

from niwt_core.attribution import ImportanceMap, Method, class_map
from niwt_core.classifier import Answer
from niwt_core.explanation import Explanation
from pages.components.memory import settle

KEPT = 12  # of each kind in a session; a map is a quarter of a megabyte

Kept = TypeVar("Kept")


def map_of(answer: Answer, name: str, method: Method, *, key: str) -> ImportanceMap:
    """The map of class ``name`` for the picture ``key``. Raises NiwtError."""
    candidate = answer.classifier.candidate(name)
    network = answer.classifier.study.network

    def draw() -> ImportanceMap:
        with st.spinner("Drawing the map", show_time=False):  # Occlusion takes a second
            return class_map(network, answer.picture, candidate.row, method=method)

    row = hash(candidate.row.numpy().tobytes())  # a class built anew has the old name
    return _kept("importance_maps", (answer.classifier.study.id, key, candidate.kind, name, row, method), draw)


def explanation_of(answer: Answer, name: str, *, versus: str | None, key: str) -> Explanation:
    """Why class ``name`` and not ``versus`` (the best of the rest by default) for the picture ``key``. Raises NiwtError."""
    ranking = tuple((item.name, item.kind, item.score) for item in answer.ranking)  # says of every row and of gamma
    asked = (answer.classifier.study.id, key, name, versus, ranking)
    return _kept("explanations", asked, lambda: answer.explain(name, versus=versus))


def _kept(slot: str, asked: Hashable, make: Callable[[], Kept]) -> Kept:
    """What this session holds under ``asked``, or what ``make`` gives; the one that was unused longest leaves."""
    held: OrderedDict[Hashable, Kept] = st.session_state.setdefault(slot, OrderedDict())
    if asked not in held:
        held[asked] = make()
        settle()
        while len(held) > KEPT:
            held.popitem(last=False)
    held.move_to_end(asked)
    return held[asked]
