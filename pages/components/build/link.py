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
from urllib.parse import urlencode

import streamlit as st

from niwt_core import NiwtError, Recipe, Study
from pages.components.build.draft import Draft
from pages.components.shared import keeper, session
from pages.components.shared.language import tr, trn
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.share import root_of
from pages.components.shared.work import Work, work_from_text

PARAMETER = "class"
LONGEST = 6000  # characters; browsers and servers take 8000
ALL = "~"  # a text that begins with it holds all classes
LARGEST_WORK = 600_000  # bytes unpacked
LARGEST = 60_000  # bytes unpacked: 312 attributes with amounts are about 12,000
FIX = "ask for the link again, or for the recipe file"


def to_text(recipe: Recipe) -> str:
    """The recipe as letters, digits, - and _. Raises NiwtError if it is too long for a link."""
    data = json.dumps(recipe.to_dict(), ensure_ascii=False, separators=(",", ":"))
    return _packed(data, what="the description is", where=f"recipe {recipe.name}", fix="share the recipe file")


def from_text(text: str) -> Recipe:
    """The recipe in a link's text. Raises NiwtError on anything else."""
    data = _unpacked(text, LARGEST)
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        raise NiwtError("the link is damaged", where="link", fix=FIX) from None
    return Recipe.from_dict(values, where="link")


def work_to_text(work: Work) -> str:
    """All classes, by their words alone, and the settings. Raises NiwtError if that is too long for a link."""
    data = work.to_text(pictures=False)
    return ALL + _packed(data, what="your classes are", where="your classes", fix="save them all as a file instead")


def work_in_text(text: str) -> Work:
    """The classes and settings in a link's text. Raises NiwtError on anything else."""
    return work_from_text(_unpacked(text.removeprefix(ALL), LARGEST_WORK), where="link")


def _packed(data: str, *, what: str, where: str, fix: str) -> str:
    text = base64.urlsafe_b64encode(zlib.compress(data.encode(), 9)).decode().rstrip("=")
    if len(text) > LONGEST:
        raise NiwtError(f"{what} too long for a link", where=where, fix=fix)
    return text


def _unpacked(text: str, largest: int) -> str:
    if len(text) > LONGEST + len(ALL):
        raise NiwtError("the link is too long", where="link", fix=FIX)
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(packed, largest)
        if not unpacker.eof:
            raise NiwtError("the link is cut off or too large", where="link", fix=FIX)
        return data.decode()
    except (binascii.Error, zlib.error, UnicodeError, ValueError):
        raise NiwtError("the link is damaged", where="link", fix=FIX) from None


def address(page: str, shared: Recipe | Work) -> str:
    """The link to a recipe, or to all of a person's classes, in the app that serves the page of that URL.

    It names the app's root, which finds the page.

    Raises NiwtError if it is too long for a link.
    """
    text = work_to_text(shared) if isinstance(shared, Work) else to_text(shared)
    return f"{root_of(page)}?{urlencode({PARAMETER: text})}"


def open_shared(study: Study, draft: Draft) -> None:
    """Rebuilds the class of the page's address, once, and lays it on the editor; a bad link says what is wrong with it."""
    text = st.query_params.get(PARAMETER, "")
    if not text or st.session_state.get("opened-link") == text:
        return
    with session.shown_errors():
        if text.startswith(ALL):
            open_work(study, work_in_text(text))
            st.session_state["opened-link"] = text
            return
        recipe = from_text(text)
        if recipe.study and recipe.study != study.id:
            recipe = _elsewhere(study, recipe)
        session.add_class(recipe)
        draft.load(study, recipe, editing=recipe.name)
        st.session_state["opened-link"] = text
        st.toast(tr("{name} was rebuilt from the link.", name=escape_markdown(recipe.name)), icon=":material/link:")


def open_work(study: Study, work: Work) -> None:
    """All classes of a link or a file join those of this session, as one step, and the settings become theirs."""
    if work.study != study.id:
        work = replace(work, classes=tuple((_elsewhere(study, recipe), None) for recipe, _ in work.classes))
    keeper.take_classes(work, label=trn("opened {count} class", "opened {count} classes", len(work.classes)))
    keeper.take_settings(work)
    st.toast(
        trn("{count} class was opened.", "{count} classes were opened.", len(work.classes)),
        icon=":material/folder_open:",
    )


def _elsewhere(study: Study, recipe: Recipe) -> Recipe:
    """A recipe of another study is built here only if every word means something here; a warning says so."""
    st.warning(
        tr("This link was made with another study. The description is the same here, the weights are not."),
        icon=":material/info:",
    )
    return replace(recipe, study=study.id)
