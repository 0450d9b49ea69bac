"""Importance maps of the picture at hand; the last few are kept, since Occlusion takes a second."""

from __future__ import annotations

import threading
from collections import OrderedDict

import streamlit as st

from niwt_core import Classifier, Study
from niwt_core.attribution import ImportanceMap, Method, class_map
from niwt_core.classifier import Answer
from niwt_core.compat import ensure_torchvision

PAUSE = 5.0  # seconds; who clicks on at once should not share the processor with it
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


@st.cache_resource(max_entries=8, show_spinner=False)
def warm(study_id: str, _study: Study) -> threading.Thread:
    """Gets ready, once a process and study, what the first picture would have to wait for, while somebody still reads the first page."""
    timer = threading.Timer(PAUSE, warm_up, args=(_study,))
    timer.daemon = True
    timer.start()
    return timer


def warm_up(study: Study) -> None:
    """Imports what maps need, and asks everything once of a picture of the gallery, if there is one."""
    ensure_torchvision()
    import captum.attr  # noqa: F401

    if len(study.gallery):
        answer = Classifier(study).classify(study.gallery.jpeg(0))
        explanation = answer.explain()
        class_map(study.network, answer.picture, answer.classifier.candidate(explanation.name).row)
