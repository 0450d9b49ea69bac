"""Words that set the sliders: what they say is shown, and a person corrects it there."""

from __future__ import annotations

import streamlit as st

from niwt_core import Study
from niwt_core.knowledge.from_text import LONGEST_TEXT
from pages.components.build.draft import Draft
from pages.components.shared import session, understood
from pages.components.shared.language import tr

EXAMPLE = "A small bird with a red crown and a long needle-like bill. Its wings are brown, without bars."


def in_words(study: Study, draft: Draft) -> None:
    """A field for a description, and what of it was understood. Where the study reads captions the text is kept as one, too."""
    key, opened = f"words-{draft.loads}", f"words-open-{draft.loads}"
    known = bool(
        draft.parsed or draft.caption or st.session_state.get(opened)
    )  # what is said of the words lies in there
    with st.expander(tr("Describe it in words"), icon=":material/edit_note:", expanded=known):
        st.text_area(
            tr("What it looks like"), draft.caption, key=key, height=90, max_chars=LONGEST_TEXT, placeholder=EXAMPLE,
            on_change=lambda: _keep(study, draft, st.session_state[key]),
            help=tr("Every word that is one of the study's attributes moves its slider. Correct them below."),
        )  # fmt: skip
        st.button(tr("Set the sliders"), key="hear", on_click=lambda: _hear(study, draft, st.session_state[key]))
        problem = st.session_state.pop("unparsed", None)
        if problem is not None:
            session.show_error(problem)
        elif draft.parsed is not None:
            st.html(understood.markup(study, draft.parsed))
            if st.session_state.get("words-replaced"):
                st.caption(
                    tr(
                        "What the words before had set went back; sliders that you moved by hand stayed. Step back undoes it."
                    )
                )


def _keep(study: Study, draft: Draft, words: str) -> None:
    if study.encoder.reads_captions:
        draft.caption = words


def _hear(study: Study, draft: Draft, words: str) -> None:
    from niwt_core import NiwtError

    st.session_state[f"words-open-{draft.loads}"] = True
    try:
        st.session_state["words-replaced"] = draft.hear(study, words)
    except NiwtError as error:  # a callback cannot show it: the run after it does
        draft.parsed = None
        st.session_state["unparsed"] = error
