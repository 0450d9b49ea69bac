"""In Chromium: where several people share an app, what one of them drops for a study is that one's alone, also after F5."""

from pathlib import Path

import pytest
import streamlit as st
from PIL import Image
from playwright.sync_api import expect

from pages.components.shared.batches import MOST
from pages.components.studies import gather
from pages.serving import policy
from tests.support.browser import open_page, served
from tests.support.shapes import shape_files
from tests.support.small_study import small_study

pytestmark = pytest.mark.browser


def test_what_is_dropped_belongs_to_who_dropped_it(browser, tmp_path):
    place = tmp_path / "studies"
    environment = {policy.SHARED_HOST: "classroom.example", "NIWT_NEW_STUDIES": str(place)}
    with served(small_study().folder, environment) as address:
        page, problems = open_page(browser, f"{address}/studies")
        page.get_by_role("button", name="Prepare the study").wait_for()
        page.locator("input[type=file]").first.set_input_files(shape_files(tmp_path)[:10])
        mine = page.locator(".cyn-gathered")
        mine.first.wait_for()
        count = mine.count()
        another, _ = open_page(browser, f"{address}/studies")
        another.get_by_role("button", name="Prepare the study").wait_for()
        another.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        expect(another.locator(".cyn-gathered")).to_have_count(0)
        page.reload()
        expect(page.locator(".cyn-gathered")).to_have_count(count, timeout=30_000)
        assert len([folder for folder in place.iterdir() if folder.name.startswith(".new")]) == 1
        assert problems == []
        page.context.close()
        another.context.close()


def test_a_folder_of_more_files_than_go_at_once_keeps_its_classes(browser, tmp_path):
    """Also where the folder's own name is the same for all of a batch: classes are those of the folders inside it."""
    place, chosen, each = tmp_path / "studies", tmp_path / "birds", 150
    for number, class_ in enumerate(("finch", "robin", "wren")):
        (chosen / class_).mkdir(parents=True)
        for item in range(each):
            colour = (item, 80 * number, 7)
            Image.new("RGB", (8, 8), colour).save(chosen / class_ / f"{class_[0]}a_{item}.png")
    (chosen / "finch" / "fa_0.png").write_text("no picture")
    assert 3 * each > 2 * MOST
    with served(small_study().folder, {"NIWT_NEW_STUDIES": str(place)}) as address:
        page, problems = open_page(browser, f"{address}/studies")
        page.get_by_role("button", name="Prepare the study").wait_for()
        page.get_by_text("A folder", exact=True).click()
        page.locator("input[type=file][webkitdirectory]").set_input_files(chosen)
        shown = page.locator(".cyn-gathered")
        for class_, count in (("finch", each - 1), ("robin", each), ("wren", each)):
            expect(shown.filter(has_text=class_)).to_contain_text(str(count), timeout=120_000)
        expect(shown).to_have_count(3)
        page.get_by_text("not an image").first.wait_for()
        assert problems == []
        page.context.close()


@pytest.mark.parametrize("text", ["", "..", "../../x", "A" * 32, "0" * 31, "0" * 33, "0" * 32 + "\n"])
def test_only_a_token_names_a_set(text: str) -> None:
    assert gather.VISITOR.fullmatch(text) is None


def test_on_ones_own_machine_there_is_one_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NIWT_NEW_STUDIES", str(tmp_path))
    monkeypatch.delenv(policy.SHARED_HOST, raising=False)
    roots = []
    for shared in ("", "", "here", "here"):
        monkeypatch.setattr(st, "session_state", {})
        if shared:
            monkeypatch.setenv(policy.SHARED_HOST, shared)
        roots.append(gather.gathered_here().root)
    assert roots[0] == roots[1]
    assert len({*roots}) == 3
