"""A person's own names for neurons, in the app: where they are kept, how they are changed, and the neuron as this person calls it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from niwt_core import Study
from niwt_core.neurons.neuron import Neuron
from niwt_core.neurons.user_names import UserNames, names_file, read_names, write_names
from pages.components.shared import names
from pages.serving.policy import is_public


def place(study: Study) -> Path | None:
    """The file in which names for a study are kept; None keeps them in the browser session alone: on a server that many share, where one visitor
    would name neurons for all, and for a study that lies in no folder. The one place that decides it."""
    return None if study.folder is None or is_public() else names_file(study.folder, study.id)


def of(study: Study) -> UserNames:
    """What this person says of the study's neurons, nothing where no session asks. Raises NiwtError where their file is damaged."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return UserNames()  # pages made ready before anybody comes
    kept: dict[str, UserNames] = st.session_state.setdefault("user-names", {})
    if study.id not in kept:
        kept[study.id] = _read(study)
    return kept[study.id]


def change(study: Study, alter: Callable[[UserNames], UserNames]) -> None:
    """Changes and keeps them; what another window has said since stays. Raises NiwtError: the name is none, or the file cannot be written."""
    path, kept = place(study), of(study)
    altered = alter(kept if path is None else _read(study))
    if path is not None:
        write_names(path, study.id, altered)
    st.session_state["user-names"][study.id] = altered


def shown(study: Study, index: int) -> Neuron:
    """A neuron as this person calls it."""
    return of(study).of(names.of_neuron(study, study.neurons[index]))


def key(study: Study) -> tuple[tuple[int, str], ...]:
    """What this person said, for the keys of caches that all sessions share."""
    return tuple(sorted(of(study).names.items()))


def _read(study: Study) -> UserNames:
    path = place(study)
    return UserNames() if path is None else read_names(path, study.id, neurons=len(study.neurons))
