"""A study's temperature: of the shipped study, and that test pictures play no part in it."""

import json
from dataclasses import replace

import numpy as np
import torch

from niwt_core import save_study
from niwt_core.evaluation.temperature import expected_calibration_error, fit_first_answer
from niwt_core.study.calibration import with_gamma
from niwt_core.study.evaluate import evaluate, to_json
from niwt_core.study.temperature import FEWEST, temperature_of
from tests.support.small_study import small_study
from tests.support.tiny_aviary import shipped_aviary


def test_percentages_of_the_shipped_study_mean_something():
    study = shipped_aviary()
    pictures = np.flatnonzero(study.split != "train")
    logits = study.full_head.logits(study.features[torch.from_numpy(pictures)].float())
    logits = logits - study.gamma * torch.from_numpy(study.seen)
    before = expected_calibration_error(logits, study.labels[pictures])
    after = expected_calibration_error(logits, study.labels[pictures], temperature=temperature_of(study))
    assert after <= 5 < before
    text = to_json(study, evaluate(study))
    assert text["temperature"] == temperature_of(study)
    assert (text["ece_before"], text["ece"]) == (round(before, 4), round(after, 4))


def test_test_pictures_play_no_part():
    study = shipped_aviary()
    train = torch.from_numpy(np.flatnonzero(study.split == "train"))
    spoiled = torch.full_like(study.features, 7.0)
    spoiled[train] = study.features[train]
    assert temperature_of(replace(study, features=spoiled, temperature=None)) == temperature_of(
        replace(study, temperature=None)
    )


def test_without_training_pictures_logits_stay_as_they_are():
    study = shipped_aviary()
    assert temperature_of(replace(study, split=np.full(len(study.split), "test_seen"), temperature=None)) == 1


def test_a_prepared_study_keeps_its_temperature_and_its_id_does_not_depend_on_it(tmp_path):
    study = small_study()
    assert (
        study.temperature == temperature_of(study) != temperature_of(replace(study, temperature=None))
    )  # by the folds, by pictures
    assert json.loads((study.folder / "study.json").read_text())["temperature"] == study.temperature
    without = save_study(replace(study, temperature=None), tmp_path / "early")
    assert (without.temperature, without.id) == (None, study.id)
    assert with_gamma(study).temperature is None  # another calibration, another temperature


def test_beside_a_head_trained_elsewhere_its_photographs_are_used():
    study = replace(
        small_study(), kind="classifier", split=np.full(len(small_study().split), "test_seen"), temperature=None
    )
    assert temperature_of(study) == 1.0  # too few
    many = np.resize(np.flatnonzero(study.seen[study.labels]), 4 * FEWEST)
    features, labels = study.features[torch.from_numpy(many)], study.labels[many]
    actual = temperature_of(replace(study, features=features, labels=labels, split=np.full(len(many), "test_seen")))
    logits = study.full_head.logits(features.float()) - study.gamma * torch.from_numpy(study.seen)
    assert actual == fit_first_answer(logits, torch.from_numpy(labels))
