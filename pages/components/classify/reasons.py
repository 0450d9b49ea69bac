"""Maps and explanations of the pictures at hand, computed again only when what they depend on has changed.

A session keeps its last few. Those of the study's own samples, while nothing is built, are the same for everybody: all sessions share them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from contextlib import nullcontext
from typing import TypeVar, cast

import streamlit as st

from niwt_core.classify.answer import Answer
from niwt_core.explain.attribution import ImportanceMap, Method, class_map
from niwt_core.explain.explanation import Explanation
from niwt_core.explain.overlay import seen_part
from niwt_core.explain.parts import NeuronPart
from niwt_core.report.figures import draw_neuron, jpeg_uri
from pages.components.shared import user_names
from pages.components.shared.language import tr
from pages.components.shared.memory import settle
from pages.components.shared.uploads import is_sample

THUMB = 160  # pixels of a neuron's own map
KEPT = 12  # of each kind in a session; a map is a quarter of a megabyte

Kept = TypeVar("Kept")


def map_of(answer: Answer, name: str, method: Method, *, key: str) -> ImportanceMap:
    """The map of class ``name`` for the picture ``key``. Raises NiwtError."""
    candidate = answer.classifier.candidate(name)
    network = answer.classifier.study.network

    def draw() -> ImportanceMap:
        slow = method != "grad-cam"  # Occlusion takes a second
        with st.spinner(tr("Drawing the map"), show_time=False) if slow else nullcontext():
            return class_map(network, answer.picture, candidate.row, method=method)

    row = hash(candidate.row.numpy().tobytes())  # a class built anew has the old name
    return _kept("importance_maps", answer, (key, candidate.kind, name, row, method), draw)


def explanation_of(answer: Answer, name: str, *, versus: str, key: str) -> Explanation:
    """Why class ``name`` and not ``versus`` ("": there is no other) for the picture ``key``. Raises NiwtError."""
    # Names and scores of the ranking tell of every row and of gamma.
    ranking = hash(tuple((item.name, item.kind, item.score) for item in answer.ranking))
    names = user_names.of(answer.classifier.study)
    asked = (key, name, versus, ranking, user_names.key(answer.classifier.study))
    return _kept("explanations", answer, asked, lambda: answer.explain(name, versus=versus or None, names=names))


def neuron_thumbnails(answer: Answer, parts: Sequence[NeuronPart], *, key: str) -> dict[int, str]:
    """Each neuron's own map over the picture ``key``, as a data address."""
    neurons = tuple(part.index for part in parts)

    def draw() -> dict[int, str]:
        seen = seen_part(answer.picture.image, answer.picture.box)
        seen.thumbnail((THUMB, THUMB))
        return {neuron: jpeg_uri(draw_neuron(answer, seen, neuron), side=THUMB) for neuron in neurons}

    return _kept("neuron_thumbnails", answer, (key, neurons), draw)


def _kept(slot: str, answer: Answer, asked: tuple[Hashable, ...], make: Callable[[], Kept]) -> Kept:
    """What is held under ``asked``, or what ``make`` gives; in a session the one that was unused longest leaves."""
    asked = (answer.classifier.study.id, *asked)
    if is_sample(str(asked[1])) and not answer.classifier.built:
        return cast(Kept, _shared(slot, asked, make))
    upload: OrderedDict[Hashable, Kept] = st.session_state.setdefault(slot, OrderedDict())
    if asked not in upload:
        upload[asked] = make()
        settle()
        while len(upload) > KEPT:
            upload.popitem(last=False)
    upload.move_to_end(asked)
    return upload[asked]


@st.cache_resource(max_entries=256, show_spinner=False)
def _shared(slot: str, asked: tuple[Hashable, ...], _make: Callable[[], object]) -> object:
    return _make()
