"""In Chromium: from sixty dropped pictures of five classes to a study that answers, with a cancellation on the way; F5 loses nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from niwt_core import load_study
from tests.support.browser import open_page, served
from tests.support.shapes import SHAPES, shape, shape_files
from tests.support.small_study import small_study

pytestmark = pytest.mark.browser
ROW, COLUMNS = 35, ["Class", "Pictures", "Held back", "red", "blue", "green", "round", "corners"]  # pixels; of the grid


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("new") / "studies"


@pytest.fixture(scope="module")
def address(place: Path) -> Iterator[str]:
    folder = small_study().folder
    assert folder is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIWT_NEW_STUDIES", str(place))
        with served(folder) as served_at:
            yield served_at


def idle(page: Page) -> None:
    """Until the server has nothing to do for this page."""
    page.wait_for_timeout(150)  # for what was pressed last to reach it
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def tick(page: Page, class_: str, column: str) -> None:
    """Toggles a cell of the grid by the keyboard, step by step: the table for screen readers says where one is."""
    idle(page)  # the grid is drawn anew after each change, and keys pressed meanwhile would be lost
    grid, row = page.locator(".st-key-words-table"), sorted(SHAPES).index(class_)
    canvas = grid.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 8, box["y"] + ROW * (row + 1) + ROW / 2)
    cells = [grid.get_by_test_id(f"glide-cell-{place}-{row}") for place in range(COLUMNS.index(column) + 1)]
    for cell in cells:
        if cell is not cells[0]:
            page.keyboard.press("ArrowRight", delay=20)
        expect(cell).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter", delay=20)
    idle(page)


def check(page: Page, words: str) -> None:
    page.locator(".cyn-checks", has_text=words).wait_for()


def test_from_sixty_dropped_pictures_to_a_working_study(address, browser, place, tmp_path):
    page, problems = open_page(browser, f"{address}/studies")
    page.get_by_role("button", name="Prepare the study").wait_for()
    expect(page.get_by_role("button", name="Prepare the study")).to_be_disabled()
    page.locator("input[type=file]").first.set_input_files(shape_files(tmp_path))
    expect(page.locator(".cyn-gathered")).to_have_count(5)
    check(page, "60 pictures of 5 classes")
    check(page, "no attribute yet")
    box = page.get_by_role("textbox", name="Attributes, with commas")
    box.fill("red, blue, green, round, corners")
    box.press("Enter")
    check(page, "5 attributes, and every class has some")  # the colours are in the names
    for class_, (_, form) in sorted(SHAPES.items()):
        tick(page, class_, form)
    tick(page, "blue square", "Held back")
    expect(page.locator(".cyn-checks", has_text="no class is held back")).to_have_count(0)

    page.reload()  # a session of its own finds everything
    expect(page.locator(".cyn-gathered")).to_have_count(5)
    expect(box).to_have_value("red, blue, green, round, corners")
    kept = json.loads((place / ".new" / "set.json").read_text())
    assert kept["held_back"] == ["blue square"]
    for class_, terms in SHAPES.items():
        assert {word for word, value in kept["values"][class_].items() if value} == set(terms)

    page.get_by_text("Network and training").click()
    backbone = page.get_by_role("combobox", name="Backbone")
    backbone.fill(f"study:{small_study().folder}")
    backbone.press("Enter")
    page.locator("code", has_text=str(small_study().folder)).first.wait_for()
    name = page.get_by_role("textbox", name="Name of the study")
    name.fill("my shapes")
    page.locator("code", has_text="my-shapes").first.wait_for()
    expect(page.get_by_role("button", name="Prepare the study")).to_be_enabled()
    page.get_by_role("button", name="Prepare the study").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("was interrupted").wait_for()
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Cancel").wait_for()
    page.reload()  # the job does not mind
    page.get_by_text("my-shapes is ready").wait_for(timeout=180_000)
    study = load_study(place / "my-shapes")
    assert list(study.unseen_classes) == ["blue square"]
    assert len(study.labels) == 60

    page.locator("[class*=st-key-Open-] button").click()
    page.get_by_text("Opened My-shapes", exact=False).or_(page.get_by_text("Open now")).first.wait_for()
    page.get_by_role("link", name="Classify").first.click()
    page.locator(".cls-verdict").wait_for()
    file = tmp_path / "another.jpg"
    file.write_bytes(shape("red circle", 99))
    page.get_by_text("Upload", exact=True).first.click()
    page.locator("input[type=file]").first.set_input_files(file)
    expect(page.locator(".cls-verdict")).to_contain_text("another.jpg")
    assert problems == []
    page.context.close()


def test_pictures_without_a_class_are_typed_and_a_folder_may_be_dropped(address, browser, place, tmp_path):
    page, problems = open_page(browser, f"{address}/studies", width=390, height=844)
    for name in ("kite", "drum"):
        (tmp_path / "things" / name).mkdir(parents=True)
        (tmp_path / "things" / name / "IMG_1.jpg").write_bytes(shape("red circle", len(name)))
    page.get_by_text("A folder", exact=True).click()
    page.locator("input[webkitdirectory]").set_input_files(tmp_path / "things")
    expect(page.locator(".cyn-gathered")).to_have_count(2)
    page.get_by_text("Files", exact=True).click()
    (tmp_path / "IMG_7.jpg").write_bytes(shape("red circle", 7))
    page.locator("input[type=file]:not([webkitdirectory])").first.set_input_files(tmp_path / "IMG_7.jpg")
    check(page, "1 picture has no class yet")
    page.get_by_role("textbox", name="Class of these pictures").fill("bell")
    page.get_by_role("textbox", name="Class of these pictures").press("Enter")
    (tmp_path / "IMG_8.jpg").write_bytes(shape("red circle", 8))
    page.locator("input[type=file]").first.set_input_files(tmp_path / "IMG_8.jpg")
    page.locator(".cyn-gathered", has_text="bell").wait_for()
    assert page.evaluate("() => document.scrollingElement.scrollWidth") <= 390
    page.get_by_role("button", name="Begin anew").click()
    expect(page.locator(".cyn-gathered")).to_have_count(0)
    assert not (place / ".new").exists()
    assert problems == []
    page.context.close()
