"""In Chromium: nothing is lost by F5 pressed again and again at any moment, by leaving a page too early, or by a server that is started anew."""

import json
import random
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from niwt_core import Recipe
from pages.components.build.link import work_to_text
from pages.components.shared.work import Work
from tests.support.browser import free_port, open_page, served
from tests.support.small_study import small_dataset, small_study

pytestmark = pytest.mark.browser
NAMES = ["Ruby Needlebill", "Jade Hookbill"]
WORK = Work(
    small_study().id,
    ((Recipe(NAMES[0], {"crown color": "red"}), None), (Recipe(NAMES[1], {"wing color": "green"}), None)),
)
KEPT = """async () => await new Promise((done) => {
  const open = indexedDB.open("niwt", 1);
  open.onupgradeneeded = () => open.result.createObjectStore("pictures", { keyPath: ["study", "key"] });
  open.onsuccess = () => { const all = open.result.transaction("pictures").objectStore("pictures").getAll();
    all.onsuccess = () => { open.result.close(); done(all.result.filter((one) => one.data).length); }; };
})"""
PAGES = ("build", "classify", "measure", "build", "dictionary")
RELOADS = 20
SLOW = 60_000  # milliseconds, on a busy machine


@pytest.fixture
def photographs(tmp_path: Path) -> list[Path]:
    """Two files as a person has them."""
    files = [tmp_path / f"mine {number}.jpg" for number in range(2)]
    for number, file in enumerate(files):
        small_dataset().picture(9 * number).resize((300, 240)).save(file, quality=95)
    return files


def stored(page: Page) -> tuple[list[str], str, int]:
    """(names of the built classes, the description, number of pictures) that the browser keeps."""
    text, draft = page.evaluate(
        "(id) => [localStorage.getItem(`niwt:${id}`) ?? '', localStorage.getItem(`niwt:draft:${id}`) ?? '']",
        small_study().id,
    )
    return (
        [entry["recipe"]["name"] for entry in json.loads(text)["classes"]] if text else [],
        draft,
        page.evaluate(KEPT),
    )


def begun(page: Page, photographs: list[Path]) -> None:
    """Two classes, two pictures and a description that is under way."""
    page.locator(".cynb-name", has_text=NAMES[1]).wait_for()
    page.locator(".st-key-my-pictures input[type=file]").set_input_files(photographs)
    page.locator(".mine-list li").nth(1).wait_for()
    page.get_by_label("Crown color: only red").check()
    page.get_by_text("Confirmed by the engine").wait_for(state="attached")
    page.wait_for_function(f"async () => await ({KEPT})() === 2")
    page.wait_for_function(f"() => (localStorage.getItem('niwt:draft:{small_study().id}') ?? '').includes('red')")


def all_there(page: Page) -> None:
    """The Build page shows all of it again, and the browser keeps it."""
    for name in NAMES:
        expect(page.locator(".cynb-name", has_text=name)).to_have_count(1, timeout=SLOW)
    expect(page.locator(".mine-list li")).to_have_count(2, timeout=SLOW)
    expect(page.get_by_label("Crown color: only red")).to_be_checked(timeout=SLOW)
    names, draft, pictures = stored(page)
    assert sorted(names) == sorted(NAMES)
    assert "red" in draft
    assert pictures == 2


def test_reloads_at_any_moment_lose_nothing(address, browser, photographs):
    page, problems = open_page(browser, f"{address}/?class={work_to_text(WORK)}")
    begun(page, photographs)
    drawn = random.Random(0)
    for turn in range(RELOADS):
        page.goto(f"{address}/{PAGES[turn % len(PAGES)]}", wait_until="commit")  # another session, without the link
        page.wait_for_timeout(drawn.uniform(0, 2500))
        if turn % 4 == 3:  # left for another page before all is back
            page.evaluate("() => [...document.querySelectorAll('a[href*=\"measure\"]')].at(0)?.click()")
            page.wait_for_timeout(drawn.uniform(0, 400))
        assert sorted(stored(page)[0]) == sorted(NAMES), f"reload {turn}"
    page.goto(f"{address}/build")
    all_there(page)
    second = page.context.new_page()
    second.goto(f"{address}/build")
    all_there(second)
    assert problems == []
    page.context.close()


def test_a_server_that_is_started_anew_is_told_all_by_the_tab_that_stayed_open(browser, photographs):
    folder, port = small_study().folder, free_port()
    assert folder is not None
    with served(folder, port=port) as address:
        page, _ = open_page(browser, f"{address}/build")
        page.goto(f"{address}/?class={work_to_text(WORK)}")
        begun(page, photographs)
        page.get_by_role("link", name="Build a class").first.click()
    with served(folder, port=port):
        page.locator("[data-testid=stApp][data-test-connection-state=CONNECTED]").wait_for(timeout=SLOW)
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=SLOW)
        all_there(page)
        assert sorted(stored(page)[0]) == sorted(NAMES)
        page.get_by_role("link", name="Measure").first.click()  # by now the new server has drawn what is shown
        expect(page.locator(".cyn-head h1")).to_have_text("Measure", timeout=SLOW)
        page.get_by_role("link", name="Build a class").first.click()
        all_there(page)
        page.locator("[class*=st-key-remove-ruby] button").click()  # and it goes on as before
        expect(page.locator(".cynb-name", has_text=NAMES[0])).to_have_count(0, timeout=SLOW)
        page.wait_for_function(f"() => !localStorage.getItem('niwt:{small_study().id}').includes('Ruby')")
    page.context.close()
