"""Describing a class in words on the Build page: the sliders follow, what was understood is said, the recipe has the attributes."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from niwt_core import Recipe, build_class, load_study
from niwt_core.knowledge.captions import caption_knowledge
from niwt_core.prepare.prepare import Settings, prepare
from pages.components.build.link import to_text
from tests.app.test_build_page import classifier_of
from tests.support.browser import chromium, open_page, served
from tests.support.opened import page_text
from tests.support.quick import QUICK
from tests.support.small_study import small_dataset, small_study, tiny_network

WORDS = "A bird with a red crown and a hooked beak, like a pirate. It has no crest."


def draft_of(at):
    (draft,) = at.session_state["drafts"].values()
    return draft


def test_words_set_the_sliders_and_build_the_same_class(page):
    at = page("build")
    at.text_input(key="name-0").input("Pirate").run()
    at.text_area(key="words-0").input(WORDS).run()
    at.button(key="hear").click().run()
    assert not at.exception
    assert not at.error
    assert "crown color: red; bill shape: hooked; crest: none" in page_text(at)
    assert "Not understood: pirate" in page_text(at)
    at.button(key="transfer").click().run()
    built = classifier_of(at).built["Pirate"]
    wanted = {"crown color": "red", "bill shape": "hooked", "crest": "none"}
    study = load_study(small_study().folder)
    assert built.weights.equal(build_class(study, Recipe("Pirate", wanted)).weights)
    assert not built.recipe.caption  # the recipe, and so the link, has the attributes
    assert to_text(built.recipe)


def test_words_change_only_what_they_speak_of(page):
    at = page("build")
    study = small_study()
    k = study.knowledge.column("tail color: red")
    draft_of(at).changes = {k: 1.0}
    epoch = draft_of(at).epoch
    at.text_area(key="words-0").input("red crown").run()
    at.button(key="hear").click().run()
    changes = draft_of(at).changes
    assert changes[k] == 1.0
    assert changes[study.knowledge.column("crown color: red")] == study.knowledge.scale
    assert draft_of(at).epoch == epoch + 1  # the editor takes them over
    at.button(key="start-over").click().run()
    assert "Understood" not in page_text(at)


@pytest.mark.parametrize(
    ("words", "what"), [("zzz qqq", "no word that this study knows"), ("   ", "description is empty")]
)
def test_words_that_say_nothing_leave_the_sliders(page, words, what):
    at = page("build")
    at.text_area(key="words-0").input(words).run()
    at.button(key="hear").click().run()
    assert not at.exception
    assert what in at.error[0].value.casefold()
    assert not draft_of(at).changes
    at.run()
    assert not at.error


def test_an_error_does_not_fold_the_panel_that_says_it(page):
    """Words that are understood open it; words that are not, said next, leave it open, as long as the sheet is the same."""
    at = page("build")
    panel = lambda: next(item for item in at.expander if item.label == "Describe it in words")  # noqa: E731
    assert not panel().proto.expanded
    for words in ("a red crown", "zzz qqq", "red bird"):
        at.text_area(key="words-0").input(words).run()
        at.button(key="hear").click().run()
        assert panel().proto.expanded, words
    assert at.error
    assert any(item.value == at.error[0].value for item in panel().error)


def test_a_recipe_with_a_caption_becomes_attributes_to_correct(page):
    at = page("build", **{"class": to_text(Recipe("Pirate", caption="red crown, hooked bill"))})
    assert not at.error
    study = small_study()
    assert draft_of(at).changes[study.knowledge.column("crown color: red")] == study.knowledge.scale
    assert not draft_of(at).caption
    assert not at.text_area(key="words-1").value


@pytest.fixture(scope="module", params=["captions", "both"])
def written(request, tmp_path_factory):
    """A study that reads captions, alone or beside attributes."""
    dataset = small_dataset()
    captions = {
        name: (", ".join(name for name, on in zip(dataset.knowledge.labels, row, strict=True) if on),)
        for name, row in zip(dataset.classes, dataset.knowledge.values, strict=True)
    }
    table, memory = caption_knowledge(captions, dataset.classes, "tfidf")
    described = replace(dataset, texts=table) if request.param == "both" else replace(dataset, knowledge=table)
    with pytest.MonkeyPatch.context() as quick:
        quick.setattr("niwt_core.prepare.settings.REPEATS", 1)
        quick.setattr("niwt_core.prepare.settings.GRID", QUICK)
        network, preprocess = tiny_network()
        folder = tmp_path_factory.mktemp("written") / "study"
        settings = Settings(probe_count=12)
        return prepare(described, network, preprocess, folder, settings=settings, provenance={"captions": memory})


def test_a_caption_is_written_and_read(written, page, monkeypatch):
    monkeypatch.setenv("NIWT_STUDY", str(written.folder))
    at = page("build")
    at.text_input(key="name-0").input("Pirate").run()
    key = "words-0" if written.knowledge.kind == "attributes" else "caption-0"
    at.text_area(key=key).input("crown color red, bill shape hooked").run()
    at.button(key="transfer").click().run()
    assert not at.exception
    assert not at.error
    built = classifier_of(at).built["Pirate"]
    assert built.recipe.caption == "crown color red, bill shape hooked"
    again = build_class(load_study(written.folder), Recipe("Pirate", caption=built.recipe.caption))
    assert built.weights.equal(again.weights)
    opened = page("build", **{"class": to_text(built.recipe)})  # the link alone brings it back
    assert classifier_of(opened).built["Pirate"].weights.equal(built.weights)
    assert opened.text_area(key=key.replace("0", "1")).value == built.recipe.caption


def test_a_caption_of_unknown_words_is_an_error_in_words(written, page, monkeypatch):
    monkeypatch.setenv("NIWT_STUDY", str(written.folder))
    at = page("build")
    at.text_input(key="name-0").input("Pirate").run()
    key = "words-0" if written.knowledge.kind == "attributes" else "caption-0"
    at.text_area(key=key).input("zzz qqq").run()
    at.button(key="transfer").click().run()
    assert not at.exception
    assert any("no word that this study knows" in error.value for error in at.error)
    assert not classifier_of(at).built


@pytest.mark.browser
@pytest.mark.parametrize("written", ["both"], indirect=True)
def test_the_board_follows_words(written):
    """In Chromium: the sliders are where the words put them, and the editor has the caption's tables."""
    with chromium() as browser, served(written.folder) as address:
        page, problems = open_page(browser, f"{address}/build")
        page.get_by_label("Name of your class").fill("Pirate")
        page.keyboard.press("Enter")
        page.get_by_text("Describe it in words").click()
        page.get_by_role("textbox", name="What it looks like").fill("crown color red, bill shape hooked")
        page.get_by_role("button", name="Set the sliders").click()
        page.get_by_text("Understood: crown color: red; bill shape: hooked.").wait_for()
        expect(page.get_by_label("Crown color: only red")).to_be_checked(timeout=20_000)
        expect(page.get_by_label("Bill shape: only hooked")).to_be_checked(timeout=20_000)
        page.get_by_role("button", name="Transfer weights").click()
        page.get_by_role("button", name="Remove").wait_for()
        assert problems == []
