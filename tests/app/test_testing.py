"""The test view of the Build page: a class put to the test on pictures, moved by confirmed ones, and moved back."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from niwt_core import Recipe, build_class
from niwt_core.classify.confirm import confirm
from niwt_core.classify.helpful_word import helpful_word
from pages.components.build.classes import class_widget_key
from pages.components.build.examples import DRAWN, FOUND
from pages.components.build.examples import test_of as put_to_the_test
from pages.components.build.link import to_text
from pages.components.build.testing import word_to_add
from tests.support.opened import went_well
from tests.support.small_study import small_study
from tests.support.tiny_aviary import tiny_aviary

RUBY = Recipe("Ruby Needlebill", {"crown color": "red", "bill shape": "needle"})


def markup(at: AppTest) -> str:
    return " ".join(element.proto.body for element in at.get("html"))


def built_of(at: AppTest):
    (class_history,) = at.session_state["class_histories"].values()
    return class_history.classifier.built["Ruby Needlebill"]


@pytest.fixture
def tested(page) -> AppTest:
    """The test view of a class that was built from a link, with look-alikes found."""
    at = page("build", **{"class": to_text(RUBY)})
    return went_well(at.button(key=f"test-{class_widget_key(RUBY.name)}").click().run())


def test_look_alikes_are_there_from_the_start_and_are_counted(tested):
    (examples,) = tested.session_state["test_examples"].values()
    assert 0 < len(examples.pictures) <= FOUND
    assert not any(picture.belongs for picture in examples.pictures.values())
    assert "0 pictures of it" in markup(tested)
    assert tested.button(key="confirm").disabled  # nothing shows the class yet
    known = set(examples.pictures)
    went_well(tested.button(key="find-some").click().run())
    assert known < set(examples.pictures)


def test_confirmed_pictures_move_the_class_and_one_click_moves_it_back(tested):
    (examples,) = tested.session_state["test_examples"].values()
    first = next(iter(examples.pictures))
    went_well(tested.button(key=f"pick-examples-{first}").click().run())
    assert examples.pictures[first].belongs
    assert "of 1 pictures of it" in markup(tested)
    described = build_class(small_study(), RUBY)
    assert torch.equal(built_of(tested).weights, described.weights)
    went_well(tested.button(key="confirm").click().run())
    moved = built_of(tested)
    assert moved.confirmed == len(examples.pictures)
    assert not torch.equal(moved.weights, described.weights)
    (history,) = tested.session_state["class_histories"].values()
    confirmed = history.steps[-1].moves[RUBY.name]
    actual = confirm(small_study(), RUBY, confirmed)
    assert torch.equal(actual.moved.weights, moved.weights)
    assert f"<b>{int(np.sum(actual.after))} of {len(actual.after)}</b>" in markup(tested)
    went_well(tested.button(key="unmove").click().run())
    assert torch.equal(built_of(tested).weights, described.weights)
    went_well(tested.button(key="undo").click().run())  # of the move back
    assert torch.equal(built_of(tested).weights, moved.weights)


def test_an_emptied_tray_stays_empty_and_the_description_is_one_press_away(tested):
    went_well(tested.button(key="empty-examples").click().run())
    went_well(tested.run())
    (examples,) = tested.session_state["test_examples"].values()
    assert not examples.pictures
    assert tested.info
    went_well(tested.button(key="to-description").click().run())
    assert tested.text_input


def test_where_it_can_be_drawn_it_is(page, monkeypatch):
    monkeypatch.setenv("NIWT_STUDY", str(tiny_aviary().folder))
    at = page("build", **{"class": to_text(RUBY)})
    went_well(at.button(key=f"test-{class_widget_key(RUBY.name)}").click().run())
    (examples,) = at.session_state["test_examples"].values()
    assert sum(picture.belongs for picture in examples.pictures.values()) == DRAWN
    went_well(at.button(key="draw-some").click().run())
    assert sum(picture.belongs for picture in examples.pictures.values()) == 2 * DRAWN


def test_the_word_that_would_help_is_named_while_pictures_fail(page, monkeypatch):
    study = tiny_aviary()
    monkeypatch.setenv("NIWT_STUDY", str(study.folder))
    at = page("build", **{"class": to_text(RUBY)})
    went_well(at.button(key=f"test-{class_widget_key(RUBY.name)}").click().run())
    item = built_of(at)
    (examples,) = at.session_state["test_examples"].values()
    (history,) = at.session_state["class_histories"].values()
    tested = put_to_the_test(history.classifier, item, examples)
    assert tested is not None
    (best,) = helpful_word(study, RUBY.attributes, most=1)
    failing = replace(tested, right=tuple(False for _ in tested.right))
    assert f"<b>{best.label}</b>" in word_to_add(study, item, failing)
    assert best.versus_display in word_to_add(study, item, failing)
    assert word_to_add(study, item, replace(tested, right=tuple(True for _ in tested.right))) == ""
