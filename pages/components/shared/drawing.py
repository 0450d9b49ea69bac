"""Draws the bird that a description describes, where the study is the Aviary."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from niwt_core import Classifier, Study
from niwt_core.data.aviary import ATTRIBUTE_GROUPS, draw
from niwt_core.files import digest
from niwt_core.neurons.exemplars import jpeg_bytes

SEED = 11  # one seed, one scene: what changes in the picture is what was changed
SIDE = 416  # pixels


def can_draw(study: Study) -> bool:
    """The study's attributes are the Aviary's."""
    return study.kind == "aviary" and set(study.knowledge.groups) <= set(ATTRIBUTE_GROUPS)


def strongest(study: Study, values: np.ndarray) -> tuple[tuple[str, str], ...]:
    """The (group, value) that a description (K,) says most of, group by group; a group of which nothing is said is left out."""
    chosen = []
    for group, columns in study.knowledge.groups.items():
        best = columns[int(np.argmax(values[columns]))]
        if values[best] > 0:
            chosen.append((group, study.knowledge.names[best].split("::", 1)[1]))
    return tuple(chosen)


def key_of(values: np.ndarray, number: int) -> str:
    """The key, among the uploads, of a drawing of a raw description (K,)."""
    return f"drawn-{digest(values.tobytes())[:12]}-{number}"


@st.cache_data(show_spinner=False, max_entries=512)
def portrait(traits: tuple[tuple[str, str], ...], *, side: int = SIDE) -> bytes:
    """A JPEG of a bird with these traits, as in a field guide: always the same scene, pose and light."""
    picture = draw(dict(traits), seed=SEED, size=side, pose="perched", habitat="branch", facing="left", nuisance=0.15)
    return jpeg_bytes(picture.image, side=side, quality=88)


def portrait_features(study: Study, classifier: Classifier, traits: tuple[tuple[str, str], ...]) -> Tensor:
    """(D,) features of the portrait, as the study's network sees it."""
    return torch.from_numpy(_features(study, classifier, traits))


@st.cache_data(show_spinner=False, max_entries=512, hash_funcs={Study: lambda study: study.id})
def _features(study: Study, _classifier: Classifier, traits: tuple[tuple[str, str], ...]) -> np.ndarray:
    features: np.ndarray = _classifier.encode(portrait(traits)).features.numpy()
    return features
