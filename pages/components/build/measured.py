"""A built class put to the test: fresh drawings of its bird, and how many of them the classifier recognises.

Drawing and encoding take seconds, so a thread does it while the page goes on; each bird is drawn once for everyone.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import streamlit as st
import torch

from niwt_core import BuiltClass, Classifier, Study
from niwt_core.audit.simulate import fresh_pictures, open_groups
from pages.components.shared import session, style
from pages.components.shared.language import tr, trn
from pages.serving import visitors

DRAWINGS = 32
SEED = 0
LOOK_AGAIN = 0.5  # seconds


def fresh_drawings(study: Study, item: BuiltClass) -> None:
    """One line: how many of the fresh drawings are recognised, and what the others are taken for."""
    classifier = session.classifier()
    run = run_of(study.id, item.values.tobytes(), study, classifier)
    if not run.done():
        visitors.fragment(run_every=LOOK_AGAIN)(_wait)(run)
        return
    with session.shown_errors():
        _show(classifier, item.name, run.result(), left_open=len(open_groups(study, item.recipe)))


def _wait(run: Future[np.ndarray]) -> None:
    if run.done():
        st.rerun()
    words = tr("Drawing {count} fresh birds of it and asking the classifier …", count=DRAWINGS)
    st.html(f'<p class="cynb-measured">{words}</p>')


def _show(classifier: Classifier, name: str, features: np.ndarray, *, left_open: int) -> None:
    candidates = classifier.candidates
    won = [candidates[c] for c in classifier.logits(torch.from_numpy(features)).argmax(1).tolist()]
    others = Counter((candidate.kind, candidate.display) for candidate in won if candidate.name != name)
    right = len(won) - others.total()
    taken = ", ".join(f"{style.chip(kind, other)} {count}" for (kind, other), count in others.most_common(3))
    score = tr(
        "<b>{right} of {total}</b> fresh drawings of this bird recognised among {classes} classes.",
        right=right,
        total=len(won),
        classes=len(candidates),
    )
    mistakes = tr("Taken for: {classes}.", classes=taken) + " " if taken else ""
    st.html(
        f'<p class="cynb-measured">{score}<span class="cynb-bar"><i style="width:{100 * right / len(won):.0f}%"></i></span>'
        f"{mistakes}{_left_open(left_open)}</p>"
    )


def _left_open(groups: int) -> str:
    if not groups:
        return ""
    return trn(
        "The group that its words leave open varies from drawing to drawing, as often as among the seen classes.",
        "The {count} groups that its words leave open vary from drawing to drawing, as often as among the seen classes.",
        groups,
    )


@st.cache_resource(show_spinner=False, max_entries=512)
def run_of(study_id: str, values: bytes, _study: Study, _classifier: Classifier) -> Future[np.ndarray]:
    """The features (n,D) of fresh drawings of a raw description, under way or done; ``study_id`` and ``values``, its bytes, are the key."""
    return _pool().submit(_features, _study, _classifier, np.frombuffer(values, np.float32))


@st.cache_resource(show_spinner=False)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="fresh-drawings")


def _features(study: Study, classifier: Classifier, values: np.ndarray) -> np.ndarray:
    """In any pose, light and habitat, the pictures of `study.imagine`: amounts are the chances within each group."""
    images = [picture.image for picture in fresh_pictures(study, values, n=DRAWINGS, seed=SEED)]
    return np.stack([picture.features.numpy() for picture in classifier.encode_many(images)])
