"""A recipe in a link: the URL alone rebuilds the class.

A link's text is base64url of a deflated JSON recipe. Links come from strangers, so everything about them is bounded and checked: length,
unpacked size, shape, and then the recipe itself, by the same code that reads files.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from dataclasses import replace
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from niwt_core import NiwtError, Recipe, Study
from pages.components.build.draft import Draft
from pages.components.shared import session
from pages.components.shared.markdown import escape_markdown

PARAMETER = "class"
LONGEST = 6000  # characters; browsers and servers take 8000
LARGEST = 60_000  # bytes unpacked: 312 attributes with amounts are about 12,000
FIX = "ask for the link again, or for the recipe file"


def to_text(recipe: Recipe) -> str:
    """The recipe as letters, digits, - and _. Raises NiwtError if it is too long for a link."""
    data = json.dumps(recipe.to_dict(), ensure_ascii=False, separators=(",", ":")).encode()
    text = base64.urlsafe_b64encode(zlib.compress(data, 9)).decode().rstrip("=")
    if len(text) > LONGEST:
        raise NiwtError(
            "the description is too long for a link", where=f"recipe {recipe.name}", fix="share the recipe file"
        )
    return text


def from_text(text: str) -> Recipe:
    """The recipe in a link's text. Raises NiwtError on anything else."""
    if len(text) > LONGEST:
        raise NiwtError("the link is too long", where="link", fix=FIX)
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(packed, LARGEST)
        if not unpacker.eof:
            raise NiwtError("the link is cut off or too large", where="link", fix=FIX)
        values = json.loads(data)
    except (binascii.Error, zlib.error, UnicodeError, ValueError, RecursionError):
        raise NiwtError("the link is damaged", where="link", fix=FIX) from None
    return Recipe.from_dict(values, where="link")


def address(page: str, recipe: Recipe) -> str:
    """The link to ``recipe`` in the app that serves the page of that URL; it names the app's root, which finds the page.

    Raises NiwtError if it is too long for a link.
    """
    scheme, host, path, *_ = urlsplit(page)
    return urlunsplit(
        (scheme, host, path.removesuffix("/").removesuffix("/build") + "/", urlencode({PARAMETER: to_text(recipe)}), "")
    )


def open_shared(study: Study, draft: Draft) -> None:
    """Rebuilds the class of the page's address, once, and lays it on the editor; a bad link says what is wrong with it."""
    text = st.query_params.get(PARAMETER, "")
    if not text or st.session_state.get("opened-link") == text:
        return
    with session.shown_errors():
        recipe = from_text(text)
        if recipe.study and recipe.study != study.id:
            recipe = _elsewhere(study, recipe)
        session.add_class(recipe)
        draft.load(study, recipe, editing=recipe.name)
        st.session_state["opened-link"] = text
        st.toast(f"{escape_markdown(recipe.name)} was rebuilt from the link.", icon=":material/link:")


def _elsewhere(study: Study, recipe: Recipe) -> Recipe:
    """A recipe of another study is built here only if every word means something here; a warning says so."""
    st.warning(
        "This link was made with another study. The description is the same here, the weights are not.",
        icon=":material/info:",
    )
    return replace(recipe, study=study.id)
