"""Importance maps of the picture at hand; the last few are kept, since Occlusion takes a second."""

from __future__ import annotations

from collections import OrderedDict

import streamlit as st

from niwt_core.attribution import ImportanceMap, Method, class_map
from niwt_core.classifier import Answer

KEPT = 12  # maps of a session, a quarter of a megabyte each


def map_of(answer: Answer, name: str, method: Method, *, key: str) -> ImportanceMap:
    """The map of class ``name`` for the picture ``key``. Raises NiwtError."""
    kept: OrderedDict[tuple[str, ...], ImportanceMap] = st.session_state.setdefault("importance_maps", OrderedDict())
    candidate = answer.classifier.candidate(name)
    version = (
        str(hash(candidate.row.numpy().tobytes())) if candidate.kind == "built" else ""
    )  # a class built anew has the old name
    asked = (answer.classifier.study.id, key, candidate.kind, name, version, method)
    if asked not in kept:
        with st.spinner("Drawing the map", show_time=False):
            kept[asked] = class_map(answer.classifier.study.network, answer.picture, candidate.row, method=method)
        while len(kept) > KEPT:
            kept.popitem(last=False)
    kept.move_to_end(asked)
    return kept[asked]
