"""A restore that a newer run breaks off, at whatever look at the session's state, is finished by the next run: once, and whole."""

import base64
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st

from niwt_core import Classifier, Recipe
from pages.components.shared import keeper, picture_keeper, session
from pages.components.shared.coach import state as coach
from pages.components.shared.coach.progress import Progress
from pages.components.shared.uploads import Uploads, session_uploads
from pages.components.shared.work import Work
from tests.support.small_study import small_dataset, small_study

RUBY, JADE = Recipe("Ruby Needlebill", {"crown color": "red"}), Recipe("Jade Hookbill", {"wing color": "green"})


class BrokenOff(BaseException):
    """What Streamlit raises where a newer run was asked for."""


class SessionState(dict[str, Any]):
    """A session's state that breaks the run off at the look number ``at``."""

    at = 0

    def _look(self) -> None:
        self.at -= 1
        if self.at == 0:
            raise BrokenOff

    def __getitem__(self, key: str) -> Any:
        self._look()
        return super().__getitem__(key)

    def __setitem__(self, key: str, value: Any) -> None:
        self._look()
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        self._look()
        super().__delitem__(key)

    def __contains__(self, key: object) -> bool:
        self._look()
        return super().__contains__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._look()
        return super().get(key, default)

    def setdefault(self, key: str, default: Any = None) -> Any:
        self._look()
        return super().setdefault(key, default)

    def pop(self, key: str, *default: Any) -> Any:
        self._look()
        return super().pop(key, *default)


@pytest.fixture
def new_session(study_folder, monkeypatch) -> Callable[[], SessionState]:
    """A new session's state, in use."""

    def begin() -> SessionState:
        state = SessionState(entered=True)
        monkeypatch.setattr(st, "session_state", state)
        session.classifier()
        keeper.token()
        return state

    return begin


def interrupted(
    new_session: Callable[[], SessionState], says: Callable[[], None], run: Callable[[], None]
) -> Iterator[int]:
    """Sessions in which ``run``, once the browser ``says`` something, was broken off at each look in turn, and then came through."""
    for at in range(1, 200):
        state = new_session()
        says()
        state.at = at
        try:
            run()
        except BrokenOff:
            state.at = 0
            run()
            run()  # nothing is taken in twice
            yield at
        else:
            state.at = 0
            return
    pytest.fail("it never came through")


def says(slot: str, text: str, beside: str = "", *, id: str = "first 1") -> None:
    """The browser's word, as its component hands it over."""
    word = {"session": keeper.token(), "key": f"niwt:{slot}", "text": text, "also": beside, "first": True, "id": id}
    st.session_state[f"keeper-{slot}"] = SimpleNamespace(kept=word)


def test_classes_settings_and_a_description_come_back_once(new_session):
    study = small_study()
    off = study.unseen_classes[:1]
    text = Work(study.id, ((RUBY, None), (JADE, None)), 0.25, tuple(off)).to_text()
    looks = 0
    for at in interrupted(new_session, lambda: says(study.id, text, '{"name":"mine"}'), keeper.take_up):
        looks = at
        assert session.recipes() == (RUBY, JADE)
        assert list(session.classifier().built) == [RUBY.name, JADE.name]
        assert [step.label for step in session.history()[0]] == ["start", "brought back"]
        assert session.classifier().gamma == 0.25
        assert session.classifier().switched_off == tuple(off)
        assert st.session_state["kept-drafts"] == {study.id: '{"name":"mine"}'}
        assert st.session_state["kept-said"] == "Ruby Needlebill, Jade Hookbill"
    assert looks > 5  # it was broken off at many places


def test_what_was_removed_since_does_not_come_back(new_session):
    new_session()
    study = small_study()
    says(study.id, Work(study.id, ((RUBY, None), (JADE, None))).to_text())
    keeper.take_up()
    session.remove_class(RUBY.name)
    keeper.take_up()  # the browser's word stays in the component's state
    assert session.recipes() == (JADE,)


def test_what_was_removed_before_the_browser_spoke_does_not_come_back(new_session):
    new_session()
    study = small_study()
    session.add_class(RUBY)  # by a link, say
    session.remove_class(RUBY.name)
    says(study.id, Work(study.id, ((RUBY, None), (JADE, None))).to_text())
    keeper.take_up()
    assert session.recipes() == (JADE,)


def test_the_word_of_a_server_that_is_gone_is_not_taken(new_session):
    new_session()
    study = small_study()
    says(study.id, Work(study.id, ((RUBY, None),)).to_text())
    st.session_state["keeper-session"] = "of the server that was started anew"
    keeper.take_up()
    assert session.recipes() == ()


def test_pictures_and_what_was_said_of_them_come_back_once(new_session):
    study = small_study()
    classifier, uploads = Classifier(study), Uploads(study.id)
    records = []
    for number in range(2):
        picture = classifier.encode(small_dataset().picture(4 + number))
        upload = uploads.hold(f"{number:016x}", f"mine {number}.jpg", picture, study.preprocess)
        records.append(
            {"key": upload.key, "name": upload.name, "data": base64.b64encode(upload.light().packed).decode()}
        )
    marks = {"ruby needlebill": {records[0]["key"]: True}}

    def says_pictures() -> None:
        word = {"study": study.id, "session": keeper.token(), "pictures": records, "marks": marks, "id": "1"}
        st.session_state[f"keeper-pictures-{study.id}"] = SimpleNamespace(kept=word, have=None)
        session_uploads().wait_for(records[0]["key"])

    looks = 0
    for at in interrupted(new_session, says_pictures, picture_keeper.take_up):
        looks = at
        assert [upload.name for upload in session_uploads().mine] == ["mine 0.jpg", "mine 1.jpg"]
        assert session_uploads().chosen == records[0]["key"]  # the one that was waited for, not the last
        assert picture_keeper.kept_marks(study.id) == marks
    assert looks > 5
    session_uploads().remove(records[0]["key"])
    picture_keeper.take_up()
    assert [upload.name for upload in session_uploads().mine] == ["mine 1.jpg"]


def test_a_lesson_goes_on_with_its_picture(new_session):
    study = small_study()
    progress = Progress(picture="sample-3", step=2)
    looks = 0
    for at in interrupted(
        new_session, lambda: says(f"coach:{study.id}", progress.to_text()), lambda: coach.take_up(study)
    ):
        looks = at
        assert coach.current(study) == progress
        assert session_uploads().chosen == "sample-3"
        assert "coach-returns" not in st.session_state
    assert looks > 5
