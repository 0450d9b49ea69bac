"""Words that set the sliders: what they say is shown, and a person corrects it there."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from niwt_core import Study
from niwt_core.knowledge.from_text import LONGEST_TEXT, Proposal, Proposals
from pages.components.build.draft import Draft
from pages.components.shared import names, session
from pages.components.shared.language import tr
from pages.components.shared.style import text

SHOWN = 110  # letters of each list of words
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
            st.html(_said(study, draft.parsed))
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


def _said(study: Study, parsed: Proposals) -> str:
    """Markup of what was understood: some words of each kind, the others folded, so that the live panel stays in sight."""

    def called(item: Proposal) -> str:
        return names.of_attribute(study, item.attribute, item.label)

    kinds = (
        (tr("Understood"), [_said_of(study, item) for item in parsed.proposals if item.source == "said"]),
        (tr("Guessed by meaning"), [called(item) for item in parsed.proposals if item.source == "guessed"]),
        (tr("Goes with it, so half set"), [called(item) for item in parsed.proposals if item.source == "implied"]),
        (tr("Not understood"), list(parsed.unknown)),
    )  # fmt: skip
    return "".join(folded(title, words) for title, words in kinds if words or title == kinds[0][0])


def _said_of(study: Study, item: Proposal) -> str:
    word = names.of_attribute(study, item.attribute, item.label)
    return word if item.present else tr("{word} (not)", word=word)


def folded(title: str, words: Sequence[str]) -> str:
    """Markup of a list of words in one line or two; what is beyond `SHOWN` letters opens when it is pressed."""
    shown = len(words)
    while shown > 1 and len("; ".join(words[:shown])) > SHOWN:
        shown -= 1
    line = f"{title}: {text('; '.join(words[:shown]))}"
    if shown == len(words):
        return f'<p class="cyn-sub">{line}.</p>'
    rest = text("; ".join(words[shown:]))
    return f'<details class="cynb-folded"><summary>{line}; <u>{tr("{count} more", count=len(words) - shown)}</u></summary><p>{rest}.</p></details>'
