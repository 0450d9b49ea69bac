"""The server of the app: app.py, with pages that can be opened by their own address. ``niwt app`` runs it.

A browser that asks Streamlit for /measure first looks for a server below that path, and fills its console with the failures. Here such an
address leads to the root, with the page's name in the query; app.py goes on from there.
"""

from __future__ import annotations

import sys
import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config
from streamlit.web.server.server_util import get_url

ROOT = Path(__file__).resolve().parents[2]
PAGES = frozenset(path.stem for path in (ROOT / "pages").glob("*.py"))
BROWSER_AFTER = 0.5  # seconds: the server answers by then

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))


class PagesByRoot:
    """Redirects /measure?gamma=1 to /?gamma=1&page=measure."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].strip("/") in PAGES:
            query = [*parse_qsl(scope["query_string"].decode("latin-1")), ("page", scope["path"].strip("/"))]
            await RedirectResponse(f"/?{urlencode(query)}")(scope, receive, send)
        else:
            await self.app(scope, receive, send)


@asynccontextmanager
async def opened(app: Any) -> AsyncIterator[None]:
    """Gets the study ready, and opens a browser once the server is up, where there is a screen."""
    from pages.serving import arguments, preload

    preload.begin(arguments.first_folder())
    if not config.get_option("server.headless"):
        threading.Timer(BROWSER_AFTER, webbrowser.open, [get_url("localhost")]).start()
    yield


app = st.App(ROOT / "app.py", lifespan=opened, middleware=[Middleware(PagesByRoot)])
