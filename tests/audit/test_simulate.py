"""A class that never was: drawn, built and measured in one call."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from niwt_core.classify.recipe import Recipe
from niwt_core.data.aviary import ATTRIBUTE_GROUPS
from niwt_core.errors import NiwtError
from tests.support.small_study import small_study
from tests.support.tiny_aviary import described, shipped_aviary, tiny_aviary

WHOLE = {group: values[0] for group, values in ATTRIBUTE_GROUPS.items()}


def test_every_picture_shows_the_description():
    simulated = tiny_aviary().imagine(WHOLE, n=3)
    assert [dict(picture.attributes) for picture in simulated.pictures] == [WHOLE] * 3
    assert all(picture.image.size == (32, 32) for picture in simulated.pictures)


def test_the_report_is_what_the_answers_say():
    study = tiny_aviary()
    simulated = study.imagine(WHOLE, n=6, name="Patchwork Bird")
    best = [answer.best.name for answer in simulated.answers]
    assert simulated.recognised == pytest.approx(100 * best.count("Patchwork Bird") / 6)
    assert sum(count for _, count in simulated.confusions) == 6 - best.count("Patchwork Bird")
    assert all(best.count(name) == count for name, count in simulated.confusions)
    assert {item.name for item in simulated.answers[0].ranking} == {*study.seen_classes, "Patchwork Bird"}
    assert simulated.chance == pytest.approx(100 / 46)


def test_the_same_seed_gives_the_same_pictures_and_another_seed_others():
    one, again, other = (tiny_aviary().imagine(WHOLE, n=2, seed=seed) for seed in (5, 5, 6))
    pixels = [np.stack([np.asarray(picture.image) for picture in item.pictures]) for item in (one, again, other)]
    assert np.array_equal(pixels[0], pixels[1])
    assert not np.array_equal(pixels[0], pixels[2])
    assert not np.array_equal(pixels[0][0], pixels[0][1])


def test_what_is_left_open_is_drawn_as_the_seen_classes_have_it():
    crowns = {
        picture.attributes["crown color"] for picture in tiny_aviary().imagine({"bill shape": "cone"}, n=12).pictures
    }
    assert len(crowns) > 1
    pictures = tiny_aviary().imagine({"crown color": {"red": 0.5, "blue": 0.5}}, n=12).pictures
    assert {picture.attributes["crown color"] for picture in pictures} == {"red", "blue"}


def test_a_recipe_brings_its_own_name_and_base():
    study = tiny_aviary()
    parent = study.unseen_classes[0]
    simulated = study.imagine(Recipe("Redcap", {"crown color": "red"}, like=parent), n=2)
    assert simulated.name == "Redcap"
    assert dict(simulated.pictures[0].attributes) == described(study, parent) | {"crown color": "red"}


def test_the_class_is_the_one_that_a_classifier_builds():
    study = tiny_aviary()
    assert torch.equal(study.imagine(WHOLE, n=1).built.weights, study.classifier().add("Same", WHOLE).weights)


@pytest.mark.parametrize("n", [0, 1001])
def test_the_number_of_pictures_is_checked(n):
    with pytest.raises(NiwtError, match="1 to 1000"):
        tiny_aviary().imagine(WHOLE, n=n)


def test_mistakes_in_the_description_are_named():
    with pytest.raises(NiwtError, match="crown color"):
        tiny_aviary().imagine({"crown colour": "red"}, n=1)
    with pytest.raises(NiwtError, match="seen class"):
        tiny_aviary().imagine(WHOLE, n=1, name=tiny_aviary().seen_classes[0])


def test_only_the_aviary_can_be_drawn():
    with pytest.raises(NiwtError, match="Aviary"):
        small_study().imagine(WHOLE)
    knowledge = replace(tiny_aviary().knowledge, kind="embedding")
    with pytest.raises(NiwtError, match="in attributes"):
        replace(tiny_aviary(), knowledge=knowledge).imagine(WHOLE)


def test_the_shipped_study_recognises_birds_that_it_never_saw():
    study = shipped_aviary()
    recognised = []
    for name in study.unseen_classes[:3]:
        simulated = study.imagine(described(study, name), n=32, name=f"New {name}")
        recognised.append(simulated.recognised)
    assert np.mean(recognised) >= 70  # chance is 2
