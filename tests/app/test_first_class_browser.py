"""In Chromium: someone who has read nothing builds a class, tests it on own pictures and improves it. Where each step lies is recorded.

On a screen of 1440 x 900 no button asks for scrolling; on a telephone at most one screen of it.
"""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from niwt_core.data.aviary import draw, species
from tests.support.browser import ROOT, open_page, served

pytestmark = pytest.mark.browser
ARTEFACTS = Path(__file__).resolve().parents[1] / "artefacts"
SIZES = [(1440, 900), (390, 844)]


def at_rest(page: Page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


@pytest.fixture(scope="module")
def aviary():
    with served(ROOT / "assets" / "aviary") as url:
        yield url


@pytest.fixture
def photographs(tmp_path: Path) -> list[Path]:
    """Six pictures of one bird that no study has."""
    traits = {**species()[0].attributes, "crown color": "red", "bill shape": "needle", "wing color": "blue"}
    files = [tmp_path / f"mine {number}.jpg" for number in range(6)]
    for number, file in enumerate(files):
        draw(traits, seed=900 + number, size=320).image.save(file, quality=92)
    return files


@pytest.mark.parametrize("size", SIZES, ids=["desktop", "telephone"])
def test_built_tested_and_improved(aviary, browser, size, photographs):
    page, problems = open_page(browser, f"{aviary}/build", width=size[0], height=size[1])
    steps: list[dict[str, object]] = []

    def reach(name: str, control: Locator) -> Locator:
        """Records where a control lies in the window, from the page's present position."""
        control.wait_for()
        box = control.bounding_box()
        assert box is not None
        steps.append({"step": name, "top": round(box["y"]), "bottom": round(box["y"] + box["height"])})
        return control

    page.locator(".editor").wait_for()
    at_rest(page)
    reach("drop pictures", page.locator("[data-testid=stFileUploaderDropzone]").first)
    page.locator("input[type=file]").first.set_input_files(photographs)
    page.locator(".mine-list li").nth(5).wait_for(state="attached")
    at_rest(page)
    reach("describe in words", page.get_by_text("Describe it in words")).click()
    words = page.get_by_role("textbox", name="What it looks like")
    words.fill("A bird with a red crown, a needle bill and blue wings.")
    words.press("Control+Enter")
    at_rest(page)
    reach("set the sliders", page.get_by_role("button", name="Set the sliders")).click()
    expect(page.get_by_label("Crown color: only red")).to_be_checked(timeout=20_000)
    at_rest(page)
    name = reach("name it", page.get_by_label("Name of your class"))
    name.fill("Ruby Needlebill")
    name.press("Enter")
    transfer = page.get_by_role("button", name="Transfer weights")
    expect(transfer).to_be_enabled(timeout=20_000)
    at_rest(page)
    reach("transfer", transfer).click()
    reach("test it", page.get_by_role("button", name="Test it").first).click()
    tested = page.locator(".cynb-tested")
    reach("how many are right", tested)
    at_rest(page)
    reach("confirm and move", page.get_by_role("button", name="Confirm and move")).click()
    reach("before and after", page.locator(".cynb-before", has_text="By its words alone"))
    before, after = (int(part.split(" of ")[0]) for part in page.locator(".cynb-before b").all_inner_texts()[:2])
    assert after >= before  # judged by leaving each confirmed picture out
    reach("undo the move", page.get_by_role("button", name="Undo the move")).click()
    expect(page.get_by_role("button", name="Undo the move")).to_have_count(0)

    ARTEFACTS.mkdir(exist_ok=True)
    record = {"window": size, "right_before": before, "right_after": after, "steps": steps}
    (ARTEFACTS / f"first-class-{size[0]}.json").write_text(json.dumps(record, indent=1))
    screens = 1 if size[0] > 1000 else 2
    assert [step for step in steps if not 0 <= step["top"] <= step["bottom"] <= screens * size[1]] == []
    assert problems == []
    page.context.close()
