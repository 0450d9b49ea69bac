"""In Chromium: where several people share an app, what one of them drops for a study is that one's alone, also after F5."""

from pathlib import Path

import pytest
import streamlit as st
from playwright.sync_api import expect

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
