"""In Chromium: give a picture, read why, take the report away; on a large screen and on a telephone."""

import io
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Download, Page, expect

from tests.support.browser import open_page
from tests.support.small_study import small_dataset

pytestmark = pytest.mark.browser


def downloaded(page: Page, name: str) -> Download:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name).click()
    return waiting.value


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)], ids=["desktop", "telephone"])
def test_from_upload_to_report(address, browser, size, tmp_path):
    page, text = open_page(browser, f"{address}/classify", width=size[0], height=size[1])
    page.locator(".cls-sentence").wait_for()
    page.get_by_text("Upload", exact=True).click()
    small_dataset().picture(1).resize((4000, 3000)).save(tmp_path / "my bird.jpg", quality=90)
    (tmp_path / "broken.jpg").write_text("no picture at all")
    page.locator("input[type=file]").set_input_files([tmp_path / "my bird.jpg", tmp_path / "broken.jpg"])
    page.get_by_role("heading", name="my bird.jpg").wait_for()
    page.get_by_text("not an image").wait_for()
    page.get_by_role("code").filter(has_text="broken.jpg").wait_for()

    page.get_by_role("button", name="Explain place 2").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Could it be").wait_for()
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_text("1.5×").wait_for()
    expect(page.locator(".heat")).to_have_js_property("naturalWidth", 320)

    assert page.locator(".js-plotly-plot").count() == 0  # a chart is drawn for those who ask for it
    page.get_by_text("How they add up", exact=True).click()
    page.locator(".js-plotly-plot .waterfalllayer .point").first.wait_for(state="attached")
    report = tmp_path / "report.html"
    downloaded(page, "Report (one HTML file)").save_as(report)
    archive = zipfile.ZipFile(io.BytesIO(Path(downloaded(page, "Figures and tables (ZIP)").path()).read_bytes()))
    assert {"report.html", "ranking.csv", "map-grad-cam.png"} <= set(archive.namelist())
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth <= innerWidth")
    assert page.locator("[data-testid=stException]").count() == 0
    assert text == []
    page.context.close()


def check_report(page: Page, report: Path) -> None:
    """It shows all its pictures, fits, and asks the network for nothing."""
    sheet = page.context.new_page()
    asked: list[str] = []
    sheet.on("request", lambda request: asked.append(request.url))
    sheet.goto(report.as_uri())
    assert "Could it be" in sheet.title()
    assert sheet.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert sheet.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [url for url in asked if url.startswith("http")] == []
    for scheme, dark in (("light", False), ("dark", True)):
        sheet.emulate_media(color_scheme=scheme)
        paper = sheet.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0]")
        assert (paper < 60) == dark
