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

import streamlit as st
from starlette.middleware import Middleware
from streamlit import config, net_util
from streamlit.web.server.server_util import get_url

ROOT = Path(__file__).resolve().parents[2]
BROWSER_AFTER = 0.5  # seconds: the server answers by then

if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from pages.serving import collector, middleware, server_names  # noqa: E402  (the root may not have been on the path)

# Streamlit would ask a foreign host what this machine's address is, when a browser comes from an address that it does not know.
# It has no setting for it. Nothing leaves the machine; who serves under another name says so by `--server.corsAllowedOrigins`.
net_util.get_external_ip = lambda: None
collector.share()


@asynccontextmanager
async def opened(app: Any) -> AsyncIterator[None]:
    """Gets the study ready, and opens a browser once the server is up, where there is a screen."""
    from pages.serving import arguments, preload

    preload.begin(arguments.first_folder())
    if not config.get_option("server.headless"):
        threading.Timer(BROWSER_AFTER, webbrowser.open, [get_url("localhost")]).start()
    yield


app = st.App(
    ROOT / "app.py",
    lifespan=opened,
    middleware=[
        Middleware(
            middleware.PagesByRoot, pages=server_names.PAGES, base=config.get_option("server.baseUrlPath") or ""
        ),
        Middleware(middleware.BoundedUploads),
        Middleware(middleware.NoPathsSent, root=ROOT),
    ],
)
