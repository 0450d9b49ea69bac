"""The address at which others open the app, and the same as a picture for the camera of a telephone."""

from __future__ import annotations

import ipaddress
import os
from urllib.parse import urlsplit, urlunsplit

import segno
import streamlit as st

from pages.components.shared.language import tr
from pages.components.shared.style import text
from pages.serving import policy
from pages.serving.server_names import PAGES

LONGEST_CODE = 600  # characters: a telephone still reads the code from a screen


def opened_at() -> str:
    """The address that this page was opened at, fit to be handed on: where that is this machine's own name for itself, its name in the network."""
    return reachable(str(st.context.url or ""), os.environ.get(policy.SHARED_HOST, ""))


def reachable(url: str, host: str) -> str:
    """``url`` with ``host`` in the place of localhost; as it is if it names another machine, or if no ``host`` is known."""
    scheme, _, *rest = urlsplit(url)
    if not host or not is_loopback(url) or is_loopback(f"http://{host}"):
        return url
    port = urlsplit(url).port
    return urlunsplit((scheme, f"{host}:{port}" if port else host, *rest))


def is_loopback(url: str) -> bool:
    """Only this machine itself can open ``url``."""
    name = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def root_of(url: str) -> str:
    """The app's first page: ``url`` without its page and query."""
    scheme, netloc, path, *_ = urlsplit(url)
    *above, last = path.rstrip("/").split("/")
    kept = [*above] if last in PAGES else [*above, last]
    return urlunsplit((scheme, netloc, "/".join(kept).rstrip("/") + "/", "", ""))


def app_address() -> None:
    """The app's own address and its code, or how to let others in where only this machine can open it."""
    url = root_of(opened_at())
    if not urlsplit(url).netloc:
        return
    if is_loopback(url):
        st.caption(tr("Only this machine can open it. `niwt app --host 0.0.0.0` lets others in your network in."))
        return
    st.caption(tr("On another screen: this address, or the code by a telephone's camera."))
    st.code(url, language=None, wrap_lines=True)
    code(url)


def link(url: str) -> None:
    """An address to copy, with its code where a telephone can read one of that length."""
    st.code(url, language=None, wrap_lines=True)
    if len(url) <= LONGEST_CODE and not is_loopback(url):
        code(url)


def code(url: str) -> None:
    """The address as a QR code, dark on white on either paper: many cameras cannot read the reverse."""
    st.html(
        f'<img class="cyn-qr" src="{picture_of(url)}" alt="{text(tr("QR code of {url}", url=url[:200]))}" width="180" height="180">'
    )


@st.cache_data(show_spinner=False, max_entries=256)
def picture_of(url: str) -> str:
    """A data URI of the QR code (ISO/IEC 18004), an SVG of a few kilobytes."""
    return str(segno.make(url, micro=False, error="m").svg_data_uri(scale=4, border=4, dark="#000", light="#fff"))
