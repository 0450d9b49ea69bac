"""The study of this session: chosen by the person, opened once per process, shared by everyone."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import lru_cache, wraps
from operator import attrgetter
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from niwt_core import NiwtError, Study, load_study
from niwt_core.study.storage import check_unchanged
from pages.components.shared import language, run
from pages.serving import policy
from pages.serving.arguments import first_folder

# In memory at once; each is mapped from disk, so this bounds what people who switch to and fro can hold
OPEN_STUDIES = 3
ENTRIES = 512  # results of one function
_NOTHING = object()

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def per_study(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """st.cache_data for functions of a Study (told apart by its id) and plain values; all sessions share the results.

    Streamlit takes 0.3 ms to see that it has a result, 26 times a page. So those of plain arguments are remembered once more, by their hash.
    """
    cached = st.cache_data(show_spinner=False, max_entries=ENTRIES, hash_funcs={Study: attrgetter("id")})(function)
    results: dict[Any, Result] = {}

    @wraps(function)
    def shared(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        key = _key((*args, *sorted(kwargs.items())))
        if key is None:
            return cast(Result, cached(*args, **kwargs))
        result = results.get(key, _NOTHING)  # once: another session may empty it
        if result is _NOTHING:
            if len(results) >= ENTRIES:
                results.clear()
            result = results[key] = cast(Result, cached(*args, **kwargs))
        return copy.deepcopy(cast(Result, result))  # as Streamlit hands out: nobody changes what others get

    return shared


def _key(value: Any) -> Any:
    """What tells plain arguments from others: 1, 1.0 and True are three keys. None where they are not plain."""
    if isinstance(value, tuple):
        keys = tuple(_key(one) for one in value)
        return None if None in keys else keys
    if isinstance(value, Study):
        return Study, value.id
    return (type(value), value) if isinstance(value, str | int | float | None) else None


def per_study_and_language(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """`per_study` for what holds words of the app: each language has its own."""

    @per_study
    @wraps(function)
    def spoken(spoken_: str, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        return function(*args, **kwargs)

    @wraps(function)
    def in_language(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        return spoken(language.current(), *args, **kwargs)

    return in_language


def study_folder() -> Path:
    """The study chosen on the Studies page, else the one that the app was started with."""
    return Path(st.session_state.get("study_folder") or first_folder())


def current_study() -> Study:
    """The study of this session, loaded once per process. Raises NiwtError."""
    enter()
    folder, memory = study_folder(), run.memory()
    if memory.get("study folder") == folder:  # each look at its files costs ten calls of the system
        return cast(Study, memory["study"])
    study = shared_study(folder)
    known: dict[str, str] = st.session_state.setdefault("study_ids", {})
    if known.setdefault(str(folder), study.id) != study.id:
        known[str(folder)] = study.id
        st.session_state["study_replaced"] = study.name
    memory["study folder"], memory["study"] = folder, study
    return study


def shared_study(folder: Path) -> Study:
    """The study in ``folder``, loaded once per process and shared by all sessions. Raises NiwtError."""
    policy.require_study(folder)
    name, study_id = str(folder), _study_id(folder)
    study: Study = _open_study(name, study_id)
    try:
        check_unchanged(study)
    except NiwtError:
        _open_study.clear(name, study_id)  # the next look opens what is there now
        raise
    return study


def open_study(folder: Path) -> Study:
    """Switches this session to another study; on failure it stays where it was. Raises NiwtError."""
    study = shared_study(folder)
    st.session_state["study_folder"] = str(folder)
    return study


@st.cache_resource(show_spinner=False, max_entries=OPEN_STUDIES)
def _open_study(folder: str, study_id: str) -> Study:
    """``study_id`` is there for the cache: a study that was prepared again has another."""
    return load_study(folder)


def enter() -> None:
    """Runs app.py where Streamlit has run a page without it.

    Who comes to a fresh server by a page's own address gets that file alone: Streamlit takes a folder named pages for the old kind of
    app until st.navigation has run once.
    """
    if "entered" not in st.session_state:
        st.session_state["entered"] = True
        PagesManager.uses_pages_directory = False
        st.rerun()


def _study_id(folder: Path) -> str:
    manifest = folder / "study.json"
    try:
        return _id_in(manifest, manifest.stat().st_mtime_ns)
    except (OSError, ValueError, LookupError, TypeError):
        return ""  # load_study says what is wrong


@lru_cache(maxsize=OPEN_STUDIES)
def _id_in(manifest: Path, _changed: int) -> str:
    return str(json.loads(manifest.read_text(encoding="utf-8"))["id"])
