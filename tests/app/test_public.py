"""A server that is open to the public: no path of it can be named, none is shown, and only its own studies open."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from niwt_core import NiwtError
from pages.components.measure import baselines
from pages.components.shared import session
from pages.components.studies import study_list
from pages.components.studies.study_list import Wanted
from pages.serving import policy
from tests.support.opened import page_text, went_well
from tests.support.small_study import small_study

Open = Callable[..., AppTest]
SHOWS_PATHS = ("start", "dictionary", "build", "classify", "measure", "studies")


@pytest.fixture
def public(study_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The small study on a public server."""
    monkeypatch.setenv(policy.PUBLIC, "1")
    monkeypatch.setenv(policy.STUDIES, json.dumps([str(study_folder)]))
    return study_folder


@pytest.fixture
def another(public: Path, tmp_path: Path) -> Path:
    """A study on the server's disk that it was not started with."""
    return Path(shutil.copytree(public, tmp_path / "another"))


def shown(at: AppTest) -> str:
    """All that a page sends to a browser: text, labels, help, keys."""
    return "\n".join([page_text(at), *(str(block.proto) for block in at if getattr(block, "proto", None) is not None)])


@pytest.mark.parametrize("name", SHOWS_PATHS)
def test_no_page_shows_where_anything_lies(public: Path, page: Open, name: str) -> None:
    text = shown(page(name))
    assert str(public.parent) not in text
    assert str(policy.first_folder().parent) not in text


def test_at_home_the_same_pages_say_where_the_study_lies(study_folder: Path, page: Open) -> None:
    assert study_list.shown(study_folder) in shown(page("studies"))


def test_no_page_asks_for_a_path(public: Path, page: Open) -> None:
    at = page("studies")
    assert not at.text_input
    assert "on your own machine" in page_text(at)
    assert [item.folder for item in study_list.summaries()] == [public]


def test_another_study_is_refused_without_looking(another: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "session_state", {"entered": True})
    for folder in (another, another.parent / "nothing", another / ".." / "another"):
        with pytest.raises(NiwtError, match="only the studies of this server") as problem:
            session.open_study(folder)
        assert str(another.parent) not in str(problem.value)
    monkeypatch.setattr(st, "session_state", {"entered": True, "study_folder": str(another)})
    with pytest.raises(NiwtError, match="only the studies of this server"):
        session.current_study()


def test_the_command_is_not_checked_against_the_disk(public: Path, tmp_path: Path) -> None:
    for root in (str(tmp_path), "/etc", "~"):
        with pytest.raises(NiwtError, match="cannot be named here"):
            study_list.checks(Wanted("folder", root, "studies/mine"))
    with pytest.raises(NiwtError, match="cannot be named here"):
        policy.require_paths()


def test_a_form_of_an_old_page_opens_nothing(
    study_folder: Path, page: Open, another_page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who kept a page from before the switch, or made its messages up, is refused all the same."""
    at = another_page
    monkeypatch.setenv(policy.PUBLIC, "1")
    button = next(button for button in at.button if button.label == "Open")
    at.text_input(key="elsewhere_folder").set_value("/etc")
    at = went_well(button.click().run())
    assert "/etc" not in page_text(at)


@pytest.fixture
def another_page(page: Open) -> AppTest:
    """The Studies page of one's own machine."""
    return page("studies")


def test_a_damaged_study_is_named_without_its_folder(
    public: Path, tmp_path: Path, page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "of mine" / "broken"
    shutil.copytree(public, broken)
    (broken / "study.json").write_text("{")
    monkeypatch.setenv("NIWT_STUDY", str(broken))
    monkeypatch.setenv(policy.STUDIES, json.dumps([str(broken)]))
    text = shown(page("studies"))
    assert "broken" in text
    assert str(tmp_path) not in text
    assert "of mine" not in text


def test_a_command_is_shown_without_what_it_named(public: Path) -> None:
    assert policy.command_shown("niwt prepare cub --root ../private/birds --out /srv/x") == "niwt prepare cub"


def test_commands_to_copy_name_no_folder_of_the_server(public: Path) -> None:
    assert str(public.parent) not in baselines.clip_command(small_study())


STEP = some.text("abcdefghijklmnop0123456789._-", min_size=1, max_size=12).filter(lambda step: step.strip("."))


@given(steps=some.lists(STEP, min_size=2, max_size=6), before=some.sampled_from(["", "~", "C:"]))
def test_of_every_path_only_its_last_step_is_left(steps: list[str], before: str) -> None:
    path = f"{before}/{'/'.join(steps)}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(policy.PUBLIC, "1")
        patch.setenv(policy.STUDIES, json.dumps(["/studies/birds"]))
        text = policy.without_paths(f"cannot read {path}, try again")
    assert text == f"cannot read {steps[-1]}, try again"


@pytest.mark.parametrize(
    "text", ["https://example.org/a/b", "3/4 of the pictures", "crown/bill", "and/or", "a / b / c"]
)
def test_what_is_no_path_stays(public: Path, text: str) -> None:
    assert policy.without_paths(text) == text


def test_a_study_without_a_list_is_the_one_it_was_started_with(
    study_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(policy.PUBLIC, "1")
    monkeypatch.delenv(policy.STUDIES, raising=False)
    assert policy.public_studies() == (study_folder,)
    assert not policy.may_name_paths()


def test_on_ones_own_machine_nothing_is_refused(study_folder: Path) -> None:
    assert policy.may_name_paths()
    policy.require_paths()
    policy.require_study(Path("/anywhere"))
    assert policy.limits() is None
    assert policy.without_paths("/home/me/birds") == "/home/me/birds"
