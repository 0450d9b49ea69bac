"""In Chromium: a word opens its meaning by mouse and by keyboard, beside it and inside the window, and moves nothing on the page."""

import pytest
from playwright.sync_api import Browser

from tests.support.browser import open_page

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [1440, 390])
def test_a_word_opens_its_meaning(address: str, browser: Browser, width: int) -> None:
    page, problems = open_page(browser, f"{address}/measure", width=width)
    word = page.locator(".cyn-figures .cyn-term").last
    word.wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    figures = page.locator(".cyn-figures").first
    before = figures.bounding_box()
    meaning = page.locator(".cyn-meaning:popover-open")
    assert meaning.count() == 0
    word.click()
    meaning.wait_for()
    box = meaning.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert figures.bounding_box() == before
    sizes = meaning.evaluate("e => [e, e.firstChild].map(one => getComputedStyle(one).fontSize)")
    assert sizes == ["15px", "16px"]  # not those of the figures that it stands in
    page.keyboard.press("Escape")
    assert meaning.count() == 0
    word.focus()
    page.keyboard.press("Enter")
    meaning.wait_for()
    page.mouse.click(5, 300)
    meaning.wait_for(state="detached")
    assert problems == []
