"""In Chromium: one visitor of a public server puts a class on the wall, another sees it, opens a copy, and cannot take it down."""

import json

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from niwt_core import Recipe
from pages.components.build.link import to_text
from pages.serving import policy, wall
from tests.support.browser import open_page, served
from tests.support.small_study import small_study

pytestmark = pytest.mark.browser
NAME = "Ruby <b>Needlebill</b>"


def at_rest(page: Page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


@pytest.mark.parametrize("width", [390])
def test_from_one_visitor_to_another(browser, tmp_path, width):
    folder = small_study().folder
    environment = {policy.PUBLIC: "1", policy.STUDIES: json.dumps([str(folder)]), wall.WALL: str(tmp_path / "wall")}
    Image.new("RGB", (300, 300), "teal").save(tmp_path / "my secret garden.jpg")
    recipe = Recipe(NAME, {"crown color": "red", "bill shape": "needle"})
    with served(folder, environment) as address:
        page, problems = open_page(browser, f"{address}/?class={to_text(recipe)}", width=width)
        page.locator("input[type=file]").first.set_input_files(tmp_path / "my secret garden.jpg")
        page.locator(".mine-list li").first.wait_for(state="attached")
        at_rest(page)
        page.get_by_role("button", name="Put on the wall").click()
        put = page.get_by_role("button", name="Put it up")
        expect(put).to_be_disabled()
        page.get_by_role("textbox", name="From (a nickname, or nothing)").fill("Ada")
        page.keyboard.press("Enter")
        page.get_by_test_id("stPopoverBody").get_by_role("combobox").click()
        page.get_by_role("option", name="my secret garden.jpg").click()
        page.locator(".cyn-wall-preview img").wait_for()
        page.get_by_text("I agree that everybody here sees this").click()
        put.click()
        page.get_by_text("is on the wall.").first.wait_for()
        at_rest(page)
        (file,) = (tmp_path / "wall").iterdir()
        assert "secret" not in file.read_text()  # a picture goes without its name

        other, more_problems = open_page(browser, f"{address}/wall", width=width)
        card = other.locator("[class*=st-key-wall-entry-]").filter(has_text="from Ada")
        expect(card.locator("h3")).to_have_text(f"★ {NAME}")
        expect(card.locator("img")).to_have_count(1)
        expect(other.get_by_role("button", name="Take down")).to_have_count(0)
        card.get_by_role("button", name="Open a copy").click()
        other.get_by_text("is one of your classes now").wait_for()
        at_rest(other)
        assert str(tmp_path) not in other.content()
        other.goto(f"{address}/build")
        other.locator(".cynb-name", has_text="Needlebill").wait_for()

        page.locator(".st-key-phone-menu").get_by_role("link", name="Wall").click()
        page.get_by_role("button", name="Take down").click()
        page.get_by_text("Nothing hangs here yet").wait_for()
        assert list((tmp_path / "wall").iterdir()) == []
        assert problems == more_problems == []
        page.context.close()
        other.context.close()
