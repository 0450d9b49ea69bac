"""The slider of what a built class may take away: it builds the class anew, says what it costs, and can be undone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from niwt_core import Recipe, Study, build_class
from niwt_core.evaluation.metrics import calibrated
from pages.components.build import taken_away
from pages.components.build.link import to_text
from pages.components.shared import session
from tests.app.test_build_page import classifier_of
from tests.support.opened import went_well
from tests.support.small_study import small_study

RED = {"crown color": "red"}


@pytest.fixture(autouse=True)
def by_share(study_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """The small study whose folds chose shares, as the app's study."""
    study = small_study(layer="second.1")
    monkeypatch.setenv("NIWT_STUDY", str(study.folder))
    return study


def slider(at: AppTest):
    return next(item for item in at.select_slider if item.label == "It may take away")


def test_it_builds_the_class_anew_and_can_be_undone(page: Callable[..., AppTest], by_share: Study) -> None:
    study = by_share
    at = page("build", **{"class": to_text(Recipe("Mine", RED))})
    before = classifier_of(at).built["Mine"].bias
    at = went_well(slider(at).set_value(2.0).run())
    built = classifier_of(at).built["Mine"]
    assert built.recipe.share == 2.0
    assert built.bias == build_class(study, Recipe("Mine", RED, share=2.0)).bias != before
    assert any("of other classes" in item.value for item in at.caption)
    at = went_well(at.button(key="undo").click().run())
    assert classifier_of(at).built["Mine"].bias == before
    at = went_well(at.button(key="redo").click().run())
    reset = next(button for button in at.button if button.label.startswith("Use the study's own"))
    at = went_well(reset.click().run())
    assert classifier_of(at).built["Mine"].recipe.share is None
    assert classifier_of(at).built["Mine"].bias == before


def test_the_cost_is_counted_on_held_out_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the classifier's own ranking of every held-out picture."""
    monkeypatch.setattr("streamlit.session_state", {"entered": True})
    built = session.add_class(Recipe("Mine", RED, share=5.0))
    study = session.current_study()
    actual = taken_away.cost(study, built)
    held_out = np.flatnonzero(study.split != "train")
    features = study.features[torch.from_numpy(held_out)].float()
    logits = calibrated(study.full_head.logits(features), study.seen, session.classifier().gamma)
    mine = (features - study.head.mean) @ built.weights + built.bias
    assert actual.others == len(held_out)
    assert actual.taken == sum(bool(score >= row.max()) for score, row in zip(mine, logits, strict=True))
    assert actual.recognised is not None


def test_a_study_that_gamma_balances_has_no_such_slider(
    page: Callable[..., AppTest], study_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NIWT_STUDY", str(study_folder))
    at = page("build", **{"class": to_text(Recipe("Mine", RED))})
    assert "Mine" in classifier_of(at).built
    assert not any(item.label == "It may take away" for item in at.select_slider)
