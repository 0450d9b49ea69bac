"""On a neuron's page: saying that its name is wrong, giving it one's own, and taking either back with one click."""

from __future__ import annotations

import streamlit as st

from niwt_core import Study
from niwt_core.neurons.user_names import LONGEST
from pages.components.shared import session, user_names
from pages.components.shared.language import tr


def ask(study: Study, index: int) -> None:
    """The two things that a person can say of a neuron's name, or the one that takes back what they said."""
    neuron = user_names.shown(study, index)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="neuron-naming"):
        if neuron.status in ("yours", "rejected"):
            st.button(
                tr("Undo: the study's name again") if neuron.status == "yours" else tr("Undo: the name is right"),
                key="name-undo",
                icon=":material/undo:",
                type="tertiary",
                on_click=_change,
                args=(study, index, ""),
            )
        elif neuron.is_named:
            st.button(
                tr("This name is wrong"),
                key="name-wrong",
                icon=":material/thumb_down:",
                type="tertiary",
                on_click=_change,
                args=(study, index, "wrong"),
                help=tr("It is then shown as unnamed, to you alone. The study and its tests stay as they are."),
            )
        # Another key after naming: the popover closes.
        with st.popover(
            tr("Name it yourself"), icon=":material/edit:", type="tertiary", key=f"name-own-{neuron.label}"
        ):
            with st.form("name-form", border=False):
                name = st.text_input(
                    tr("Your name for it"), key=f"own-name-{index}", max_chars=LONGEST, placeholder=tr("drooping tail")
                )
                pressed = st.form_submit_button(tr("Call it that"), type="primary")
            where = user_names.place(study)
            st.caption(
                tr("Shown with a ✎ everywhere in the app and in the table of neurons, to you alone. ")
                + (
                    tr("It stays in this browser session.")
                    if where is None
                    else tr("It is kept in your own file, {where}.", where=where)
                )
            )
    if pressed:
        with session.shown_errors():
            user_names.change(study, lambda names: names.named(index, name))
            st.rerun()


def _change(study: Study, index: int, verdict: str) -> None:
    with session.shown_errors():
        user_names.change(study, lambda names: names.rejected(index) if verdict else names.without(index))
