"""Start with photographs: what the trained classes make of one, a sentence that teaches another class; the study in use, and the way to another."""

import re
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from niwt_core import Recipe
from pages.serving.arguments import ROOT, SHIPPED
from tests.support import browser
from tests.support.opened import page_text, went_well


@pytest.fixture
def start(monkeypatch) -> AppTest:
    monkeypatch.setenv("NIWT_STUDY", str(SHIPPED))
    monkeypatch.setattr("sys.argv", ["app.py"])
    at = AppTest.from_file(ROOT / "pages" / "start.py", default_timeout=120)
    at.run()
    assert not at.exception
    return at


def test_a_sentence_teaches_a_class_that_is_then_recognised(start):
    shown = " ".join(item.value if hasattr(item, "value") else item.proto.body for item in start.get("html"))
    assert "of the 1,000 classes that it was trained on" in shown
    assert "What it says now" not in shown
    next(button for button in start.button if button.label == "Teach it").click()
    start.run()
    assert not start.exception
    shown = " ".join(item.value if hasattr(item, "value") else item.proto.body for item in start.get("html"))
    assert "What it says now" in shown


def test_a_sentence_without_a_known_word_is_an_error_and_nothing_is_lost(start):
    area = start.text_area[0]
    area.set_value("a zibble of glorp")
    next(button for button in start.button if button.label == "Teach it").click()
    start.run()
    assert not start.exception
    assert any("no word that this study knows" in error.value for error in start.error)
    assert start.text_area[0].value == "a zibble of glorp"


def taught(start: AppTest, name: str, sentence: str) -> AppTest:
    start.text_input[0].set_value(name)
    start.text_area[0].set_value(sentence)
    next(button for button in start.button if button.label == "Teach it").click()
    start.run()
    assert not start.exception
    return start


@pytest.mark.parametrize(
    ("name", "sentence", "says"), [("", "a red flower", "a name"), ("Dahlia", " ", "in a sentence")]
)
def test_what_is_missing_is_said_and_nothing_else(start, name, sentence, says):
    taught(start, "Narwhal", "a grey whale with a tusk")
    taught(start, name, sentence)
    assert [says in warning.value for warning in start.warning] == [True]
    assert not start.error
    assert "among the first three" not in page_text(start)  # that is of the class that was taught before


def test_what_was_understood_is_said_and_where_the_class_stands(start):
    shown = page_text(taught(start, "Narwhal", "a grey speckled whale with a tusk, a zibble"))
    assert "color: grey; pattern: spotted; creature: marine mammal; head: tusks." in shown
    assert "Not understood: zibble." in shown
    place = re.search(r"Narwhal\D* is number ([\d,]+) of 1,001 for this photograph", shown)
    assert place is not None
    assert int(place[1].replace(",", "")) > 3  # the photograph shows a dahlia


def test_a_sentence_takes_the_place_of_the_one_before_but_not_of_sliders(start):
    taught(start, "Narwhal", "a grey whale")
    taught(start, "narwhal", "a grey whale with a tusk")
    (history,) = start.session_state["class_histories"].values()
    assert [recipe.caption for recipe in history.steps[history.at].recipes] == ["a grey whale with a tusk"]
    slid = Recipe("narwhal", {"color": "grey"})
    history.steps[history.at] = replace(history.steps[history.at], recipes=(slid,))
    taught(start, "Narwhal", "a grey whale")
    assert any("built already" in error.value for error in start.error)
    (history,) = start.session_state["class_histories"].values()
    assert history.steps[history.at].recipes == (slid,)


@pytest.mark.browser
def test_what_is_not_described_fits_and_claims_nothing():
    """Before the first word the panel shows a picture, and says nothing of a class that is not there."""
    with browser.served(SHIPPED) as url, browser.chromium() as chrome:
        page, problems = browser.open_page(chrome, f"{url}/build")
        panel = page.locator(".live")
        panel.wait_for()
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        assert "Nothing is described" in panel.inner_text()
        assert not re.search("fit this one best|claims|would claim|Most alike", panel.inner_text())
        page.get_by_label("Kind: only animal").check()
        page.get_by_text("your words fit this one best").wait_for()
        assert re.search("claims none|would claim", panel.inner_text())
        assert "Most alike in the network" in panel.inner_text()
        before = panel.bounding_box()
        page.get_by_role("button", name="Reset all").click()
        page.get_by_text("Describe it in words").click()
        words = page.get_by_role("textbox", name="What it looks like")
        words.fill(
            "a tall white rocket, a long thin cylinder with a pointed tip, rising from a tower into the night sky; metal"
        )
        words.press("Control+Enter")
        page.get_by_role("button", name="Set the sliders").click()
        page.get_by_text("Understood:").first.wait_for()
        page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
        panel.locator(".caption").filter(has_text="Space rocket").wait_for()  # no other picture gives it more
        after, toolbar = panel.bounding_box(), page.locator(".editor .toolbar").bounding_box()
        assert before is not None
        assert after is not None
        assert toolbar is not None
        assert abs(after["y"] - before["y"]) < 2  # the words push the sliders down, and not what they do
        assert toolbar["y"] > after["y"] + 100
        panel.locator(".thumb").nth(2).click()  # nothing lies over it
        assert not problems


@pytest.mark.browser
def test_the_average_of_all_classes_is_no_description():
    """Where sliders begin at the average, the bird that is drawn of it is nobody's description, and claims nothing."""
    with browser.served(ROOT / "assets" / "aviary") as url, browser.chromium() as chrome:
        page, problems = browser.open_page(chrome, f"{url}/build")
        panel = page.locator(".live")
        panel.get_by_text("Nothing described yet: drawn from the average").wait_for()
        assert not re.search("claims|would claim|Drawn from your", panel.inner_text())
        page.get_by_label("Crown color: only red").check()
        panel.get_by_text("Drawn from your description").wait_for()
        assert re.search("claims none|would claim", panel.inner_text())
        assert not problems


@pytest.mark.browser
def test_teach_stands_on_the_first_screen_and_another_study_is_a_click_away():
    with browser.served(SHIPPED) as url, browser.chromium() as chrome:
        page, problems = browser.open_page(chrome, url)
        teach = page.get_by_role("button", name="Teach it")
        teach.wait_for()
        box = teach.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 900
        teach.click()
        page.get_by_text("What it says now").wait_for()
        again = page.get_by_role("button", name="Ask why", exact=True).bounding_box()
        assert again is not None
        assert again["y"] + again["height"] <= 900
        page.locator(".st-key-study-switch button").first.click()
        page.get_by_role("button", name="Aviary").click()
        page.get_by_text("Build your first class").wait_for()
        assert "Aviary" in page.locator(".st-key-study-switch button").first.inner_text()
        assert not problems


def test_classes_are_found_by_family(monkeypatch):
    monkeypatch.setenv("NIWT_STUDY", str(ROOT / "assets" / "photographs"))
    monkeypatch.setattr("sys.argv", ["app.py"])
    at = went_well(AppTest.from_file(ROOT / "pages" / "dictionary.py", default_timeout=60).run())
    listed = at.selectbox(key="of_class").options
    assert len(listed) == 1095
    assert sum(option.endswith("· Bird") for option in listed) > 50
    family = at.selectbox(key="family-dictionary")
    place = next(i for i, option in enumerate(family.options) if option.startswith("Fish ("))
    at = went_well(family.set_value(place).run())
    fish = at.button_group(key=f"of-family-dictionary-{place}")
    assert any("goldfish" in option for option in fish.options)
    at = went_well(fish.set_value("goldfish").run())
    assert at.selectbox(key="of_class").value == "goldfish"


def test_a_neuron_of_a_study_without_pictures_speaks_of_classes(monkeypatch):
    monkeypatch.setenv("NIWT_STUDY", str(SHIPPED))
    monkeypatch.setattr("sys.argv", ["app.py"])
    at = AppTest.from_file(ROOT / "pages" / "dictionary.py", default_timeout=60)
    at.query_params["neuron"] = "3"
    shown = page_text(went_well(at.run()))
    assert "classes that had no part in it" in shown
    assert "held-out" not in shown
    assert "How much classes use it" in shown
    assert "See what excites the neurons in photographs of your own" in [item.label for item in at.expander]
