"""In Chromium: from the first page to a neuron and what it is good for; on a large screen and on a telephone."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import open_page, served
from tests.support.small_study import small_study

pytestmark = pytest.mark.browser


def fits(page: Page) -> bool:
    """Nothing sticks out sideways."""
    return bool(page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth <= innerWidth"))


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desktop", "telephone"])
def test_from_the_first_page_to_a_muted_neuron(address: str, browser: Browser, size: tuple[int, int]) -> None:
    page, problems = open_page(browser, address, width=size[0], height=size[1])
    page.locator(".cyn-walkthrough").wait_for()
    assert fits(page)
    page.get_by_role("button", name="Transfer weights").click()
    page.get_by_text("is in your classifier").wait_for()
    page.get_by_role("button", name="The neuron dictionary").click()
    page.get_by_text("All", exact=True).click()
    page.get_by_label("Search").fill("3")
    page.get_by_role("button", name="Open neuron 3:").focus()
    page.keyboard.press("Enter")
    page.locator(".cyn-exemplars").wait_for()
    assert page.url.endswith("?neuron=3")
    page.get_by_text("This neuron", exact=True).click()
    page.get_by_text("harmonic mean").wait_for()
    assert fits(page)
    page.get_by_role("button", name="All neurons").click()
    page.get_by_role("heading", name="Neuron dictionary").wait_for()
    assert problems == []


def test_a_link_to_a_neuron_and_one_to_a_page_work_on_a_fresh_server(browser: Browser) -> None:
    folder = small_study().folder
    assert folder is not None
    with served(folder) as url:
        page, problems = open_page(browser, f"{url}/measure")
        page.locator(".st-key-confusion_chart .js-plotly-plot").wait_for()
        assert problems == []
        assert page.url.endswith("/measure")
        assert page.get_by_role(
            "link", name="Neuron dictionary"
        ).count()  # the app's own navigation, not Streamlit's list of files
        page, problems = open_page(browser, f"{url}/?neuron=2")
        page.locator(".cyn-exemplars").wait_for()
        assert problems == []


def test_gamma_moves_the_point_of_the_balance(address: str, browser: Browser) -> None:
    page, problems = open_page(browser, address)
    page.get_by_role("link", name="Measure").click()
    readout = page.locator(".cyn-readout")
    before = readout.text_content()
    assert before
    page.get_by_role("slider").focus()
    for _ in range(40):
        page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="Back to the study").wait_for()
    page.get_by_role("button", name="Back to the study").click()
    page.get_by_role("button", name="Back to the study").wait_for(state="detached")
    expect(readout).to_have_text(before)
    assert problems == []


def test_a_page_that_is_visited_again_is_not_sent_again(address: str, browser: Browser) -> None:
    sent: list[int] = []
    page = browser.new_page()
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: sent.append(len(frame))))
    page.goto(address)
    page.locator(".cyn-walkthrough").wait_for()
    costs = []
    for _ in range(2):
        sent.clear()
        page.get_by_role("link", name="Build a class", exact=True).first.click()
        page.locator(".editor").wait_for()
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        costs.append(sum(sent))
        for name in ("Measure", "Studies", "Measure"):  # more runs than Streamlit keeps messages by itself
            page.get_by_role("link", name=name, exact=True).first.click()
            page.get_by_role("heading", name=name, level=1, exact=True).wait_for()
            page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    assert costs[1] < costs[0] / 2
