"""In Chromium: F5, a second tab and a lost session lose nothing; what another tab builds comes along."""

import json

import pytest
from playwright.sync_api import Page, expect

from niwt_core import Recipe
from pages.components.build.link import to_text, work_to_text
from pages.components.shared.work import Work
from tests.support.browser import open_page
from tests.support.small_study import small_study

pytestmark = pytest.mark.browser
RUBY, JADE = Recipe("Ruby Needlebill", {"crown color": "red"}), Recipe("Jade Hookbill", {"wing color": "green"})


def at_rest(page: Page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def shown(page: Page, name: str) -> None:
    page.locator(".cynb-name", has_text=name).wait_for()


def kept(page: Page) -> list[str]:
    """Names of the classes that the browser keeps."""
    text = page.evaluate(f"() => localStorage.getItem('niwt:{small_study().id}')")
    return [entry["recipe"]["name"] for entry in json.loads(text)["classes"]] if text else []


def test_reload_and_second_tab_lose_nothing(address, browser):
    page, problems = open_page(browser, f"{address}/?class={to_text(RUBY)}")
    shown(page, "Ruby Needlebill")
    page.get_by_label("Bill shape: only needle").check()
    page.get_by_text("Confirmed by the engine").wait_for(state="attached")
    at_rest(page)
    page.wait_for_function(f"() => (localStorage.getItem('niwt:draft:{small_study().id}') ?? '').includes('needle')")
    page.goto(f"{address}/build")  # another session, without the link
    shown(page, "Ruby Needlebill")
    expect(page.get_by_label("Bill shape: only needle")).to_be_checked(timeout=20_000)
    at_rest(page)
    expect(page.get_by_label("Name of your class")).to_have_value("Ruby Needlebill", timeout=20_000)

    other = page.context.new_page()
    other.goto(f"{address}/?class={to_text(JADE)}")
    shown(other, "Jade Hookbill")
    shown(other, "Ruby Needlebill")
    shown(page, "Jade Hookbill")  # the first tab hears of it
    other.locator("[class*=st-key-remove-ruby] button").click()
    expect(other.locator(".cynb-name", has_text="Ruby")).to_have_count(0)
    expect(page.locator(".cynb-name", has_text="Ruby")).to_have_count(0)
    page.reload()
    shown(page, "Jade Hookbill")
    expect(page.locator(".cynb-name", has_text="Ruby")).to_have_count(0)
    assert kept(page) == ["Jade Hookbill"]
    page.locator("[class*=st-key-remove-jade] button").click()  # the last one, removed after F5, is gone too
    expect(page.locator(".cynb-name")).to_have_count(0)
    page.wait_for_function(f"() => localStorage.getItem('niwt:{small_study().id}') === null")
    page.reload()
    page.get_by_role("heading", name="Build a class", level=1).wait_for()
    at_rest(page)
    expect(page.locator(".cynb-name")).to_have_count(0)
    assert problems == []
    page.context.close()


def test_a_damaged_store_and_a_class_that_cannot_be_are_said(address, browser):
    page, _ = open_page(browser, address)
    page.get_by_role("link", name="Build a class").first.wait_for(state="attached")
    page.evaluate(f"() => localStorage.setItem('niwt:{small_study().id}', '{{\"format\":1')")
    page.goto(f"{address}/build")
    page.get_by_text("Not saved classes").wait_for()
    work = Work(small_study().id, ((RUBY, None), (Recipe("Hatted", {"hat": "red"}), None)))
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [f"niwt:{small_study().id}", work.to_text()])
    page.goto(f"{address}/build")
    shown(page, "Ruby Needlebill")
    page.get_by_text("No attribute").first.wait_for()
    page.context.close()


def test_one_link_and_one_file_hold_all_classes(address, browser, tmp_path):
    work = Work(small_study().id, ((RUBY, None), (JADE, None)))
    page, _ = open_page(browser, f"{address}/?class={work_to_text(work)}")
    shown(page, "Ruby Needlebill")
    shown(page, "Jade Hookbill")
    at_rest(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save all").click()
    saved = tmp_path / "classes.json"
    waiting.value.save_as(saved)
    page.context.close()
    page, _ = open_page(browser, f"{address}/build")
    page.get_by_text("Open a recipe or saved classes").click()
    page.locator("input[type=file]").last.set_input_files(saved)
    shown(page, "Ruby Needlebill")
    shown(page, "Jade Hookbill")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".cynb-name")).to_have_count(0)
    page.context.close()
