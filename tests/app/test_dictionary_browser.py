"""In Chromium: from the first page to a neuron and what it is good for; on a large screen and on a telephone."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from niwt_core.images import open_image
from niwt_core.study.firing import strongest
from tests.support.browser import open_page, served
from tests.support.small_study import small_dataset, small_study

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
    page.get_by_role("link", name="Measure").first.click()
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


def test_the_search_knows_other_words(address, browser):
    page, problems = open_page(browser, f"{address}/build")
    search = page.get_by_label("Search attributes")
    search.wait_for()
    for typed, label in (
        ("beak", "Bill shape: needle"),
        ("wings green", "Wing color: only green"),
        ("scarlet crown", "Crown color: only red"),
    ):
        search.fill(typed)
        page.get_by_label(label).first.wait_for(state="attached")
        rows = page.locator(".value:visible")
        assert 0 < rows.count() < 40
    search.fill("wngs grean")
    page.get_by_text("Read as: wng → wing, grean → green").wait_for()
    assert problems == []
    page.context.close()


def test_neurons_that_fire_on_a_dropped_picture(address, browser, tmp_path):
    page, problems = open_page(browser, f"{address}/dictionary", width=390, height=844)
    page.get_by_text("All", exact=True).click()
    file = tmp_path / "mine.jpg"
    small_dataset().picture(3).save(file, quality=95)
    page.get_by_role("button", name="By a picture").click()
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("heading", name="What fires on mine.jpg").wait_for()
    cards = page.locator("[class*=st-key-card-neuron-fired] .cyn-lens")
    cards.first.wait_for(state="attached")
    study = small_study()
    fired = strongest(study, study.classifier().encode(open_image(file)).pooled, list(range(len(study.neurons))))
    assert cards.count() == min(len(fired), 16)
    expect(page.locator("[class*=st-key-card-neuron-fired]").first).to_have_class(
        re.compile(f"st-key-card-neuron-fired-{fired[0][0]}( |$)")
    )
    assert fits(page)
    page.get_by_role("button", name="All neurons").click()
    expect(cards).to_have_count(0)
    assert problems == []
    page.context.close()
