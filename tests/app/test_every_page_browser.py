"""In Chromium: every page on a large screen and on a telephone, by day and by night. Nothing sticks out, nothing is logged; pictures are kept."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.support.browser import chromium, open_page, served
from tests.support.small_study import small_study

pytestmark = pytest.mark.browser
ARTEFACTS = Path(__file__).resolve().parents[1] / "artefacts"
PAGES = {  # path -> what says that it is there
    "": ".cyn-walkthrough",
    "dictionary": "[data-testid=stTextInput]",
    "build": ".editor",
    "classify": ".cls-sentence",
    "measure": ".st-key-confusion_chart .js-plotly-plot",
    "studies": ".cyn-head h1",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desktop", "telephone"])
def test_every_page(size: tuple[int, int], scheme: str) -> None:
    folder = small_study().folder
    assert folder is not None
    ARTEFACTS.mkdir(exist_ok=True)
    with served(folder) as address, chromium() as browser:
        page, problems = open_page(browser, address, width=size[0], height=size[1])
        page.emulate_media(color_scheme=scheme)
        for path, sign in PAGES.items():
            page.goto(f"{address}/{path}")
            page.locator(sign).first.wait_for()
            page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
            assert sideways(page) == []
            page.screenshot(path=ARTEFACTS / f"{path or 'start'}-{size[0]}-{scheme}.png")
        assert problems == []


def sideways(page: Page) -> list[str]:
    """Elements that reach beyond the window, unless what holds them scrolls or cuts them off."""
    actual: list[str] = page.evaluate(
        """() => {
          const main = document.querySelector('[data-testid=stMain]');
          if (main.scrollWidth <= innerWidth) return [];
          return [...main.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5)
            .map(e => e.outerHTML.slice(0, 120));
        }"""
    )
    return actual
