"""A user's mistake, shown where it happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape

import streamlit as st

from niwt_core import NiwtError
from pages.components.shared.language import tr
from pages.components.shared.markdown import escape_markdown
from pages.serving import policy

NAMED = 4  # files that are named before they are opened


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


def show_errors(errors: Sequence[NiwtError]) -> None:
    """Of several files: one line with the names of those that were not taken, and what is wrong with each behind it.

    What they are beside stays in sight: a column of messages would push it off the screen.
    """
    if len(errors) < 2:
        for error in errors:
            show_error(error)
        return
    st.error(f"**{tr('{count} files were not taken', count=len(errors))}**", icon=":material/error:")
    parts = [[escape(policy.without_paths(part)) for part in (error.where, error.what, error.fix)] for error in errors]
    names = ", ".join(where or what for where, what, _ in parts[:NAMED])
    more = f", … {len(parts) - NAMED}" if len(parts) > NAMED else ""
    lines = "".join(
        f"<li>{f'<code>{where}</code>: ' if where else ''}{what}{f'. {fix}' if fix else ''}</li>"
        for where, what, fix in parts
    )
    st.html(
        f'<details class="cyn-folded"><summary>{names}{more}: <u>{tr("what is wrong with each")}</u></summary><ul>{lines}</ul></details>'
    )


def _sentence(text: str) -> str:
    """What people typed stays text; the first letter is a capital."""
    return escape_markdown(text[:1].upper() + text[1:])
