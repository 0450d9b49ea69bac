"""In Chromium: the lesson from Start to its end, on both studies that ship; F5 keeps it; no step names a button that is out of sight.

What each step said, and where its button lay, is kept in tests/artefacts.
"""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.browser import ROOT, open_page, served

pytestmark = pytest.mark.browser
ARTEFACTS = Path(__file__).resolve().parents[1] / "artefacts"
WORDS = {
    "aviary": "A bird with a needle bill, a fan tail, an orange nape, a black crown, a blue breast and a blue back.",
    "photographs": "a round orange flower with many petals and green leaves, in a garden; a plant",
}
SLOW = 60_000  # milliseconds, on a busy machine
CASES = [("aviary", 1440, 900), ("photographs", 390, 844)]


def at_rest(page: Page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


@pytest.mark.parametrize(("study", "width", "height"), CASES)
def test_five_steps(browser, study, width, height):
    with served(ROOT / "assets" / study) as address:
        page, problems = open_page(browser, address, width=width, height=height)
        record: list[dict[str, object]] = []
        says, strip = page.locator(".coach-say"), page.locator(".st-key-coach")

        def reach(control: Locator) -> Locator:
            """A control that the step names: it lies in the window as the page stands, under nothing else."""
            control.wait_for()
            at_rest(page)
            box = control.bounding_box()
            assert box is not None
            record.append(
                {"says": says.inner_text(), "top": round(box["y"]), "bottom": round(box["y"] + box["height"])}
            )
            return control

        def done(step: int) -> str:
            expect(page.locator(".coach-title")).to_contain_text(f"Step {step} of 5", timeout=SLOW)
            strip.locator(".coach-done").wait_for()
            at_rest(page)
            return says.inner_text()

        def press(name: str) -> Locator:
            return strip.get_by_role("button", name=name)

        page.get_by_role("button", name="A lesson in five steps").click()
        page.get_by_role("heading", name="Classify and explain", level=1).wait_for()
        page.wait_for_function("() => document.querySelector('[data-testid=stMain]').scrollTop === 0")
        reach(page.locator("[class*=st-key-card-pick-sample]").first).get_by_role("button").click()
        first = done(1)
        assert "It says" in first
        reach(press("Next")).click()
        reach(press("Open neuron")).click()
        neuron = done(2)
        assert "Neuron" in neuron
        page.reload()
        assert done(2) == neuron  # F5 loses nothing
        reach(press("Next")).click()
        name = reach(page.get_by_label("Name of your class"))
        shown = page.locator(".coach-picture img").get_attribute("src")
        assert shown
        name.fill("What I see")
        name.press("Enter")
        assert "What I see" in done(3)
        reach(press("Next")).click()
        reach(page.get_by_text("Describe it in words", exact=True)).click()
        words = page.get_by_role("textbox", name="What it looks like")
        words.fill(WORDS[study])
        words.press("Control+Enter")
        reach(page.get_by_role("button", name="Set the sliders")).click()
        expect(says).to_contain_text("Press “Transfer weights”", timeout=SLOW)
        reach(page.get_by_role("button", name="Transfer weights")).click()
        assert "weights of its own" in done(4)
        reach(press("Next")).click()
        last = done(5)
        verdict = page.locator(".cls-verdict").inner_text()
        assert ("What I see" in verdict.split("then")[0]) == (
            "Not yet" not in last
        )  # the strip says what the page says
        page.reload()
        assert done(5) == last
        reach(press("Finish")).click()
        expect(strip).to_have_count(0, timeout=SLOW)
        at_rest(page)
        page.reload()
        page.get_by_role("heading", name="Classify and explain", level=1).wait_for()
        at_rest(page)
        expect(strip).to_have_count(0, timeout=SLOW)

        ARTEFACTS.mkdir(exist_ok=True)
        (ARTEFACTS / f"lesson-{study}-{width}.json").write_text(json.dumps(record, indent=1, ensure_ascii=False))
        screens = 1 if width > 1000 else 2
        assert [step for step in record if not 0 <= step["top"] <= step["bottom"] <= screens * height] == []
        assert problems == []
        page.context.close()
