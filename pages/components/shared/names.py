"""What attributes are called in the session's language, where the study says so; everywhere else they keep the study's own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import streamlit as st

from niwt_core import NiwtError, Study
from niwt_core.neurons.neuron import Neuron
from niwt_core.study.translated_names import TranslatedNames, names_file, read_translated_names
from pages.components.shared import language

NONE = TranslatedNames()


def of(study: Study) -> TranslatedNames:
    """The names in the session's language; none in English, in a thread without a session, and where the table is damaged (`check` says why)."""
    return in_language(study, language.current())


def in_language(study: Study, spoken: str) -> TranslatedNames:
    """The names in one language."""
    if spoken == language.ENGLISH or study.folder is None:
        return NONE
    try:
        return _read(study.folder, spoken)
    except NiwtError:
        return NONE


def check(study: Study) -> None:
    """Raises NiwtError if the study's table for the session's language is damaged."""
    if language.current() != language.ENGLISH and study.folder is not None:
        _read(study.folder, language.current())


def _read(folder: Path, spoken: str) -> TranslatedNames:
    path = names_file(folder, spoken)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        return NONE
    return _table(str(folder), spoken, changed)


@st.cache_resource(show_spinner=False, max_entries=16)
def _table(folder: str, spoken: str, _changed: int) -> TranslatedNames:
    return read_translated_names(Path(folder), spoken)


def label(study: Study, column: int) -> str:
    """An attribute's name for people, "Schnabelform: Nadel"."""
    names = of(study)
    return names.label(study.knowledge.names[column]) if names else study.knowledge.labels[column]


def of_attribute(study: Study, attribute: str, default: str) -> str:
    """The same of a column that is given by name, with what to say where no name is translated."""
    names = of(study)
    return names.label(attribute) if names and attribute else default


def of_neuron(study: Study, neuron: Neuron) -> Neuron:
    """A neuron as the session's language calls it; a person's own name stays."""
    if neuron.status == "yours" or not neuron.attribute or not of(study):
        return neuron
    better = of_attribute(study, neuron.better, neuron.better_label)
    return replace(neuron, label=of_attribute(study, neuron.attribute, neuron.label), better_label=better)


def synonyms(study: Study) -> Mapping[str, tuple[str, ...]]:
    """Attribute -> other words that it is found by: the study's own, and, where its name is shown translated, both."""
    names, known = of(study), study.knowledge.synonyms
    if not names:
        return known
    return {
        name: (*known.get(name, ()), label_, names.label(name))
        for name, label_ in zip(study.knowledge.names, study.knowledge.labels, strict=True)
    }
