"""The study in use, named on every page, and the way to another."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from niwt_core import Study
from pages.components.shared import language, session, share
from pages.components.shared.language import tr
from pages.components.shared.markdown import escape_markdown
from pages.components.studies import study_list
from pages.components.studies.study_list import tag


def show(study: Study) -> None:
    """A button with the study's name at the top of the page; it opens the list of the others on this machine."""
    with (
        st.container(key="study-switch"),
        st.popover(escape_markdown(_title(study.name)), icon=":material/photo_library:"),
    ):
        for name, folder, facts in _others(str(session.study_folder()), language.current()):
            if st.button(
                escape_markdown(name),
                key=f"switch-{tag(Path(folder))}",
                help=facts,
                width="stretch",
                icon=":material/login:",
            ):
                with session.shown_errors():
                    session.open_study(Path(folder))
                    st.query_params.clear()
                    st.rerun()
        share.app_address()
        st.page_link("pages/studies.py", label=tr("All studies, and how to make one"), icon=":material/folder_open:")


@st.cache_data(show_spinner=False, ttl=10)
def _others(opened: str, spoken: str) -> list[tuple[str, str, str]]:
    """(name, folder, what it holds) of every other study on this machine that can be read."""
    return [
        (
            _title(item.name),
            str(item.folder),
            tr("{seen:,} classes that were trained, {unseen:,} described", seen=item.seen, unseen=item.unseen),
        )
        for item in study_list.summaries()
        if not item.problem and item.folder != Path(opened).resolve()
    ]


def _title(name: str) -> str:
    """A study's name as a title."""
    return name[:1].upper() + name[1:]
