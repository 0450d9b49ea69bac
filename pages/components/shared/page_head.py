"""The head of every page."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from niwt_core import NiwtError
from pages.components.shared import glossary, keeper, names, session, style
from pages.components.shared.language import tr
from pages.components.shared.markdown import escape_markdown

# Streamlit leaves the window where the last page was scrolled to
SCRIPT = """
export default function ({ data, parentElement }) {
  const view = parentElement.ownerDocument?.defaultView ?? window;
  if (view.niwtPage !== undefined && view.niwtPage !== data.page) view.document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  view.niwtPage = data.page;
}
"""
_top = st.components.v2.component("niwt_page_top", js=SCRIPT)


def page_head(title: str, lead: str, *, keep: bool = True, terms: tuple[str, ...] = ()) -> None:
    """Title, and what the page is for in two lines; another page than before begins at its top. ``keep``: the browser keeps what is built by now;
    ``terms`` of the glossary are explained in the lead."""
    session.enter()
    _top(key="page-top", data={"page": title}, height=1)
    replaced_study = st.session_state.pop("study_replaced", "")
    if replaced_study:
        st.warning(
            tr(
                "{study} was prepared again since this page was opened: neurons, weights and figures are the new "
                "study's, and classes built before are not part of it.",
                study=escape_markdown(replaced_study),
            ),
            icon=":material/refresh:",
        )
    if keep:
        with session.shown_errors():
            keeper.keep_classes()
    with suppress(NiwtError):  # where the study itself is wrong, the page says so
        study = session.current_study()
        with session.shown_errors():
            names.check(study)
    st.html(f'<header class="cyn-head"><h1>{style.text(title)}</h1><p>{glossary.explained(lead, *terms)}</p></header>')
