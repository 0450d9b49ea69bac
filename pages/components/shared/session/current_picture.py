"""The picture that this person looks at."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from niwt_core import EncodedPicture
from niwt_core.classify.classifier import Source
from pages.components.shared.session.class_history import classifier
from pages.components.shared.session.studies import current_study


@dataclass(frozen=True, eq=False)
class CurrentPicture:
    """The picture that a person looks at, encoded by the study ``study_id``."""

    name: str
    picture: EncodedPicture
    study_id: str


def current_picture() -> CurrentPicture | None:
    """The picture chosen last in this session for the current study."""
    upload = st.session_state.get("current_picture")
    return upload if isinstance(upload, CurrentPicture) and upload.study_id == current_study().id else None


def set_current_picture(source: Source | EncodedPicture, name: str) -> CurrentPicture:
    """Encodes a picture, unless it is, and keeps it as the one at hand. Raises NiwtError if it cannot be read."""
    picture = source if isinstance(source, EncodedPicture) else classifier().encode(source)
    upload = CurrentPicture(name, picture, current_study().id)
    st.session_state["current_picture"] = upload
    return upload
