"""In Chromium: thirty dropped pictures as a table that sorts, with thumbnails, a row that opens, and a download of the same."""

import base64
import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FloatRect, Page

from pages.components.shared.batches import MOST
from tests.support.browser import open_page
from tests.support.small_study import small_dataset

pytestmark = pytest.mark.browser
COUNT = 30


def at_rest(page: Page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def column(page: Page, number: int) -> list[str]:
    """What a column shows to a screen reader, from the top."""
    return page.locator("[data-testid=stDataFrame] [role=grid] tbody tr").evaluate_all(
        "(rows, number) => rows.map(row => row.querySelectorAll('[role=gridcell]')[number]?.textContent ?? '')", number
    )


def test_thirty_pictures_as_a_table(address, browser, tmp_path):
    files = [tmp_path / f"bird {number:02}.jpg" for number in range(COUNT)]
    for number, file in enumerate(files):
        small_dataset().picture(number).save(file, quality=95)
    page, problems = open_page(browser, f"{address}/classify")
    page.locator(".cls-sentence").wait_for()
    page.get_by_text("Upload", exact=True).click()
    at_rest(page)
    page.locator("input[type=file]").set_input_files(files)
    grid = page.locator("[data-testid=stDataFrame] [role=grid]").first
    grid.wait_for(state="attached")
    at_rest(page)
    assert grid.locator("[role=columnheader]").all_inner_texts()[1:] == [
        "picture",
        "class",
        "%",
        "familiar",
        "evidence",
    ]
    assert int(grid.get_attribute("aria-rowcount")) == COUNT + 2  # the sample that the page began with, and the heads

    with page.expect_download() as waiting:
        page.get_by_role("button", name="Results (CSV)").click()
    rows = {row["picture"]: row for row in csv.DictReader(io.StringIO(Path(waiting.value.path()).read_text("utf-8")))}
    assert {file.name for file in files} < set(rows)
    for name, class_, percent, thumb in zip(*(column(page, number) for number in (1, 2, 3, 0)), strict=True):
        assert class_.endswith(rows[name]["class"])
        assert float(percent) == pytest.approx(100 * float(rows[name]["probability"]), abs=1e-3)
        assert Image.open(io.BytesIO(base64.b64decode(thumb.partition(",")[2]))).size == (64, 64)  # what was dropped

    ranked = sorted(100 * float(row["probability"]) for row in rows.values())
    wanted = (ranked, ranked[::-1])
    box = page.locator("[data-testid=stDataFrame]").bounding_box()
    orders = [wanted_by(page, wanted) for _ in sorted_by_heads(page, box)]
    assert any(orders)  # a press on the head of the percentages sorts by them

    page.keyboard.press("Escape")  # the menu of a head that was pressed on its dots
    name = column(page, 1)[0]
    page.mouse.click(box["x"] + 15, box["y"] + 35 + 17)  # the box that selects the first row
    page.get_by_role("heading", name=name).wait_for()
    assert problems == []
    page.context.close()


def wanted_by(page: Page, wanted: tuple[list[float], ...]) -> bool:
    """The rows that are shown are the first of one of these orders."""
    shown = [float(text) for text in column(page, 3)]
    return any(shown == pytest.approx(order[: len(shown)], abs=1e-3) for order in wanted)


def sorted_by_heads(page: Page, box: FloatRect) -> Iterator[None]:
    """Presses one place of the table's head after the other: where a column begins only the canvas knows."""
    for x in range(40, round(box["width"]), 90):
        page.mouse.click(box["x"] + x, box["y"] + 17)
        page.wait_for_timeout(250)
        yield


def test_more_files_than_go_at_once(address, browser, tmp_path):
    """They are handed to the uploader some at a time; what could not be read of the first ones is still said at the end."""
    count = MOST + 5
    files = [tmp_path / f"tiny {number:03}.png" for number in range(count)]
    for number, file in enumerate(files):
        Image.new("RGB", (16, 16), (number % 256, number // 2, 90)).save(file)
    files[1].write_text("no picture")
    page, problems = open_page(browser, f"{address}/classify")
    page.locator(".cls-sentence").wait_for()
    page.get_by_text("Upload", exact=True).click()
    at_rest(page)
    page.locator("input[type=file]").set_input_files(files)
    grid = "document.querySelector('[data-testid=stDataFrame] [role=grid]')"
    page.wait_for_function(
        f"() => {grid}?.ariaRowCount == {count + 1}"
    )  # the sample and the heads, without the one that is no picture
    page.get_by_text("not an image").wait_for()
    page.get_by_role("code").filter(has_text="tiny 001.png").wait_for()
    at_rest(page)
    assert problems == []
    page.context.close()
