"""Ten people clicking at once, against one person alone doing the same.

Twice: nine of them on machines of their own (they speak the server's protocol and draw nothing here), and all ten in Chromium beside the
server. The second is set against an app of two titles, for ten browsers on two cores wait for each other whatever they show.

``python -m benchmarks.crowd --people 30 --apart 5 [STUDY]`` is the first alone for a classroom: everybody asks for each page within five seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import statistics
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.async_api import Browser, Page, async_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.app import AVIARY, FLAGS, HEADINGS, MET, PAGES, Figure, running, server

PEOPLE = 10
ROUNDS = 2
PATIENCE = 120  # seconds: a page that takes longer never comes
READY = 8  # seconds that the server gets to make everything ready
TITLES = ("Second", "First")
EMPTY_APP = """
import streamlit as st
pages = [st.Page(lambda name=name: st.title(name), title=name, url_path=name) for name in ("First", "Second")]
st.navigation(pages, position="top").run()
"""
CLICK = """(link, heading) => new Promise((resolve) => {
  const started = performance.now();
  const stands = () => document.querySelector("h1")?.textContent.trim() === heading
    && document.querySelector("[data-testid=stApp]").dataset.testScriptState === "notRunning";
  const observer = new MutationObserver(() => {
    if (!stands()) return;
    observer.disconnect();
    requestAnimationFrame(() => resolve(performance.now() - started));
  });
  observer.observe(document.body, {subtree: true, childList: true, attributeFilter: ["data-test-script-state"]});
  link.click();
})"""


class Guest:
    """A person whose browser is elsewhere: asks for pages and takes all that the server sends."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self.pages: dict[str, str] = {}  # title -> hash
        self.errors = 0

    async def ask(self, title: str = "") -> None:
        """Asks for a page, the first one by default, and waits until the server has said all of it."""
        message = BackMsg()
        message.rerun_script.query_string = ""
        if title:
            message.rerun_script.page_script_hash = self.pages[title]
        await self._connection.send(message.SerializeToString())
        async for data in self._connection:
            message = ForwardMsg.FromString(bytes(data))
            kind = message.WhichOneof("type")
            if kind == "navigation":
                self.pages = {page.page_name: page.page_script_hash for page in message.navigation.app_pages}
            elif kind == "delta":
                self.errors += message.delta.new_element.WhichOneof("type") == "exception"
            elif kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return


@asynccontextmanager
async def guest(address: str) -> AsyncIterator[Guest]:
    """A guest who has seen the first page."""
    stream = address.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(stream, subprotocols=["streamlit"], max_size=None, origin=address) as connection:  # type: ignore[arg-type, list-item]
        person = Guest(connection)
        await person.ask()
        yield person


async def visit(page: Page, name: str) -> float:
    """Seconds from the click on a page's link until it stands, by the page's own clock and without asking it again and again."""
    link = page.get_by_role("link", name=name, exact=True).first
    async with asyncio.timeout(PATIENCE):
        milliseconds: float = await link.evaluate(CLICK, HEADINGS.get(name, name))
    return milliseconds / 1000


async def arrive(browser: Browser, address: str, names: Sequence[str]) -> Page:
    """A person who has visited every page once."""
    page = await (await browser.new_context(viewport={"width": 1440, "height": 900})).new_page()
    page.set_default_timeout(120_000)
    await page.goto(address)
    for name in names:
        await visit(page, name)
    return page


async def alone(page: Page, names: Sequence[str]) -> float:
    """One person's median page."""
    return statistics.median([await visit(page, name) for _ in range(ROUNDS + 1) for name in names])


async def together(pages: Sequence[Page], names: Sequence[str]) -> float:
    """The median page of people who all click the same link at the same moment."""
    times: list[float] = []
    for name in [*names] * ROUNDS:
        times += await asyncio.gather(*(visit(page, name) for page in pages))
    return statistics.median(times)


async def among_guests(
    page: Page, address: str, names: Sequence[str], *, people: int = PEOPLE, apart: float = 0
) -> tuple[float, int]:
    """(median page of one person in a browser while the others ask for the same, exceptions that those were shown).

    apart: seconds within which everybody asks, each at a random moment; 0: all at the same moment.
    """
    drawn = random.Random(0)
    async with asyncio.TaskGroup() as tasks:
        stop, ready = asyncio.Event(), [asyncio.Event() for _ in range(people - 1)]
        turns: list[asyncio.Queue[str]] = [asyncio.Queue() for _ in ready]

        async def take_part(at: int) -> int:
            async with guest(address) as person:
                ready[at].set()
                while not stop.is_set():
                    name = await turns[at].get()
                    await asyncio.sleep(drawn.uniform(0, apart))
                    async with asyncio.timeout(PATIENCE):
                        await person.ask(name)
                return person.errors

        others = [tasks.create_task(take_part(at)) for at in range(people - 1)]
        for event in ready:
            await event.wait()
        times = []
        for turn, name in enumerate([*names] * (ROUNDS + 1), 1):
            if turn == (ROUNDS + 1) * len(names):
                stop.set()
            for queue in turns:
                queue.put_nowait(name)
            moment = drawn.uniform(0, apart)
            await asyncio.sleep(moment)
            times.append(await visit(page, name))
            await asyncio.sleep(apart - moment)
    return statistics.median(times), sum(task.result() for task in others)


async def exceptions(pages: Sequence[Page]) -> int:
    """How many exceptions stand on these pages."""
    return sum([await page.locator("[data-testid=stException]").count() for page in pages])


@contextmanager
def empty_app() -> Iterator[str]:
    """The address of an app of two titles."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "titles.py").write_text(EMPTY_APP, encoding="utf-8")
        with running("-m", "streamlit", "run", "titles.py", "--server.port", folder=Path(folder)) as (address, _):
            yield address


async def _ratio(browser: Browser, address: str, names: Sequence[str]) -> tuple[float, int]:
    """(median page of ten browsers against that of one, exceptions on their pages)."""
    one = await arrive(browser, address, names)
    single = await alone(one, names)
    pages = [one, *[await arrive(browser, address, names) for _ in range(PEOPLE - 1)]]
    ratio = await together(pages, names) / single
    errors = await exceptions(pages)
    for page in pages:
        await page.context.close()
    return ratio, errors


@asynccontextmanager
async def _visited(study: Path) -> AsyncIterator[tuple[Browser, str, Page, float]]:
    """The served study: (browser, address, the page of a person who has visited all, that person's median page alone)."""
    async with async_playwright() as playwright:
        executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = await playwright.chromium.launch(executable_path=executable, args=FLAGS)
        with server(study) as (address, _, _):
            page = await arrive(browser, address, PAGES)
            await asyncio.sleep(READY)
            yield browser, address, page, await alone(page, PAGES)
        await browser.close()


async def _measure(study: Path) -> list[Figure]:
    async with _visited(study) as (browser, address, page, single):
        among, guests = await among_guests(page, address, PAGES)
        errors = guests + await exceptions([page])
        await page.context.close()
        ratio, more = await _ratio(browser, address, PAGES)
        with empty_app() as titles:
            empty, _ = await _ratio(browser, titles, TITLES * 3)
    errors += more
    people = f"{PEOPLE} people clicking at once, median page against one person's"
    return [
        Figure(f"{people}: nine on other machines", among / single, "x", "at most 4 x", among / single <= 4),
        Figure(f"{people}: ten browsers beside the server", ratio, "x", "at most 4 x", ratio <= 4),
        Figure("the same for an app of two titles", empty, "x", "for comparison", None),
        Figure("exceptions they met", errors, "", "none", errors == 0),
    ]


def measure(study: Path) -> list[Figure]:
    """What ten people meet."""
    return asyncio.run(_measure(study))


async def _classroom(study: Path, people: int, apart: float) -> list[Figure]:
    async with _visited(study) as (browser, address, page, single):
        among, guests = await among_guests(page, address, PAGES, people=people, apart=apart)
        errors = guests + await exceptions([page])
        await page.context.close()
        with empty_app() as titles:
            one = await arrive(browser, titles, TITLES)
            least = await alone(one, TITLES)
            floor, _ = await among_guests(one, titles, TITLES, people=people, apart=apart)
    what = f"{people} people, each page asked for within {apart:g} s: median page against one person's {single * 1e3:.0f} ms"
    return [
        Figure(what, among / single, "x", "at most 4 x", among / single <= 4),
        Figure(
            f"the same for an app of two titles, against its {least * 1e3:.0f} ms",
            floor / least,
            "x",
            "for comparison",
            None,
        ),
        Figure("exceptions they met", errors, "", "none", errors == 0),
    ]


def main() -> None:
    """Prints what a classroom meets."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd", description=__doc__)
    parser.add_argument("study", nargs="?", type=Path, default=AVIARY)
    parser.add_argument("--people", type=int, default=30)
    parser.add_argument("--apart", type=float, default=5.0, help="seconds within which everybody asks for a page")
    given = parser.parse_args()
    for figure in asyncio.run(_classroom(given.study, given.people, given.apart)):
        sys.stdout.write(f"{figure.name}: {figure.value:.3g} {figure.unit} ({figure.target}: {MET[figure.met]})\n")


if __name__ == "__main__":
    main()
