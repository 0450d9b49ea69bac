"""The lesson: what a browser keeps of it, what its steps say of this study, and when a step counts as done."""

import json
from dataclasses import replace

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as some

from niwt_core import Classifier, Recipe
from pages.components.shared import session
from pages.components.shared.coach import measured, state, steps
from pages.components.shared.coach.progress import Progress, progress_from_text
from pages.components.shared.uploads import session_uploads

CLASSES = ("Robin", "Jay")


@pytest.fixture
def study(study_folder, monkeypatch):
    """The small study, in a session of its own."""
    monkeypatch.setattr(st, "session_state", {"entered": True})
    return session.current_study()


@pytest.fixture
def unseen_sample(study):
    """The key and class of a picture that the network was not trained on."""
    labels = study.labels[study.gallery.pictures]
    item = next(i for i, c in enumerate(labels) if not study.seen[c])
    return f"sample-{item}", study.classes[labels[item]]


@given(
    some.builds(
        Progress,
        step=some.integers(1, 5),
        picture=some.sampled_from(["", "sample-7", "0123456789abcdef"]),
        neuron=some.integers(-1, 9),
        name=some.sampled_from(["", "Jay", "Größe <b>", '"']),
        looked=some.booleans(),
        off=some.sampled_from([(), ("Jay",), CLASSES]),
    )
)
def test_what_is_kept_comes_back(progress):
    assert progress_from_text(progress.to_text(), classes=CLASSES, neurons=10) == progress


@pytest.mark.parametrize(
    "change",
    [
        {"step": 0}, {"step": 6}, {"step": True}, {"step": "2"}, {"neuron": 10}, {"neuron": -2}, {"neuron": 1.0}, {"picture": "../x"},
        {"picture": "sample-"}, {"picture": 3}, {"name": "x" * 81}, {"name": "\n"}, {"name": None}, {"looked": 1}, {"off": "Jay"},
        {"off": ["Nobody"]}, {"off": [1]}, {"off": None}, {"more": 1},
    ],
)  # fmt: skip
def test_what_a_stranger_wrote_is_refused(change):
    text = json.dumps({**json.loads(Progress().to_text()), **change})
    assert progress_from_text(text, classes=CLASSES, neurons=10) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '{"step":1}', "[" * 100_000])
def test_anything_else_is_refused(text):
    assert progress_from_text(text, classes=CLASSES, neurons=10) is None


def test_another_picture_begins_anew_and_remembers_what_was_switched_off():
    done = Progress(1, "sample-1", 4, "Jay", True, ("Robin",))
    assert done.with_picture("sample-1") is done
    assert done.with_picture("sample-2") == Progress(1, "sample-2", off=("Robin",))


def test_a_word_that_looks_like_a_place_stays_a_word():
    assert steps.sentence("{a} and {b}", a="{b}", b="<b>x</b>") == "{b} and <b>x</b>"
    assert steps.sentence("<i> {a}", a="1") == "&lt;i&gt; 1"


def test_the_lesson_switches_described_classes_off_and_on_again(study):
    first = study.unseen_classes[0]
    session.classifier().offer(name for name in study.unseen_classes if name != first)
    state.begin(study)
    assert session.classifier().offered == ()
    state.end(study)
    assert session.classifier().switched_off == (first,)
    assert state.current(study) is None


def test_the_steps_say_what_the_trained_classes_say(study, unseen_sample):
    key, _name = unseen_sample
    state.begin(study)
    assert not steps.STEPS[0].say(study, state.current(study)).done
    progress = replace(state.current(study), picture=key)
    outcome = steps.STEPS[0].say(study, progress)
    answer = Classifier(study, unseen=False).classify(study.gallery.jpeg(state.sample_of(study, key)))
    assert outcome.done
    assert answer.best.display in outcome.markup
    assert f"{100 * answer.best.probability:.1f}" in outcome.markup

    to_open = steps.STEPS[1].say(study, progress).neuron
    explained = answer.explain()
    assert to_open in [part.index for part in explained.supporting]
    opened = steps.STEPS[1].say(study, replace(progress, neuron=to_open))
    part = next(part for part in explained.supporting if part.index == to_open)
    assert opened.done
    assert f"{part.contribution:+.2f}" in opened.markup


def test_a_seen_sample_is_not_what_the_lesson_is_about(study):
    labels = study.labels[study.gallery.pictures]
    item = next(i for i, c in enumerate(labels) if study.seen[c])
    assert not steps.STEPS[0].say(study, Progress(picture=f"sample-{item}")).done


def test_a_word_counts_if_no_trained_class_has_it(study, unseen_sample):
    key, _name = unseen_sample
    assert not steps.STEPS[2].say(study, Progress(3, key)).done
    assert not steps.STEPS[2].say(study, Progress(3, key, name=study.seen_classes[0])).done
    assert steps.STEPS[2].say(study, Progress(3, key, name="<b>Mine</b>")).done
    assert "<b>Mine" not in steps.STEPS[2].say(study, Progress(3, key, name="<b>Mine</b>")).markup


def test_it_is_said_whether_the_class_is_recognised(study, unseen_sample):
    """The place that is spoken of is the place in the ranking, and a class that is not recognised is not said to be."""
    key, _name = unseen_sample
    state.begin(study)
    progress = Progress(5, key, name="Mine", looked=True)
    assert "Build the class" in steps.STEPS[4].say(study, progress).markup
    outcomes = set()
    for like in study.classes:  # one of these is what the picture shows, others are not
        session.add_class(Recipe("Mine", like=like))
        outcome = steps.STEPS[4].say(study, progress)
        picture = measured.encoded(study, progress)
        ranking = session.classifier().answer(picture).ranking
        place = [item.name for item in ranking].index("Mine") + 1
        assert outcome.done
        assert ("Not yet" in outcome.markup) == (place > 1)
        assert place == 1 or f"place {place}" in outcome.markup
        assert f"{100 * ranking[place - 1].probability:.1f}" in outcome.markup
        outcomes.add(place == 1)
    assert outcomes == {True, False}


def test_what_was_taught_is_told_with_its_own_figures(study, unseen_sample):
    key, _name = unseen_sample
    _group, values = next(iter(study.knowledge.groups.items()))
    attribute = study.knowledge.names[values[0]]
    built = session.add_class(Recipe("Mine", {attribute: float(study.knowledge.scale)}))
    outcome = steps.STEPS[3].say(study, Progress(4, key, name="Mine"))
    assert outcome.done
    assert f"has {len(built.weights):,} " in outcome.markup
    assert "from 1 attribute " in outcome.markup
    assert f"{built.cosine:.2f}" in outcome.markup


def test_progress_follows_what_is_done(study, unseen_sample):
    key, _name = unseen_sample
    session_uploads().items[key] = None
    session_uploads().chosen = key
    first = state.followed(study, Progress(), page="start", neuron="")
    assert first.picture == ""
    first = state.followed(study, Progress(), page="classify", neuron="")
    assert first.picture == key
    assert state.followed(study, replace(first, step=2), page="dictionary", neuron="3").neuron == 3
    for neuron in ("", "-1", "x", "٣", str(len(study.neurons)), "9" * 30):
        assert state.followed(study, replace(first, step=2), page="dictionary", neuron=neuron).neuron == -1
    assert state.followed(study, replace(first, step=5), page="classify", neuron="").looked
    assert not state.followed(study, replace(first, step=5), page="build", neuron="").looked


def test_only_studies_of_words_with_a_network_can_be_taught(study):
    assert state.can_be_taught(study)
    captions = replace(study, knowledge=replace(study.knowledge, kind="captions"))
    assert not state.can_be_taught(captions)
