"""A user's mistake, shown where it happened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from niwt_core import NiwtError
from pages.components.shared.language import tr
from pages.components.shared.markdown import escape_markdown
from pages.serving import policy


@contextmanager
def shown_errors() -> Iterator[None]:
    """Shows a user's mistake where it happened: what, where, what to do. A decorator too. The rest of the page goes on."""
    try:
        yield
    except NiwtError as error:
        show_error(error)


def show_error(error: NiwtError) -> None:
    """One message: what is wrong in bold, where in code, what to do."""
    what, where, fix = (policy.without_paths(part) for part in (error.what, error.where, error.fix))
    st.error(f"**{_sentence(what)}**", icon=":material/error:")
    details = [tr("Where: `{where}`", where=where.replace("`", chr(39)))] if where else []
    details += [tr("What to do: {fix}", fix=_sentence(fix))] if fix else []
    if details:
        st.caption("  \n".join(details))


def _sentence(text: str) -> str:
    """What people typed stays text; the first letter is a capital."""
    return escape_markdown(text[:1].upper() + text[1:])
