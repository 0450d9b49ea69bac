"""Two side by side: the pictures that two classes fight over, explanations beside each other, and maps too coarse to tell."""

from types import SimpleNamespace

import numpy as np
import torch
from streamlit.testing.v1 import AppTest

from niwt_core import Classifier, Recipe
from niwt_core.study.temperature import temperature_of
from pages.components.classify import coarse
from pages.components.classify.side_by_side import fight
from pages.components.shared import intake
from tests.support.opened import page_text, went_well, with_classes
from tests.support.small_study import small_study

RECIPES = (Recipe("First", {"crown color": "red"}), Recipe("Second", {"bill shape": "needle"}))


def two_built() -> Classifier:
    return with_classes(*RECIPES).classifier


def test_a_fight_begins_with_what_the_weaker_of_the_two_is_likeliest_for() -> None:
    classifier, study = two_built(), small_study()
    features = study.features.float()
    result = fight(classifier, features, "First", "Second")
    names = [candidate.name for candidate in classifier.candidates]
    a, b = names.index("First"), names.index("Second")
    logits = classifier.logits(features)
    scaled = (logits / temperature_of(study)).double().numpy()
    logs = (
        scaled
        - np.log(np.exp(scaled - scaled.max(1, keepdims=True)).sum(1, keepdims=True))
        - scaled.max(1, keepdims=True)
    )
    weaker = np.minimum(logs[:, a], logs[:, b])
    assert sorted(result.pictures.tolist()) == list(range(len(features)))
    assert (np.diff(weaker[result.pictures]) <= 1e-4).all()
    np.testing.assert_allclose(
        result.shares, 1 / (1 + np.exp(scaled[result.pictures, b] - scaled[result.pictures, a])), atol=1e-4
    )
    winners = scaled.argmax(1)
    assert (result.first_wins, result.second_wins) == (int((winners == a).sum()), int((winners == b).sum()))


def test_no_picture_is_no_fight() -> None:
    result = fight(two_built(), torch.zeros(0, 24), "First", "Second")
    assert len(result.pictures) == 0


def test_a_grid_of_few_places_is_too_coarse_for_grad_cam_alone() -> None:
    def answer(side: int) -> object:
        activations = torch.rand(1, 5, side, side)
        study = SimpleNamespace(network=SimpleNamespace(spatial=lambda a: a))
        return SimpleNamespace(
            classifier=SimpleNamespace(study=study), picture=SimpleNamespace(activations=activations)
        )

    assert "3 by 3" in coarse.note(answer(3), "grad-cam")  # type: ignore[arg-type]
    assert coarse.note(answer(3), "occlusion") == ""  # type: ignore[arg-type]
    assert coarse.note(answer(7), "grad-cam") == ""  # type: ignore[arg-type]


def test_two_explanations_and_two_classes_on_one_screen(page) -> None:  # type: ignore[no-untyped-def]
    at: AppTest = page("classify")
    at = went_well(at.toggle(key=intake.BESIDE).set_value(True).run())
    assert page_text(at).count('class="cls-pair"') == 2
    first, second = at.selectbox(key="side-picture-0"), at.selectbox(key="side-picture-1")
    assert first.value == second.value  # one picture so far: two classes of it
    classes = [box.value for box in at.selectbox if box.key.startswith("side-class-")]
    assert classes[0] != classes[1]
    at.session_state["class_histories"] = {small_study().id: with_classes(*RECIPES)}
    at = went_well(at.segmented_control(key="compare-what").set_value("classes").run())
    assert at.selectbox(key="fight-0").value == "First"
    assert at.selectbox(key="fight-1").value == "Second"
    assert "Pictures that they fight over" in page_text(at)
    assert "Said more of it" in page_text(at)
    at = went_well(at.selectbox(key="fight-1").set_value("First").run())
    assert not at.exception
