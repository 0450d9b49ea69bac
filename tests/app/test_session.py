"""One session's classes: undo, redo, rename, and that no other session sees them."""

from pathlib import Path

import numpy as np
import pytest
import streamlit as st
import torch

from niwt_core import NiwtError, Recipe, Study
from pages.components.shared import session
from tests.support.small_study import small_study


@pytest.fixture(autouse=True)
def new_session(study_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session of its own, without a browser."""
    monkeypatch.setattr(st, "session_state", {"entered": True})


def names() -> list[str]:
    return list(session.classifier().built)


def recipe(name: str) -> Recipe:
    return Recipe(name=name, like=small_study().unseen_classes[0])


def test_undo_and_redo_bring_back_the_same_weights() -> None:
    first = session.add_class(recipe("One"))
    session.add_class(recipe("Two"))
    session.remove_class("One")
    assert names() == ["Two"]
    assert session.undo()
    assert names() == ["One", "Two"]
    assert torch.equal(session.classifier().built["One"].weights, first.weights)
    assert session.undo()
    assert session.undo()
    assert not session.undo()
    assert names() == []
    assert session.redo()
    assert session.redo()
    assert session.redo()
    assert not session.redo()
    assert names() == ["Two"]


def test_a_new_step_forgets_what_was_undone() -> None:
    session.add_class(recipe("One"))
    session.undo()
    session.add_class(recipe("Two"))
    assert not session.redo()
    assert [step.label for step in session.history()[0]] == ["start", "added Two"]


def test_a_changed_or_renamed_class_keeps_its_place() -> None:
    for name in ("One", "Two", "Three"):
        session.add_class(recipe(name))
    session.rename("Two", "Deux")
    assert names() == ["One", "Deux", "Three"]
    session.add_class(Recipe(name="Deux", like=small_study().unseen_classes[1]))
    assert names() == ["One", "Deux", "Three"]
    session.undo()
    session.undo()
    assert names() == ["One", "Two", "Three"]


@pytest.mark.parametrize("name", ["One", "", "a" * 81, small_study().seen_classes[0]])
def test_a_name_that_cannot_be_is_refused_and_nothing_changes(name: str) -> None:
    session.add_class(recipe("One"))
    session.add_class(recipe("Two"))
    with pytest.raises(NiwtError):
        session.rename("Two", name)
    assert names() == ["One", "Two"]
    assert len(session.history()[0]) == 3


def test_sessions_do_not_share_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    session.add_class(recipe("Mine"))
    study = session.current_study()
    monkeypatch.setattr(st, "session_state", {"entered": True})
    assert names() == []
    assert session.current_study() is study  # though the study is one and the same


def test_results_of_a_study_are_computed_once_and_nobody_changes_anothers() -> None:
    calls: list[object] = []

    @session.per_study
    def counted(study: Study, value: object, *, more: int = 0) -> dict[str, np.ndarray]:
        calls.append(value)
        return {"values": np.full(2, float(len(calls)))}

    study = small_study()
    first = counted(study, 1)
    first["values"][:] = -1  # a visitor's own copy
    assert counted(study, 1)["values"].tolist() == [1.0, 1.0]
    counted(study, 1)["values"][:] = -2
    assert counted(study, 1)["values"].tolist() == [1.0, 1.0]
    for other in (True, 1.0, "1", None):  # equal in part, and other questions all the same
        counted(study, other)
    counted(study, 1, more=1)
    assert calls == [1, True, 1.0, "1", None, 1]


def test_a_result_that_is_nothing_is_kept_too() -> None:
    calls: list[int] = []

    @session.per_study
    def nothing(study: Study) -> None:
        calls.append(1)

    for _ in range(3):
        nothing(small_study())
    assert calls == [1]
