"""Described classes are switched off in the app, singly and together, and stay off in what the browser keeps and links carry."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from niwt_core.knowledge.class_names import display_name
from pages.components.build.link import work_to_text
from pages.components.shared.work import Work
from tests.support.opened import page_text, went_well
from tests.support.small_study import UNSEEN, small_study

Open = Callable[..., AppTest]


def press(at: AppTest, label: str) -> AppTest:
    return went_well(next(button for button in at.button if button.label == label).click().run())


def answers(at: AppTest) -> set[str]:
    """The classes that are ranked."""
    return set(at.selectbox(key="class_to_explain").options)


def test_one_is_switched_off_and_all_come_back(page: Open) -> None:
    every = [display_name(name) for name in small_study().unseen_classes]
    at = page("classify")
    before = answers(at)
    at = went_well(at.multiselect(key="offered-classify").set_value([small_study().unseen_classes[0]]).run())
    assert len(answers(at)) == len(before) - 1
    assert not any(every[0] in option for option in answers(at))
    at = press(at, "Switch all off")
    assert len(answers(at)) == len(before) - UNSEEN
    assert not any("unseen" in option for option in answers(at))
    at = press(at, "Switch all on")
    assert len(answers(at)) == len(before)


def test_the_build_page_has_it_too_and_saves_it(page: Open) -> None:
    at = page("build")
    at = went_well(at.multiselect(key="offered-build").set_value([small_study().unseen_classes[0]]).run())
    work = at.get("download_button")
    assert work, "what is switched off can be saved"
    assert "None yet" in page_text(at)


def test_a_link_switches_off(page: Open) -> None:
    name = small_study().unseen_classes[0]
    work = Work(small_study().id, off=(name, "A class of another study"))
    at = page("build", **{"class": work_to_text(work)})
    assert at.multiselect(key="offered-build").value == [name]
