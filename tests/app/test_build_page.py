"""The Build page: describing, building, undoing, saving, sharing, and what it says when something is wrong."""

import base64
import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from niwt_core import NiwtError, Recipe, build_class, load_study
from niwt_core.classify import imagined
from niwt_core.classify.helpful_word import helpful_word
from niwt_core.data.aviary import species
from niwt_core.images import open_image
from pages.components.build import imagining, measured
from pages.components.build.classes import class_widget_key, comparison, read_upload
from pages.components.build.link import to_text
from pages.components.shared import drawing, session
from pages.components.shared.recipe_words import recipe_text
from tests.support.browser import chromium, open_page, served
from tests.support.small_study import small_study
from tests.support.tiny_aviary import tiny_aviary

PAGE = Path(__file__).resolve().parents[2] / "pages" / "build.py"
RUBY = Recipe("Ruby Needlebill", {"crown color": "red", "bill shape": "needle"})


@pytest.fixture
def page(monkeypatch):
    """The page on the small study, not yet run."""
    monkeypatch.setattr(sys, "argv", ["app.py"])
    monkeypatch.setenv("NIWT_STUDY", str(small_study().folder))
    return AppTest.from_file(str(PAGE), default_timeout=60)


def classifier_of(page):
    (class_history,) = page.session_state["class_histories"].values()
    return class_history.classifier


def markup(page):
    return " ".join(element.proto.body for element in page.get("html"))


def with_link(page, text):
    page.query_params["class"] = text
    return page.run()


def test_a_blank_sheet_cannot_be_built_yet(page):
    page.run()
    assert not page.exception
    assert not page.error
    assert page.button(key="transfer").disabled
    assert any("give it a name and change at least one attribute" in caption.value for caption in page.caption)
    assert page.button(key="undo").disabled
    assert page.button(key="redo").disabled


def test_a_class_built_from_a_start_has_its_weights(page):
    study = small_study()
    page.run()
    page.text_input(key="name-0").input("Twin").run()
    page.selectbox(key="start-0").select(study.classes[1]).run()
    page.button(key="transfer").click().run()
    assert not page.exception
    assert not page.error
    built = classifier_of(page).built["Twin"]
    assert built.weights.equal(build_class(load_study(study.folder), Recipe("Twin", like=study.classes[1])).weights)
    assert "Twin" in markup(page)
    assert "mean of the seen classes" in markup(page)  # the numbers


def test_undo_redo_and_remove(page):
    with_link(page, to_text(RUBY))
    assert list(classifier_of(page).built) == ["Ruby Needlebill"]
    page.button(key="undo").click().run()
    assert not classifier_of(page).built
    page.button(key="redo").click().run()
    assert list(classifier_of(page).built) == ["Ruby Needlebill"]
    page.button(key=f"remove-{class_widget_key('Ruby Needlebill')}").click().run()
    assert not classifier_of(page).built
    assert not page.exception


def test_the_address_alone_rebuilds_the_class(page):
    with_link(page, to_text(RUBY))
    assert not page.exception
    assert not page.error
    built = classifier_of(page).built["Ruby Needlebill"]
    assert built.weights.equal(build_class(load_study(small_study().folder), RUBY).weights)
    assert page.text_input(key="name-1").value == "Ruby Needlebill"  # it lies on the editor
    page.button(key=f"remove-{class_widget_key('Ruby Needlebill')}").click().run()
    assert not classifier_of(page).built  # the address does not bring it back


@pytest.mark.parametrize(
    ("kind", "shown"), [("captions", "Describe it in sentences"), ("embedding", "ready-made embeddings")]
)
def test_a_study_without_attributes_has_no_board(page, monkeypatch, kind, shown):
    study = small_study()
    other = replace(study, id=kind, knowledge=replace(study.knowledge, kind=kind))
    monkeypatch.setattr(session, "current_study", lambda: other)
    page.run()
    assert not page.exception
    texts = [area.label for area in page.text_area] + [info.value for info in page.info]
    assert any(shown in text for text in texts)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("%%%", "link is damaged"),
        ("A" * 9000, "link is too long"),
        (to_text(Recipe("x", {"crown color": "mauve"})), "No value"),
        (to_text(Recipe("x", {"hat": "red"})), "No attribute"),
        (to_text(Recipe("x", like="Dodo")), "No class"),
    ],
)
def test_a_bad_link_says_what_is_wrong_and_the_page_goes_on(page, text, what):
    with_link(page, text)
    assert not page.exception
    assert len(page.error) == 1
    assert what.lower() in page.error[0].value.lower().replace("\\", "")
    assert page.button(key="transfer").disabled
    assert not classifier_of(page).built


def test_a_link_from_another_study_says_so_and_builds_what_it_can(page):
    with_link(page, to_text(Recipe("Far", {"crown color": "red"}, study="0123456789abcdef")))
    assert len(page.warning) == 1
    assert "another study" in page.warning[0].value
    assert list(classifier_of(page).built) == ["Far"]


def test_a_seen_class_cannot_be_built_again(page):
    seen = small_study().seen_classes[0]
    page.run()
    page.text_input(key="name-0").input(seen.upper()).run()
    page.selectbox(key="start-0").select(small_study().classes[1]).run()
    page.button(key="transfer").click().run()
    assert len(page.error) == 1
    assert "is a seen class" in page.error[0].value.replace("\\", "")
    assert not classifier_of(page).built


def test_two_classes_cannot_share_a_name_unless_one_is_edited(page):
    with_link(page, to_text(RUBY))
    page.button(key="start-over").click().run()
    name = next(item for item in page.text_input if item.label == "Name of your class")
    name.input("ruby needlebill").run()
    start = next(item for item in page.selectbox if item.label == "Start from")
    start.select(small_study().classes[0]).run()
    page.button(key="transfer").click().run()
    assert len(page.error) == 1
    assert "is built already" in page.error[0].value.replace("\\", "")
    page.button(key=f"edit-{class_widget_key('Ruby Needlebill')}").click().run()
    page.button(key="transfer").click().run()
    assert not page.error
    assert list(classifier_of(page).built) == ["Ruby Needlebill"]


def test_what_people_type_is_text(page):
    evil = "<img src=x onerror=alert(1)> **bold** :red[x]"
    with_link(page, to_text(Recipe(evil, {"crown color": "red"})))
    assert not page.exception
    assert "<img src=x" not in markup(page)
    assert "&lt;img src=x" in markup(page)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\xff\xfe\x00", "text file"),
        (b"name: [", "YAML"),
        (b"- 1", "recipe"),
        (b"name: x", "describes"),
        (b"x" * 1_000_001, "large"),
    ],
)
def test_a_bad_recipe_file_says_what_is_wrong(data, what):
    with pytest.raises(NiwtError, match=what):
        read_upload(data, "bad.yaml")


def test_a_recipe_file_and_its_line():
    assert read_upload(RUBY.to_yaml().encode(), "ruby.yaml") == RUBY
    assert recipe_text(RUBY) == "crown color red, bill shape needle; otherwise like the average class."
    assert recipe_text(Recipe("x", like="001.Black_footed_Albatross")) == "Exactly like Black-footed Albatross."


def test_a_recipe_over_nothing_is_like_no_average():
    """In a study whose classes are what their words say, a class that is described is not otherwise like the average."""
    recipe = Recipe("x", {"color": ["red", "blue"], "setting: sky": 1.0, "setting: sea": 0.5, "tail: long": False})
    assert (
        recipe_text(recipe, from_nothing=True) == "color red and blue, setting sky, setting sea 50%, tail long (not)."
    )
    assert recipe_text(recipe).endswith("tail long (not); otherwise like the average class.")
    assert recipe_text(Recipe("x", {"tail: long": 100.0}, like="Wren"), full=100.0, from_nothing=True) == (
        "tail long; otherwise like Wren."
    )


def test_a_comparison_names_what_differs():
    study = small_study()
    one, two = (
        build_class(study, Recipe(name, {"crown color": name}, like=study.classes[0])) for name in ("red", "blue")
    )
    actual = comparison(study, one, two)
    assert "crown color: red" in actual
    assert "crown color: blue" in actual
    assert "bill shape" not in actual.split("Predicted")[0]
    assert "described alike" in comparison(study, one, one)


def test_the_aviary_draws_the_bird_and_measures_the_class(page, monkeypatch):
    study = tiny_aviary()
    monkeypatch.setenv("NIWT_STUDY", str(study.folder))
    with_link(page, to_text(RUBY))
    assert not page.exception
    assert not page.error
    editors = [
        state
        for element in page.get("bidi_component")
        if element.proto.json
        if isinstance(data := json.loads(element.proto.json), list)
        for state in data
    ]
    (drawn,) = editors[0]["extras"]
    assert drawn["id"] == "drawn"
    assert drawn["src"].startswith("data:image/jpeg")
    assert "crown color red" in drawn["alt"]
    assert "bill shape needle" in drawn["alt"]
    classifier = study.classifier()
    picture = classifier.encode(drawing.portrait(drawing.strongest(study, build_class(study, RUBY).values)))
    np.testing.assert_allclose(drawn["logits"], study.full_head.logits(picture.features), atol=1e-4)
    built = build_class(study, RUBY)
    features = measured.run_of(study.id, built.values.tobytes(), study, classifier).result(
        timeout=120
    )  # a thread draws; the browser would ask again by itself
    page.run()
    assert "of 32</b> fresh drawings of this bird" in markup(page)
    imagined = study.imagine(RUBY, n=measured.DRAWINGS, seed=measured.SEED)  # the same birds: open groups vary
    for shown, answer in zip(features, imagined.answers, strict=True):
        np.testing.assert_allclose(shown, answer.picture.features, atol=1e-4)
    left_open = len(study.knowledge.groups) - len(RUBY.attributes)
    assert f"The {left_open} groups that its words leave open vary" in markup(page)
    backs = {picture.attributes["back color"] for picture in imagined.pictures}
    assert len(backs) > 1
    assert {picture.attributes["crown color"] for picture in imagined.pictures} == {"red"}


def test_a_class_of_two_words_is_told_that_it_is_vague_and_which_word_would_help(page):
    study = small_study()
    with_link(page, to_text(RUBY))
    word = helpful_word(study, RUBY.attributes, most=1)[0]
    assert f"it says 2 of {len(study.knowledge.groups)} groups" in markup(page)
    assert f"Say its <b>{word.label}</b>" in markup(page)
    assert word.versus_display in markup(page)
    assert "Held-out pictures of these classes that would be taken for it" in markup(
        page
    ) or "None of the held-out" in markup(page)


def test_a_longer_description_is_not_vague(page):
    words = {"crown color": "red", "bill shape": "needle", "leg color": "blue"}
    with_link(page, to_text(Recipe("Ruby Needlebill", words)))
    assert "<b>Vague</b>" not in markup(page)
    assert "You have set 3 of" in markup(page)


def test_what_it_is_taken_for_is_counted_on_its_own_pictures(page):
    study = load_study(small_study().folder)
    c = int(np.flatnonzero(~study.seen)[0])
    with_link(page, to_text(Recipe(study.classes[c], {"crown color": "red", "bill shape": "needle"})))
    assert not page.exception
    pictures = np.flatnonzero((study.labels == c) & (study.split != "train"))
    classifier = study.classifier()
    built = build_class(study, Recipe(study.classes[c], {"crown color": "red", "bill shape": "needle"}))
    others = [i for i, item in enumerate(classifier.candidates) if item.name != study.classes[c]]
    features = study.features[pictures].float()
    lost = (
        classifier.logits(features)[:, others].max(1).values > (features - study.head.mean) @ built.weights + built.bias
    ).sum()
    one = f"Of its {len(pictures)} held-out pictures {lost} are taken for others"
    assert (one if lost else f"None of its {len(pictures)} held-out pictures") in markup(page)


def test_only_what_changed_changes_in_the_portrait():
    study = tiny_aviary()
    base = study.knowledge.values[0]
    traits = drawing.strongest(study, base)
    assert dict(traits) == dict(species()[0].attributes)
    other = study.knowledge.describe({"leg color": "blue" if dict(traits)["leg color"] != "blue" else "red"}, base=base)
    one, two = (np.asarray(open_image(drawing.portrait(drawing.strongest(study, row))), float) for row in (base, other))
    changed = np.abs(one - two).max(2) > 40
    assert 0 < changed.mean() < 0.05
    assert changed[: len(changed) // 2].sum() == 0  # legs are below


# --- in Chromium -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address():
    with served(small_study().folder) as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    with chromium() as opened:
        yield opened


def build_page(browser, address, *, query: str = "", width: int = 1440, height: int = 900):
    page, problems = open_page(browser, address + "/", width=width, height=height)
    page.get_by_role("link", name=re.compile("Build a class")).first.wait_for(state="attached")
    page.goto(f"{address}/build{query}")
    page.get_by_label("Search attributes").wait_for()
    return page, problems


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_describe_drag_and_build(browser, address, width):
    page, problems = build_page(browser, address, width=width, height=900)
    page.get_by_label("Name of your class").fill("Ruby Needlebill")
    page.keyboard.press("Enter")
    page.get_by_label("Crown color: only red").check()
    slider = page.get_by_label("Bill shape: needle, amount")
    slider.evaluate('(node) => node.scrollIntoView({block: "center"})')  # clear of what sticks to the top
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] / 2, steps=20)
    page.mouse.up()
    page.get_by_text("Confirmed by the engine").wait_for(state="attached")
    button = page.get_by_role("button", name="Transfer weights")
    button.wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('button')].some(b => b.innerText.includes('Transfer') && !b.disabled)"
    )
    button.click()
    page.get_by_role("button", name="Remove").wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth <= window.innerWidth")
    with page.expect_download() as download:
        page.get_by_role("button", name="Recipe", exact=True).click()
    recipe = Path(download.value.path()).read_text()
    assert "crown color: red" in recipe
    assert "needle" in recipe
    assert problems == []
    page.context.close()


@pytest.mark.browser
def test_the_shared_link_alone_rebuilds_the_class(browser, address):
    page, _ = build_page(browser, address, query=f"?class={to_text(RUBY)}")
    page.get_by_role("button", name="Remove").wait_for()
    expect(page.get_by_label("Crown color: only red")).to_be_checked(timeout=20_000)
    expect(page.get_by_label("Bill shape: only needle")).to_be_checked(timeout=20_000)
    page.get_by_role("button", name="Share", exact=True).click()
    link = page.get_by_text(f"{address}/?class=").first  # the app's root finds the page
    link.wait_for()
    text = link.inner_text().split("class=")[1].strip()
    text += "=" * (-len(text) % 4)
    import zlib

    values = json.loads(zlib.decompress(base64.urlsafe_b64decode(text)))
    assert values["name"] == "Ruby Needlebill"
    assert values["attributes"] == dict(RUBY.attributes)
    page.context.close()


@pytest.mark.browser
def test_recipes_by_file_good_and_bad(browser, address, tmp_path):
    page, _ = build_page(browser, address)
    (tmp_path / "bad.yaml").write_text("name: [")
    (tmp_path / "good.yaml").write_text(RUBY.to_yaml())
    page.get_by_text("Open a recipe or saved classes").click()
    page.locator("input[type=file]").last.set_input_files(tmp_path / "bad.yaml")
    page.get_by_text("Not valid YAML").wait_for()
    page.locator("input[type=file]").last.set_input_files(tmp_path / "good.yaml")
    page.get_by_role("button", name="Remove").wait_for()
    expect(page.get_by_label("Crown color: only red")).to_be_checked(timeout=20_000)
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Remove").wait_for(state="detached")
    page.context.close()


def test_what_the_network_imagines_of_a_class(page, monkeypatch):
    monkeypatch.setattr(imagined, "OF_CLASS", replace(imagined.OF_CLASS, side=64, steps=4, jitter=2, zoom=(1.0, 1.0)))
    with_link(page, to_text(RUBY))
    assert "no evidence that it will be recognised" not in markup(page)
    key = class_widget_key(RUBY.name)
    page.button(key=f"run_imagine-{key}").click().run()
    built = classifier_of(page).built[RUBY.name]
    run = imagining.run_of(small_study().id, imagining.weights_digest(built), small_study(), built)
    run.thread.join(60)
    assert run.result.shape == (64, 64, 3)
    page.run()
    assert not page.exception
    assert "no evidence that it will be recognised" in markup(page)
