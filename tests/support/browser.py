"""A Chromium without a screen and a running app, for the tests marked ``browser``."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE = 60  # seconds for a server or a page on a busy machine


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium if there is one, else Playwright's own."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def served(study: Path, environment: Mapping[str, str] | None = None, *more: str, port: int = 0) -> Iterator[str]:
    """The address of the app, running on ``study`` at ``port`` or a free one; it ends with the block. ``more``: options of Streamlit."""
    port = port or free_port()
    options = [
        "--server.port",
        str(port),
        "--server.address",
        "127.0.0.1",
        "--server.headless",
        "true",
        "--server.fileWatcherType",
        "none",
        *more,
    ]
    with TemporaryDirectory(
        prefix="niwt-cache-"
    ) as cache:  # photographs that were read on this machine are not the test's
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "pages/serving/server.py", *options, "--", str(study)],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1", "XDG_CACHE_HOME": cache} | dict(environment or {}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            _wait_for(f"{address}/_stcore/health", server)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=20)


def free_port() -> int:
    """A port that nothing listens at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail("the app did not start")


def open_page(browser: Browser, url: str, *, width: int = 1440, height: int = 900) -> tuple[Page, list[str]]:
    """A page in a fresh session, and the list that its console errors go to."""
    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
    page.set_default_timeout(PATIENCE * 1000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.goto(url)
    return page, problems
