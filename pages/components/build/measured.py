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
from niwt_core.audit.simulate import fresh_pictures
from pages.components.shared import drawing, session, style
from pages.serving import visitors

DRAWINGS = 32
SEED = 0
LOOK_AGAIN = 0.5  # seconds
Traits = tuple[tuple[str, str], ...]


def fresh_drawings(study: Study, item: BuiltClass) -> None:
    """One line: how many of the fresh drawings are recognised, and what the others are taken for."""
    classifier = session.classifier()
    run = run_of(study.id, drawing.strongest(study, item.values), study, classifier)
    if not run.done():
        visitors.fragment(run_every=LOOK_AGAIN)(_wait)(run)
        return
    with session.shown_errors():
        _show(classifier, item.name, run.result())


def _wait(run: Future[np.ndarray]) -> None:
    if run.done():
        st.rerun()
    st.html(f'<p class="cynb-measured">Drawing {DRAWINGS} fresh birds of it and asking the classifier …</p>')


def _show(classifier: Classifier, name: str, features: np.ndarray) -> None:
    candidates = classifier.candidates
    won = [candidates[c] for c in classifier.logits(torch.from_numpy(features)).argmax(1).tolist()]
    others = Counter((candidate.kind, candidate.display) for candidate in won if candidate.name != name)
    right = len(won) - others.total()
    taken = ", ".join(f"{style.chip(kind, other)} {count}" for (kind, other), count in others.most_common(3))
    st.html(
        f'<p class="cynb-measured"><b>{right} of {len(won)}</b> fresh drawings of this bird recognised among '
        f'{len(candidates)} classes.<span class="cynb-bar"><i style="width:{100 * right / len(won):.0f}%"></i></span>'
        f"{f'Taken for: {taken}.' if taken else ''}</p>"
    )


@st.cache_resource(show_spinner=False, max_entries=512)
def run_of(study_id: str, traits: Traits, _study: Study, _classifier: Classifier) -> Future[np.ndarray]:
    """The features (n,D) of fresh drawings of one bird, under way or done; ``study_id`` and ``traits`` are the key."""
    return _pool().submit(_features, _study, _classifier, traits)


@st.cache_resource(show_spinner=False)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="fresh-drawings")


def _features(study: Study, classifier: Classifier, traits: Traits) -> np.ndarray:
    """In any pose, light and habitat; in each group only what the description says most of, so that all are of one bird."""
    images = [picture.image for picture in fresh_pictures(study, pure(study, traits), n=DRAWINGS, seed=SEED)]
    return np.stack([picture.features.numpy() for picture in classifier.encode_many(images)])


def pure(study: Study, traits: Traits) -> np.ndarray:
    """(K,) the description that says these traits and nothing else."""
    chosen = {f"{group}::{value}" for group, value in traits}
    return np.array([name in chosen for name in study.knowledge.names], np.float32)
