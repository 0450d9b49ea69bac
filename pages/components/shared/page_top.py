"""Another page begins at its top: Streamlit leaves the window where the last page was scrolled to."""

from __future__ import annotations

import streamlit as st

SCRIPT = """
export default function ({ data, parentElement }) {
  const view = parentElement.ownerDocument?.defaultView ?? window;
  if (view.niwtPage !== undefined && view.niwtPage !== data.page) view.document.querySelector("[data-testid=stMain]")?.scrollTo(0, 0);
  view.niwtPage = data.page;
}
"""
_top = st.components.v2.component("niwt_page_top", js=SCRIPT)


def page_top(page: str) -> None:
    """Scrolls to the top when ``page`` is another one than before."""
    _top(key="page-top", data={"page": page}, height=1)
