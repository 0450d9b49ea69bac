"""In Chromium: photographs dropped on the Build page climb while a slider moves; the next step and the answer are always in sight."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from niwt_core import Recipe
from niwt_core.images import open_image
from tests.support.browser import open_page
from tests.support.small_study import small_dataset, small_study

pytestmark = pytest.mark.browser
SIZES = [(1440, 900), (390, 844)]


@pytest.fixture
def photographs(tmp_path: Path) -> list[Path]:
    """Three files as a person has them."""
    files = [tmp_path / f"mine {number}.jpg" for number in range(3)]
    for number, file in enumerate(files):
        small_dataset().picture(9 * number).resize((300, 240)).save(file, quality=95)
    return files


def in_sight(page: Page, name: str) -> bool:
    """The button is inside the window, without scrolling."""
    box = page.get_by_role("button", name=name).first.bounding_box()
    size = page.viewport_size
    return box is not None and size is not None and box["y"] >= 0 and box["y"] + box["height"] <= size["height"]


def live(page: Page) -> dict[str, float]:
    """Each of the person's pictures with the probability that the editor shows for the class that is described."""
    rows = page.locator(".mine-list li").all()
    names = [row.locator(".own-picture").get_attribute("title") or "" for row in rows]
    return {name: float(row.locator(".number").inner_text()[:-1]) / 100 for name, row in zip(names, rows, strict=True)}


@pytest.mark.parametrize("size", SIZES, ids=["desktop", "telephone"])
def test_dropped_pictures_climb_during_the_drag_and_transfer_stays_in_sight(address, browser, size, photographs):
    page, problems = open_page(browser, f"{address}/build", width=size[0], height=size[1])
    page.locator(".editor").wait_for()
    assert in_sight(page, "Transfer weights")
    page.locator("input[type=file]").first.set_input_files(photographs)
    page.locator(".mine-list li").nth(2).wait_for()
    expect(page.locator(".stage .caption")).to_contain_text("mine")  # never an arbitrary bird
    before = live(page)

    slider = page.get_by_label("Bill shape: needle, amount")
    slider.evaluate('(node) => node.scrollIntoView({block: "center"})')
    assert in_sight(page, "Transfer weights")
    box = slider.bounding_box()
    assert box is not None
    sent = page.locator(".editor").evaluate("(node) => node.editor.revision")
    page.mouse.move(box["x"] + 12, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2, steps=12)
    page.wait_for_timeout(50)  # a frame, while the button is still held: nothing has been sent
    assert page.locator(".editor").evaluate("(node) => node.editor.revision") == sent
    during = live(page)
    assert during != before
    page.mouse.up()
    page.get_by_label("Crown color: only red").check()
    page.get_by_text("Confirmed by the engine").wait_for(state="attached")

    page.get_by_label("Name of your class").fill("Mine Needlebill")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => [...document.querySelectorAll('button')].some(b => b.innerText.includes('Transfer') && !b.disabled)"
    )
    shown = live(page)
    page.get_by_role("button", name="Transfer weights").click()
    page.get_by_role("button", name="Test it").first.wait_for()
    amount = float(page.get_by_label("Bill shape: needle, amount").input_value())
    study = small_study()
    classifier = study.classifier()
    classifier.add_recipe(Recipe("Mine Needlebill", {"crown color": "red", "bill shape: needle": amount}))
    for file in photographs:
        picture = classifier.encode(open_image(file))
        places = [candidate.name for candidate in classifier.candidates]
        share = classifier.probabilities(classifier.logits(picture.features))[places.index("Mine Needlebill")]
        assert shown[file.name] == pytest.approx(float(share), abs=0.006)  # shown in whole or tenths of a percent
    assert in_sight(page, "Test it")
    page.get_by_role("button", name="Test it").first.click()
    page.get_by_role("button", name="Explain").wait_for()
    assert in_sight(page, "Explain")
    page.get_by_role("button", name="Explain").click()
    verdict = page.locator(".cls-verdict")
    verdict.wait_for()
    page.wait_for_function("() => document.querySelector('[data-testid=stMain]').scrollTop === 0")
    box = verdict.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < size[1]  # the answer, above the fold
    assert page.locator(".cls-on").count() == 1  # the picture that it speaks of is marked
    expect(verdict).to_contain_text("mine 2.jpg")
    assert problems == []
    page.context.close()


def test_dropped_pictures_and_what_is_said_of_them_survive_a_reload(address, browser, photographs):
    page, problems = open_page(browser, f"{address}/build")
    page.locator(".editor").wait_for()
    page.locator("input[type=file]").first.set_input_files(photographs)
    page.locator(".mine-list li").nth(2).wait_for()
    page.get_by_label("Crown color: only red").check()
    page.get_by_text("Confirmed by the engine").wait_for(state="attached")
    before = live(page)
    page.wait_for_function(
        """async () => await new Promise((done) => {
          const open = indexedDB.open("niwt", 1);
          open.onsuccess = () => { const all = open.result.transaction("pictures").objectStore("pictures").getAll();
            all.onsuccess = () => { open.result.close(); done(all.result.filter((one) => one.data).length === 3); }; };
        })"""
    )
    page.goto(f"{address}/build")  # another session
    page.locator(".mine-list li").nth(2).wait_for()
    expect(page.get_by_label("Crown color: only red")).to_be_checked(timeout=20_000)
    assert live(page) == before  # what the network saw, to the last bit

    page.get_by_label("Name of your class").fill("Mine")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Transfer weights").click()
    page.get_by_role("button", name="Test it").first.click()
    tile = page.get_by_role("button", name="mine 1.jpg is one")
    tile.first.click()
    page.get_by_role("button", name="mine 1.jpg is none").first.wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    page.goto(f"{address}/build")
    page.get_by_role("button", name="Test it").first.click()
    page.get_by_role("button", name="mine 1.jpg is none").first.wait_for()
    page.get_by_role("button", name="mine 0.jpg is one").first.wait_for()
    assert problems == []
    page.context.close()
