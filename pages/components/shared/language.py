"""The words of the app in the language of the session: English in the code, German and Spanish in pages/locale.

    st.button(tr("Transfer weights"))
    st.caption(tr("{name} was built from {file}.", name=name, file=file))
    st.caption(trn("{count} picture", "{count} pictures", count))

Visitors of one server have different languages, so nothing is installed for the process: every call asks the session that runs. What caches share
between sessions must have the language in its key (`session.per_study` has). A thread without a session speaks English.
"""

from __future__ import annotations

import gettext
import string
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.components.shared import run

LOCALE = Path(__file__).resolve().parents[2] / "locale"
DOMAIN = "app"
LANGUAGES: Mapping[str, str] = {"en": "English", "de": "Deutsch", "es": "Español"}
ENGLISH = "en"
PARAMETER = "lang"  # ?lang=de
COOKIE = "niwt_language"  # holds "de"; nothing else is kept there
SCRIPT = """
export default function ({ data: { name, value } }) {
  const path = new URL(".", document.baseURI).pathname; // below a proxy's prefix too
  document.cookie = `${name}=${value}; path=${path}; max-age=31536000; SameSite=Lax`;
}
"""
_cookie = st.components.v2.component("niwt_language", js=SCRIPT)
_KEY, _ASKED, _CHOSEN = "language", "language-asked", "language-chosen"
THOUSANDS = "\u202f"  # of a number in a sentence where the language writes no comma; a narrow space is right in both (ISO 80000-1)


class _Formatter(string.Formatter):
    """str.format, but for the sign between thousands, which is a decimal sign in German and Spanish."""

    def format_field(self, value: Any, format_spec: str) -> str:
        shown: str = super().format_field(value, format_spec)
        return shown.replace(",", THOUSANDS) if "," in format_spec else shown


_formatter = _Formatter()


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    """Read once a process."""
    if language == ENGLISH:
        return gettext.NullTranslations()
    return gettext.translation(DOMAIN, LOCALE, [language])


def current() -> str:
    """The language of the session that runs: what it chose, else what was chosen in this browser before, else what the browser asks for, else
    English."""
    known = run.memory()
    if "language" in known:
        return str(known["language"])
    if get_script_run_ctx(suppress_warning=True) is None:
        return ENGLISH
    language = st.session_state.get(_KEY)
    if language not in LANGUAGES:
        language = st.session_state[_KEY] = _of_browser()
    known["language"] = str(language)
    return str(language)


def _of_browser() -> str:
    chosen = st.context.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    asked = str(st.context.locale or "").replace("_", "-").split("-")[0].casefold()
    return asked if asked in LANGUAGES else ENGLISH


def begin() -> None:
    """Takes the language of the page's address, and keeps one that was chosen there; the entry script does it, before anything is said."""
    asked = st.query_params.get(PARAMETER, "")
    if asked in LANGUAGES and asked != st.session_state.get(_ASKED):
        choose(asked)
    st.session_state[_ASKED] = asked
    current()


def keep() -> None:
    """A language that was chosen stands in the address of every page, so that a bookmark and a link have it too, and in a cookie of the browser:
    F5, a second tab and the next visit speak it from their first word on. The address wins over the cookie."""
    chosen = st.session_state.get(_CHOSEN, "")
    if chosen:
        _cookie(key="keeper-language", data={"name": COOKIE, "value": chosen}, height=1)
    if chosen and st.query_params.get(PARAMETER, "") != chosen:
        st.query_params[PARAMETER] = st.session_state[_ASKED] = chosen


def choose(language: str) -> None:
    """The session speaks ``language`` from now on; what was chosen in lists stays chosen."""
    for key, value in list(st.session_state.items()):
        if isinstance(
            value, str
        ):  # Streamlit keeps the label of an option, which is another one from now on: it is told the option itself
            st.session_state[key] = value
    st.session_state[_KEY] = st.session_state[_CHOSEN] = run.memory()["language"] = language


def switch() -> None:
    """The small selector at the top of the page."""
    now = current()
    with (
        st.container(key="language-switch"),
        st.popover(now.upper(), icon=":material/translate:", type="tertiary", key=f"languages-{now}"),
    ):
        for code, name in LANGUAGES.items():
            st.button(
                name, key=f"language-{code}", disabled=code == now, on_click=choose, args=(code,), width="stretch"
            )


def tr(message: str, /, **values: object) -> str:
    """``message`` in the session's language, with ``values`` in the place of its {names}."""
    return text(current(), message, **values)


def trn(one: str, many: str, count: int, /, **values: object) -> str:
    """``one`` or ``many`` in the session's language, as its grammar has it for ``count``, which is the value of {count}."""
    return counted(current(), one, many, count, **values)


def text(language: str, message: str, /, **values: object) -> str:
    """`tr` in a given language, for what is made outside of a session's run."""
    return _filled(language, _catalogue(language).gettext(message), values)


def counted(language: str, one: str, many: str, count: int, /, **values: object) -> str:
    """`trn` in a given language."""
    return _filled(language, _catalogue(language).ngettext(one, many, count), {"count": count, **values})


def N_(message: str) -> str:  # gettext's own name for it
    """Marks a text that is translated where it is shown."""
    return message


def _filled(language: str, message: str, values: Mapping[str, object]) -> str:
    if not values:
        return message
    return message.format(**values) if language == ENGLISH else _formatter.vformat(message, (), values)
