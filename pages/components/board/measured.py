"""A built class put to the test: fresh drawings of its description, and how many of them the classifier recognises."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch

from niwt_core import BuiltClass, Classifier, Study
from niwt_core.data.aviary import draw
from pages.components import drawing, session, style
from pages.components.style import text

DRAWINGS = 32
FIRST_SEED = 50_000  # far from any seed that a study's pictures were drawn with


def fresh_drawings(study: Study, item: BuiltClass) -> None:
    """One line: how many of the fresh drawings are recognised, and what the others are taken for."""
    traits = drawing.strongest(study, item.values)
    classifier = session.classifier()
    with st.spinner("Drawing fresh birds of it", show_time=False):
        features = _features(study, classifier, traits, DRAWINGS)
    logits = classifier.logits(torch.from_numpy(features))  # (n, C)
    candidates = classifier.candidates
    won = [candidates[c] for c in logits.argmax(1).tolist()]
    right = sum(candidate.kind == "built" and candidate.name == item.name for candidate in won)
    others = sorted({candidate.name: sum(w.name == candidate.name for w in won) for candidate in won if candidate.name != item.name}.items(), key=lambda pair: -pair[1])
    kinds = {candidate.name: candidate for candidate in candidates}
    taken = ", ".join(f"{style.chip(kinds[name].kind, kinds[name].display)} {count}" for name, count in others[:3])
    rest = f" Taken for: {taken}." if taken else ""
    share = 100 * right / len(won)
    st.html(
        f'<p class="cynb-measured"><b>{right} of {len(won)}</b> fresh drawings recognised among {len(candidates)} classes.'
        f'<span class="cynb-bar"><i style="width:{share:.0f}%"></i></span>{rest}</p>'
    )


@st.cache_data(show_spinner=False, max_entries=256, hash_funcs={Study: lambda study: study.id})
def _features(study: Study, _classifier: Classifier, traits: tuple[tuple[str, str], ...], count: int) -> np.ndarray:
    """(n,D) features of fresh drawings, in any pose, light and habitat."""
    images = [draw(dict(traits), seed=FIRST_SEED + i, size=_side(study)).image for i in range(count)]
    return np.stack([picture.features.numpy() for picture in _classifier.encode_many(images)])


def _side(study: Study) -> int:
    return max(64, min(256, study.preprocess.size))


