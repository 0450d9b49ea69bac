"""The app as a person meets it, in Chromium against the server of ``make app``."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
AVIARY = ROOT / "assets" / "aviary"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PAGES = ("Neuron dictionary", "Build a class", "Classify", "Measure", "Studies", "Start")
UPLOADS = (30, 300)
MET = {True: "yes", False: "no", None: ""}


@dataclass(frozen=True)
class Figure:
    """One measurement with its unit, what it should be, and whether it is (None: it is there to compare with)."""

    name: str
    value: float
    unit: str
    target: str
    met: bool | None


@contextmanager
def server(study: Path) -> Iterator[tuple[str, int, float]]:
    """(address, process id, the moment it was started) of the app on ``study``."""
    started = time.perf_counter()
    with running("-m", "niwt_core", "app", str(study), "--port", folder=ROOT) as (address, pid):  # as make app does
        (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
        yield address, int(child), started


@contextmanager
def running(*command: str, folder: Path) -> Iterator[tuple[str, int]]:
    """(address, process id) of Python with this command line, which ends where a port belongs, once it listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, *command, str(port)],
        cwd=folder,
        env=os.environ | {"STREAMLIT_SERVER_HEADLESS": "true", "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)


def new_page(browser: Browser) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(120_000)
    return page


def settled(page: Page) -> None:
    """Streamlit has nothing left to run."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def go(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()


HEADINGS = {"Start": "Choose your neuron", "Classify": "Classify and explain"}


def arrive(page: Page, name: str) -> None:
    page.get_by_role("heading", name=HEADINGS.get(name, name), level=1).wait_for()
    settled(page)


def seconds(*steps: Callable[[], object]) -> float:
    """How long the steps took together."""
    started = time.perf_counter()
    for step in steps:
        step()
    return time.perf_counter() - started


def visit(page: Page, name: str) -> float:
    return seconds(lambda: go(page, name), lambda: arrive(page, name))


def photograph(width: int = 4000, height: int = 3000, *, seed: int = 0) -> bytes:
    """A JPEG of 12 megapixels with a photograph's detail: smooth shapes and grain."""
    random = np.random.default_rng(seed)
    small = Image.fromarray(random.integers(0, 255, (30, 40, 3), np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    grain = random.normal(0, 6, (height, width, 1))
    pixels = np.clip(np.asarray(small, np.float32) + grain, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


def resident(pid: int) -> float:
    """Megabytes of memory that the process holds (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


def drag(page: Page) -> tuple[list[float], list[float]]:
    """(ms of script a frame, ms from letting go to the engine's word) of some drags on the editor."""
    editor = page.locator(".editor").first
    for round_ in range(8):
        slider = page.locator(".editor input[type=range]:visible").nth(round_ % 4)
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        assert box is not None
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + 8, y)
        page.mouse.down()
        for step in range(40):
            page.mouse.move(box["x"] + 8 + (step * 11 + round_ * 5) % int(box["width"] - 16), y)
        page.mouse.up()
        while editor.evaluate("node => node.editor.confirmations.length") <= round_:
            page.wait_for_timeout(20)
        settled(page)
    return editor.evaluate("node => node.editor.timings"), editor.evaluate("node => node.editor.confirmations")


def upload(page: Page, path: Path) -> tuple[float, float]:
    """Seconds from giving a file to its ranking, and to its map and sentence."""
    started = time.perf_counter()
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("heading", name=path.name, exact=True).wait_for()
    page.get_by_role("button", name="Explain place 2").wait_for()
    ranked = time.perf_counter() - started
    settled(page)
    return ranked, time.perf_counter() - started


def measure(study: Path, *, uploads: tuple[int, int]) -> Iterator[Figure]:
    """Every figure, in the order of a visit."""
    with sync_playwright() as playwright, TemporaryDirectory() as folder:
        executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        page = new_page(browser)
        with server(study) as (address, pid, started):
            page.goto(address)
            page.locator(".cyn-walkthrough").wait_for()
            cold = time.perf_counter() - started
            yield Figure("cold start to the first page", cold, "s", "at most 6 s", cold <= 6)
            settled(page)
            times = {name: visit(page, name) for name in PAGES}
            slowest = max(times, key=lambda name: times[name])
            yield Figure(
                f"first visit of a later page, the slowest ({slowest})",
                times[slowest],
                "s",
                "at most 1 s",
                times[slowest] <= 1,
            )
            again = [visit(page, name) for _ in range(3) for name in PAGES]
            alone = statistics.median(again)
            yield Figure("a page again, median", alone, "s", "at most 1 s", alone <= 1)

            visit(page, "Build a class")
            frames, confirmed = drag(page)
            p95 = float(np.percentile(frames, 95))
            yield Figure("script a frame while dragging, 95th percentile", p95, "ms", "at most 16 ms", p95 <= 16)
            wait = statistics.median(confirmed)
            yield Figure("let go to confirmed and drawn, median", wait, "ms", "at most 300 ms", wait <= 300)

            visit(page, "Classify")
            page.get_by_text("Upload", exact=True).click()
            settled(page)
            files = [Path(folder) / f"photograph {number}.jpg" for number in range(6)]
            for number, path in enumerate(files):
                path.write_bytes(photograph(seed=number))
            both = [upload(page, path) for path in files][1:]
            ranked, explained = (statistics.median(part) for part in zip(*both, strict=True))
            yield Figure("12-megapixel JPEG to its ranking, median", ranked, "s", "at most 1.5 s", ranked <= 1.5)
            yield Figure("the same to map and sentence, median", explained, "s", "at most 2.5 s", explained <= 2.5)

            yield from _memory(page, pid, Path(folder), uploads)
        browser.close()


def _memory(page: Page, pid: int, folder: Path, uploads: tuple[int, int]) -> Iterator[Figure]:
    peaks: dict[int, float] = {}
    for number in range(1, uploads[1] + 1):
        path = folder / f"small {number}.jpg"
        path.write_bytes(photograph(800, 600, seed=number))
        upload(page, path)
        path.unlink()
        if number in uploads:
            peaks[number] = resident(pid)
    early, late = (peaks[count] for count in uploads)
    yield Figure(f"memory after {uploads[1]} uploads", late, "MB", "at most 1200 MB", late <= 1200)
    growth = late / early
    yield Figure(f"the same against {uploads[0]} uploads", growth, "x", "at most 1.1 x", growth <= 1.1)


def table(figures: list[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = ["| in the browser | measured | target | met |", "|---|---|---|---|"]
    lines += [f"| {item.name} | {item.value:.3g} {item.unit} | {item.target} | {MET[item.met]} |" for item in figures]
    return "\n".join(lines)
