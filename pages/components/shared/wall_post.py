"""Putting a class of one's own on the wall: only where the server has one, and only after the person agreed."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from niwt_core import BuiltClass, Study
from niwt_core.files import digest
from pages.components.shared import session
from pages.components.shared.language import tr
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.pictures import address, crop
from pages.components.shared.uploads import session_uploads
from pages.serving.wall import LONGEST_NICKNAME, Entry, wall

NO_PICTURE = ""


def posted() -> dict[str, str]:
    """What this session put up: id of the entry -> what it says, so that nothing is put up twice and only one's own is taken down."""
    known: dict[str, str] = st.session_state.setdefault("wall-posted", {})
    return known


def button(study: Study, item: BuiltClass, row: Any, *, key: str) -> None:
    """In a class's row: what others would see of it, who it is from, the consent, and the button."""
    board = wall()
    if board is None:
        return
    with row.popover(tr("Put on the wall"), icon=":material/dashboard:"), session.shown_errors():
        mark = digest(study.id, item.recipe.to_yaml())
        if mark in posted().values():
            st.caption(tr("It is on the wall."))
            if st.button(tr("Look at the wall"), icon=":material/dashboard:", key=f"wall-look-{key}"):
                st.switch_page("pages/wall.py")
            return
        st.caption(
            tr(
                "Everybody who opens this server then sees its name and its words, and may copy it. You can take it down for as long as this "
                "page is open; after that, who runs the server can."
            )
        )
        nickname = st.text_input(
            tr("From (a nickname, or nothing)"), max_chars=LONGEST_NICKNAME, key=f"wall-nickname-{key}",
            help=tr("Not your full name: everybody sees it."),
        )  # fmt: skip
        picture = _picture(key)
        agreed = st.checkbox(tr("I agree that everybody here sees this"), key=f"wall-agreed-{key}")
        pressed = st.button(
            tr("Put it up"), type="primary", disabled=not agreed, key=f"wall-put-{key}", icon=":material/dashboard:"
        )
        if pressed and agreed:
            entry = Entry(study.id, item.recipe, nickname or "", picture)
            posted()[board.put(entry, visitor=_visitor())] = mark
            st.toast(tr("{name} is on the wall.", name=escape_markdown(item.name)), icon=":material/dashboard:")
            st.rerun()


def _picture(key: str) -> bytes:
    """A picture of the person's own, none unless one is chosen: small, and without what a camera writes into its files."""
    uploads = {upload.key: upload for upload in session_uploads().mine}
    if not uploads:
        return b""
    chosen = st.selectbox(
        tr("With one of your pictures"),
        [NO_PICTURE, *uploads],
        format_func=lambda one: escape_markdown(uploads[one].name) if one else tr("No picture"),
        key=f"wall-picture-{key}",
        help=tr("Only a picture that is yours to show, and on which nobody minds being seen."),
    )
    if not chosen:
        return b""
    st.html(
        f'<div class="cyn-wall-preview">{crop(address(uploads[chosen].thumb), alt=tr("The picture that others would see"))}</div>'
    )
    return uploads[chosen].thumb


def _visitor() -> str:
    context = get_script_run_ctx()
    return context.session_id if context is not None else ""
