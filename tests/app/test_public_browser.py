"""A running public server, asked by protocol and by a browser: all that it sends is searched, and every way in for a path is tried."""

import asyncio
import http.client
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Browser
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from niwt_core import Recipe
from pages.components.build.link import to_text, work_to_text
from pages.components.shared.work import Work
from pages.serving import policy
from tests.support.browser import ROOT, open_page, served
from tests.support.small_study import small_study

pytestmark = pytest.mark.browser
SECRET = "a folder of mine"
PAGES = ("Neuron dictionary", "Build a class", "Classify", "Measure", "Studies")
PATHS = (
    "/etc/passwd",
    "../../../../etc/passwd",
    "/",
    "~",
    "~root",
    "file:///etc/passwd",
    "C:\\Windows",
    "//host/share",
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small study in a folder that nobody is to hear of, prepared by a command that names others."""
    folder = Path(shutil.copytree(small_study().folder, tmp_path_factory.mktemp("public") / SECRET / "birds"))
    return folder


@pytest.fixture(scope="module")
def public(study: Path) -> Iterator[str]:
    """The address of a public server of that study."""
    (study.parent / "other").mkdir()
    environment = {policy.PUBLIC: "1", policy.STUDIES: json.dumps([str(study)])}
    with served(study, environment) as address:
        yield address


async def asked(address: str, query: str, pages: tuple[str, ...] = ()) -> list[bytes]:
    """All that the server sends to a session that opens ``query`` and then each of ``pages``."""
    sent: list[bytes] = []
    hashes: dict[str, str] = {}
    stream = address.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(stream, subprotocols=["streamlit"], max_size=None, origin=address) as connection:  # type: ignore[arg-type, list-item]
        for name in ("", *pages):
            message = BackMsg()
            message.rerun_script.query_string = query
            if name:
                message.rerun_script.page_script_hash = hashes[name]
            await connection.send(message.SerializeToString())
            async for data in connection:
                sent.append(bytes(data))
                answer = ForwardMsg.FromString(bytes(data))
                if answer.WhichOneof("type") == "navigation":
                    hashes = {page.page_name: page.page_script_hash for page in answer.navigation.app_pages}
                if (
                    answer.WhichOneof("type") == "script_finished"
                    and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
                ):
                    break
    return sent


def clean(sent: list[bytes], study: Path) -> None:
    """Nothing of where the study, the project or Python lie, and no traceback."""
    everything = b"\n".join(sent)
    for secret in (SECRET, str(study.parent), str(ROOT), str(Path.home()), "site-packages", "Traceback"):
        at = everything.find(secret.encode())
        assert at < 0, everything[max(0, at - 200) : at + 200]


def test_no_message_of_any_page_says_where_anything_lies(public: str, study: Path) -> None:
    sent = asyncio.run(asked(public, "", PAGES))
    assert len(sent) > 100
    clean(sent, study)


@pytest.mark.parametrize(
    "key", ["study", "study_folder", "root", "folder", "page", "neuron", "class", "elsewhere_folder"]
)
def test_no_address_opens_a_path(public: str, study: Path, key: str) -> None:
    for path in PATHS:
        sent = asyncio.run(asked(public, urlencode({key: path})))
        clean(sent, study)
        assert b"root:x:0" not in b"\n".join(sent)
    there, nowhere = (
        len(asyncio.run(asked(public, urlencode({key: str(study.parent / name)})))) for name in ("other", "never")
    )
    assert there == nowhere  # whether something is there makes no difference


def test_no_recipe_reads_a_path(public: str, study: Path) -> None:
    for path in PATHS:
        recipes = (
            Recipe("A", like=path),
            Recipe("A", {"crown color": path}),
            Recipe("A", {"crown color": "red"}, study=path),
            Recipe("A", caption=path),
        )
        for text in (*map(to_text, recipes), work_to_text(Work(path, ((recipes[2], None),)))):
            sent = asyncio.run(asked(public, urlencode({"page": "build", "class": text})))
            clean(sent, study)
            assert b"root:x:0" not in b"\n".join(sent)


BEFORE = (
    "/", "/media/", "/static/", "/app/static/", "/component/", "/_stcore/", "/_stcore/bidi-components/", "/assets/", "/pages/",
)  # fmt: skip
AFTER = (
    "etc/passwd", "../../../../../../etc/passwd", "..%2f..%2f..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd",
    "....//....//etc/passwd", "app.py", "../app.py", "study.json", "%00",
)  # fmt: skip


@pytest.mark.parametrize("before", BEFORE)
def test_no_request_reads_a_file(public: str, before: str) -> None:
    parts = urlsplit(public)
    for after in AFTER:
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
        connection.request("GET", before + after)
        body = connection.getresponse().read()
        connection.close()
        assert b"root:x:0" not in body
        assert b"set_page_config" not in body
        assert b'"hashes"' not in body


def test_the_browser_shows_and_keeps_nothing_of_it(public: str, study: Path, browser: Browser) -> None:
    """All pages as a person opens them: no field for a path, no path in the page, its addresses or what the browser keeps."""
    page, problems = open_page(browser, public)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    for name in PAGES:
        page.get_by_role("link", name=name, exact=True).first.click()
        page.get_by_test_id("stApp").and_(page.locator("[data-test-script-state=notRunning]")).wait_for()
        text = page.content()
        for secret in (SECRET, str(ROOT), str(study.parent)):
            assert secret not in text
        labels = page.get_by_role("textbox").evaluate_all("(all) => all.map((field) => field.ariaLabel ?? '')")
        assert not any("older" in label for label in labels)
    kept = page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
    assert SECRET not in kept
    assert [
        url for url in requested if not url.startswith((public, "data:", "blob:"))
    ] == []  # and nothing goes elsewhere
    assert problems == []


def test_work_that_a_browser_kept_names_no_path(public: str, study: Path, browser: Browser) -> None:
    """What comes back from localStorage is a stranger's: paths in it open nothing and say nothing."""
    page, _ = open_page(browser, public)
    page.get_by_text("Three ways in").wait_for()
    for path in (str(study.parent), "/etc/passwd"):
        work = Work(small_study().id, ((Recipe("Kept", {"crown color": "red"}, like=path), None),)).to_text()
        page.evaluate("([key, text]) => localStorage.setItem(key, text)", [f"niwt:{small_study().id}", work])
        page.evaluate("([key, text]) => localStorage.setItem(key, text)", ["niwt:study_folder", path])
        page.reload()
        page.get_by_text("Three ways in").wait_for()
        page.get_by_test_id("stApp").and_(page.locator("[data-test-script-state=notRunning]")).wait_for()
        shown = page.inner_text("body")
        assert "root:x:0" not in shown
        assert "Kept" not in shown.replace(f"no class {path!r}", "")
