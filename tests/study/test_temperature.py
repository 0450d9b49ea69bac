"""A study's temperature: of the shipped study, and that test pictures play no part in it."""

from dataclasses import replace

import numpy as np
import torch

from niwt_core.evaluation.temperature import expected_calibration_error
from niwt_core.study.evaluate import evaluate, to_json
from niwt_core.study.temperature import temperature_of
from tests.support.tiny_aviary import shipped_aviary


def test_percentages_of_the_shipped_study_mean_something():
    study = shipped_aviary()
    pictures = np.flatnonzero(study.split != "train")
    logits = study.full_head.logits(study.features[torch.from_numpy(pictures)].float())
    logits = logits - study.gamma * torch.from_numpy(study.seen)
    before = expected_calibration_error(logits, study.labels[pictures])
    after = expected_calibration_error(logits, study.labels[pictures], temperature=temperature_of(study))
    assert after <= 5 < before
    said = to_json(study, evaluate(study))
    assert said["temperature"] == temperature_of(study)
    assert (said["ece_before"], said["ece"]) == (round(before, 4), round(after, 4))


def test_test_pictures_play_no_part():
    study = shipped_aviary()
    train = torch.from_numpy(np.flatnonzero(study.split == "train"))
    spoiled = torch.full_like(study.features, 7.0)
    spoiled[train] = study.features[train]
    assert temperature_of(replace(study, features=spoiled)) == temperature_of(study)


def test_without_training_pictures_logits_stay_as_they_are():
    study = shipped_aviary()
    assert temperature_of(replace(study, split=np.full(len(study.split), "test_seen"))) == 1
