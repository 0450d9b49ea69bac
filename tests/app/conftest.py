"""What the app's tests share: the small study as the app's study, and pages as people meet them."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from streamlit.testing.v1 import AppTest

from tests.support.browser import chromium, served
from tests.support.opened import ROOT, went_well
from tests.support.small_study import small_study


@pytest.fixture(autouse=True)
def own_main() -> Iterator[None]:
    """AppTest leaves the app as ``__main__``, which processes that later tests start would run."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture(autouse=True, scope="session")
def no_installed_components() -> Iterator[None]:
    """AppTest reads the metadata of every installed package for each app that it opens: half of the time of a page. The app's components
    are inline; none is installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streamlit.components.v2.manifest_scanner.scan_component_manifests", list)
        yield


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Photographs that were read on this machine are not the test's."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The app, served on the small study."""
    folder = small_study().folder
    assert folder is not None
    with served(folder) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium without a screen."""
    with chromium() as url:
        yield url


@pytest.fixture
def study_folder(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small study, opened by the app as with ``niwt app STUDY``."""
    folder = small_study().folder
    monkeypatch.setenv("NIWT_STUDY", str(folder))
    monkeypatch.setattr("sys.argv", ["app.py"])
    return folder


@pytest.fixture
def page(study_folder: Path) -> Callable[..., AppTest]:
    """Opens a page by its file's name: page("measure"), page("dictionary", neuron="3"); it must not raise."""

    def open_page(name: str, **query: str) -> AppTest:
        at = AppTest.from_file(ROOT / "pages" / f"{name}.py", default_timeout=60)
        for key, value in query.items():
            at.query_params[key] = value
        return went_well(at.run())

    return open_page
