"""A built class put to the test: fresh drawings of its description, and how many of them the classifier recognises."""

from __future__ import annotations

from collections import Counter

import numpy as np
import streamlit as st
import torch

from niwt_core import BuiltClass, Classifier, Study
from niwt_core.imagine import fresh_pictures
from pages.components import session, style
from pages.components.style import text

DRAWINGS = 32
SEED = 0


def fresh_drawings(study: Study, item: BuiltClass) -> None:
    """One line: how many of the fresh drawings are recognised, and what the others are taken for."""
    classifier = session.classifier()
    with st.spinner("Drawing fresh birds of it", show_time=False):
        features = _features(study, classifier, item.values, DRAWINGS)
    logits = classifier.logits(torch.from_numpy(features))  # (n, C)
    candidates = classifier.candidates
    won = [candidates[c] for c in logits.argmax(1).tolist()]
    right = sum(candidate.kind == "built" and candidate.name == item.name for candidate in won)
    others = Counter((candidate.kind, candidate.display) for candidate in won if candidate.name != item.name)
    taken = ", ".join(f"{style.chip(kind, name)} {count}" for (kind, name), count in others.most_common(3))
    rest = f" Taken for: {taken}." if taken else ""
    share = 100 * right / len(won)
    st.html(
        f'<p class="cynb-measured"><b>{right} of {len(won)}</b> fresh drawings recognised among {len(candidates)} classes.'
        f'<span class="cynb-bar"><i style="width:{share:.0f}%"></i></span>{rest}</p>'
    )


@st.cache_data(show_spinner=False, max_entries=256, hash_funcs={Study: lambda study: study.id})
def _features(study: Study, _classifier: Classifier, values: np.ndarray, count: int) -> np.ndarray:
    """(n,D) features of fresh drawings, in any pose, light and habitat; the amounts are the chances within each group."""
    images = [picture.image for picture in fresh_pictures(study, values, n=count, seed=SEED)]
    return np.stack([picture.features.numpy() for picture in _classifier.encode_many(images)])
