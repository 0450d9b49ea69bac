"""The server of the app: addresses behind proxies, limits of a public server, nothing said of where it lies."""

import ast
import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.testing.v1 import AppTest

from pages.components.shared import uploads
from pages.serving import middleware, policy, visitors
from pages.serving.policy import Limits
from pages.serving.visitors import Visitors
from tests.support.opened import ROOT, page_text, went_well

LIMITS = Limits(sessions=2, seconds=10, window=60)


async def arrived(request: Request) -> PlainTextResponse:
    """Says where a request came to."""
    return PlainTextResponse(f"{request.url.path}|{request.url.query}|{len(await request.body())}")


def behind(wrap: Callable[[Starlette], object]) -> TestClient:
    return TestClient(wrap(Starlette(routes=[Route("/{path:path}", arrived, methods=["GET", "PUT"])])))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("base", "path", "location"),
    [
        ("", "/measure", "./?page=measure"),
        ("", "/measure/?gamma=1", "../?gamma=1&page=measure"),
        ("", "/build?class=a%2Fb", "./?class=a%2Fb&page=build"),
        ("birds", "/birds/measure", "./?page=measure"),
        ("/birds/", "/birds/measure/", "../?page=measure"),
    ],
)
def test_a_pages_own_address_leads_to_the_root_wherever_that_is(base: str, path: str, location: str) -> None:
    client = behind(lambda app: middleware.PagesByRoot(app, frozenset({"measure", "build"}), base))
    answer = client.get(path, follow_redirects=False)
    assert answer.status_code == 307
    assert answer.headers["location"] == location
    for prefix in ("", "/some/prefix"):  # a proxy that strips a prefix: the browser is below it
        reached = answer.url.join(f"{prefix}{answer.url.path}").join(location)
        root = prefix + (f"/{base.strip('/')}/" if base else "/")
        assert reached.path == root


@pytest.mark.parametrize("path", ["/", "/measured", "/x/measure", "/_stcore/health"])
def test_other_addresses_are_left_alone(path: str) -> None:
    client = behind(lambda app: middleware.PagesByRoot(app, frozenset({"measure"}), ""))
    assert client.get(path, follow_redirects=False).text.startswith(f"{path}|")


def test_uploads_are_bounded_on_a_public_server(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    client = behind(lambda app: middleware.BoundedUploads(app, lambda: now[0]))

    def put(session: str, size: int) -> int:
        return client.put(f"/_stcore/upload_file/{session}/file", content=b"x" * size).status_code

    assert put("a", 9_000) == 200  # on one's own machine
    monkeypatch.setenv(policy.PUBLIC, "1")
    monkeypatch.setenv(policy.LIMITS, json.dumps({"upload": 1000, "uploads": 8000, "window": 60}))
    assert put("a", 5096) == 200
    assert put("a", 5097) == 413  # one file
    assert put("a", 3000) == 413  # all files
    assert put("a", 2000) == 200
    assert put("b", 3000) == 200  # another session
    now[0] = 61.0
    assert put("a", 3000) == 200
    assert client.put("/_stcore/upload_file/a/file", content=(b"x" for _ in range(3))).status_code == 411
    assert client.put("/other", content=b"x" * 9000).status_code == 200


def test_what_streamlit_says_of_the_script_is_its_name() -> None:
    message = ForwardMsg()
    message.new_session.main_script_path = "/srv/of me/app.py"
    message.new_session.page_script_hash = "7"
    sent: list[bytes] = []

    async def app(scope, receive, send) -> None:
        for data in (message.SerializeToString(), b"other /srv/of me/"[:5]):
            await send({"type": "websocket.send", "bytes": data})
        await send({"type": "websocket.close"})

    async def keep(item) -> None:
        sent.append(item.get("bytes"))

    asyncio.run(middleware.NoPathsSent(app, Path("/srv/of me"))({"type": "websocket"}, None, keep))  # type: ignore[arg-type]
    first = ForwardMsg.FromString(sent[0])
    assert first.new_session.main_script_path == "app.py"
    assert first.new_session.page_script_hash == "7"
    assert sent[1:] == [b"other", None]


def test_a_seat_is_free_once_its_session_has_gone() -> None:
    gone: set[str] = set()
    door = Visitors()

    def enter(session: str) -> bool:
        return door.enter(session, LIMITS, lambda known: known not in gone)

    assert enter("a")
    assert enter("b")
    assert not enter("c")
    assert enter("a")
    gone.add("b")
    assert enter("c")
    assert not enter("d")


def test_computing_time_comes_back() -> None:
    door = Visitors()
    assert door.wait("a", LIMITS, 0) == 0
    door.spend("a", 0, 6)
    door.spend("a", 20, 5)
    assert door.wait("a", LIMITS, 20) == 40  # when what was spent at 0 is forgotten
    assert door.wait("b", LIMITS, 20) == 0
    assert door.wait("a", LIMITS, 60.5) == 0


@given(
    spent=some.lists(some.tuples(some.floats(0, 100), some.floats(0.01, 20)), max_size=12), later=some.floats(0, 100)
)
def test_after_the_wait_there_is_time_again_and_not_before(spent: list[tuple[float, float]], later: float) -> None:
    """Against a plain sum: over the window that ends when the wait does, less than the share was spent; a moment before, not."""
    door, times = Visitors(), sorted(spent)
    for when, seconds in times:
        door.spend("a", when, seconds)
    now = (times[-1][0] if times else 0.0) + later
    wait = door.wait("a", LIMITS, now)

    def recent(at: float) -> float:
        return sum(seconds for when, seconds in times if when > at - LIMITS.window)

    assert recent(now + wait + 1e-6) < LIMITS.seconds or wait == 0
    assert wait == 0 or recent(now + wait - 1e-6) >= LIMITS.seconds
    assert (wait > 0) == (recent(now) >= LIMITS.seconds)


@pytest.fixture
def public(study_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(policy.PUBLIC, "1")
    monkeypatch.setenv(policy.STUDIES, json.dumps([str(study_folder)]))
    monkeypatch.setenv(policy.LIMITS, json.dumps({"sessions": 1, "seconds": 5, "pictures": 2}))
    monkeypatch.setattr(visitors, "VISITORS", Visitors())


def test_a_full_server_says_so_and_looks_again(public: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "_is_open", lambda session: True)
    visitors.VISITORS.enter("another", LIMITS, lambda session: True)
    at = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    assert "Many people are here" in went_well(at.run()).title[0].value
    monkeypatch.setattr(visitors, "_is_open", lambda session: False)
    assert "Choose your neuron" in page_text(went_well(at.run()))


def test_who_has_computed_enough_waits(public: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors.VISITORS, "wait", lambda session, limits, now: 130.0)
    at = went_well(AppTest.from_file(ROOT / "app.py", default_timeout=60).run())
    assert "It goes on in 3 minutes" in at.warning[0].value
    assert "Three ways in" not in page_text(at)


def test_computing_is_counted_once(public: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page and the fragments inside it are one piece of work."""
    spent: list[float] = []
    monkeypatch.setattr(visitors.VISITORS, "spend", lambda session, now, seconds: spent.append(seconds))
    went_well(AppTest.from_file(ROOT / "app.py", default_timeout=60).run())
    assert len(spent) == 1
    assert spent[0] > 0


def test_a_session_keeps_so_many_pictures(public: None) -> None:
    assert uploads.most_kept() == 2


def test_every_fragment_is_metered() -> None:
    """What runs by itself counts: pages use visitors.fragment, never st.fragment."""
    plain = []
    for path in (ROOT / "pages").rglob("*.py"):
        if path.parent.name == "serving":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr == "fragment" and ast.unparse(node.value) == "st":
                plain.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert plain == [], "use visitors.fragment of pages/serving/visitors.py"
