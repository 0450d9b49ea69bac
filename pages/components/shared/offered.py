"""Which of the study's described classes compete: each can be switched off, and all together."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from niwt_core import Classifier
from niwt_core.knowledge.class_names import display_name
from pages.components.shared.language import tr


def switch(classifier: Classifier, key: str) -> None:
    """A button that says how many compete, with the list behind it; nothing where the study describes no class. The whole page follows a change."""
    if st.session_state.pop(f"offered-moved-{key}", False):
        st.rerun()
    names = classifier.study.unseen_classes
    if not names:
        return
    count = len(classifier.offered)
    label = (
        tr("All {count} described classes compete", count=count)
        if count == len(names)
        else tr("{count} of {total} described classes compete", count=count, total=len(names))
    )
    with st.popover(label, icon=":material/toggle_on:" if count else ":material/toggle_off:"):
        st.caption(
            tr(
                "Classes that the study knows by description only. Those that are switched off are not among the answers."
            )
        )
        off = f"offered-{key}"
        st.session_state[off] = list(classifier.switched_off)
        st.multiselect(
            tr("Switched off"),
            names,
            format_func=display_name,
            placeholder=tr("None; type a name"),
            key=off,
            on_change=lambda: _switch(classifier, key, st.session_state[off]),
        )
        with st.container(horizontal=True, gap="small"):
            st.button(
                tr("Switch all off"),
                key=f"offered-none-{key}",
                disabled=not count,
                on_click=_switch,
                args=(classifier, key, names),
            )
            st.button(
                tr("Switch all on"),
                key=f"offered-all-{key}",
                disabled=count == len(names),
                on_click=_switch,
                args=(classifier, key, ()),
            )


def _switch(classifier: Classifier, key: str, off: Iterable[str]) -> None:
    off = set(off)
    classifier.offer(name for name in classifier.study.unseen_classes if name not in off)
    st.session_state[f"offered-moved-{key}"] = True
