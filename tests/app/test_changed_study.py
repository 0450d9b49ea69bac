"""A study that is copied over, prepared again or deleted while the app has it open: said, and nothing of the old one is shown or read."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from niwt_core import Recipe
from tests.support.opened import ROOT, page_text, went_well
from tests.support.small_study import small_study


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the small study, as the app's study."""
    copy = Path(shutil.copytree(small_study().folder, tmp_path / "study"))
    monkeypatch.setenv("NIWT_STUDY", str(copy))
    monkeypatch.setattr("pages.serving.preload.begin", lambda folder: None)  # its thread may notice first
    monkeypatch.setattr("sys.argv", ["app.py"])
    return copy


@pytest.fixture
def at(folder: Path) -> AppTest:
    """The app on it, with a class that was built."""
    return went_well(AppTest.from_file(ROOT / "app.py", default_timeout=60).run())


def again(at: AppTest) -> AppTest:
    """The next run of the same session by way of app.py, as a browser asks for it; AppTest would run the page's own file."""
    another = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    for key in ("entered", "class_histories", "study_ids"):
        if key in at.session_state:
            another.session_state[key] = at.session_state[key]
    return went_well(another.run())


def copied_over(folder: Path, other: Path) -> None:
    """As ``cp other/* folder`` does where the names were removed before: other files under the same names."""
    for path in other.iterdir():
        (folder / path.name).unlink(missing_ok=True)
        shutil.copyfile(path, folder / path.name)


def test_files_copied_over_it(folder: Path, at: AppTest) -> None:
    history = next(iter(at.session_state["class_histories"].values()))
    before = history.classifier.study
    history.classifier.add_recipe(Recipe("Mine", like=before.unseen_classes[0]))
    copied_over(folder, small_study().folder)
    at = again(at)
    assert "changed since it was opened" in at.error[0].value
    assert "Prepare another" in page_text(at)  # the Studies page
    at = again(at)
    assert not at.error
    (history,) = at.session_state["class_histories"].values()
    assert history.classifier.study is not before  # whose tensors lie in files that are gone


def test_prepared_again(folder: Path, at: AppTest) -> None:
    shutil.rmtree(folder)
    shutil.copytree(small_study(layer="second.1").folder, folder)
    at = again(at)
    assert "was prepared again" in at.warning[0].value
    assert not again(at).warning


def test_deleted(folder: Path, at: AppTest) -> None:
    shutil.rmtree(folder)
    at = again(at)
    assert at.error
    assert "no study there" in at.error[0].value.casefold()


def test_damaged(folder: Path, at: AppTest) -> None:
    with open(folder / "neurons.csv", "a", encoding="utf-8") as file:
        file.write("x")
    for _ in range(2):
        at = again(at)
        assert any(word in at.error[0].value for word in ("damaged", "changed since it was opened"))
