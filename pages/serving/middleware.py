"""What stands between the network and Streamlit: pages by their own address, bounded uploads, no paths of the server in what it sends."""

from __future__ import annotations

import re
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.serving import policy

UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+$")


class PagesByRoot:
    """Redirects /measure?gamma=1 to ./?gamma=1&page=measure: a relative address, which is right behind any proxy and below any prefix."""

    def __init__(self, app: ASGIApp, pages: frozenset[str], base: str = "") -> None:
        self.app, self.pages, self.base = app, pages, base.strip("/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        page = path.strip("/").removeprefix(f"{self.base}/" if self.base else "")
        if page not in self.pages:
            await self.app(scope, receive, send)
            return
        query = [*parse_qsl(scope["query_string"].decode("latin-1")), ("page", page)]
        relative = "../" if path.endswith("/") else "./"
        await RedirectResponse(f"{relative}?{urlencode(query)}")(scope, receive, send)


class BoundedUploads:
    """On a server that is open to the public: refuses the files of a session that has sent too much of late, before they are read."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = time.monotonic) -> None:
        self.app, self.clock = app, clock
        self._lock = threading.Lock()
        self._sent: dict[str, deque[tuple[float, int]]] = defaultdict(deque)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limits = policy.limits()
        match = UPLOAD.search(scope["path"]) if scope["type"] == "http" and scope["method"] in ("PUT", "POST") else None
        if limits is None or match is None:
            await self.app(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"")
        if not length.isdigit():
            await PlainTextResponse("say how long the file is", 411)(scope, receive, send)
        elif int(length) > limits.upload + 4096 or not self._room(match[1], int(length), limits):
            await PlainTextResponse("too much for this server at once", 413)(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _room(self, session: str, length: int, limits: policy.Limits) -> bool:
        """Whether the session may send ``length`` bytes more; if so they are counted."""
        now = self.clock()
        with self._lock:
            for known in list(self._sent):
                sent = self._sent[known]
                while sent and sent[0][0] <= now - limits.window:
                    sent.popleft()
                if not sent:
                    del self._sent[known]
            if sum(size for _, size in self._sent[session]) + length > limits.uploads:
                return False
            self._sent[session].append((now, length))
            return True


class NoPathsSent:
    """Takes the place of the script out of what Streamlit tells a browser at the start of each run: nothing there needs it."""

    def __init__(self, app: ASGIApp, root: Path) -> None:
        self.app, self.root = app, str(root).encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            data = message.get("bytes") if message["type"] == "websocket.send" else None
            if data and self.root in data:
                message = {**message, "bytes": without_script_path(data)}
            await send(message)

        await self.app(scope, receive, sent if scope["type"] == "websocket" else send)


def without_script_path(data: bytes) -> bytes:
    """A message to the browser; one that begins a run names the script by its file's name alone."""
    message = ForwardMsg.FromString(data)
    if message.WhichOneof("type") != "new_session":
        return data
    message.new_session.main_script_path = Path(message.new_session.main_script_path).name
    return bytes(message.SerializeToString())
