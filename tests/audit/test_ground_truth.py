"""Measurements against the truth: that they measure what they say, and what the shipped study reaches."""

from dataclasses import asdict, replace
from functools import cache

import numpy as np
import pytest
import torch

from niwt_core.audit.ground_truth import (
    GroundTruth,
    audit_names,
    held_out_sample,
    measure_ground_truth,
    redrawn,
    shuffled_network,
)
from niwt_core.data.aviary import IN_VIEW, PART_OF_GROUP
from niwt_core.errors import NiwtError
from niwt_core.study.evaluate import evaluate, to_json
from tests.support.small_study import small_study
from tests.support.tiny_aviary import described, shipped_aviary, tiny_aviary


@cache
def shipped_ground_truth() -> GroundTruth:
    return measure_ground_truth(shipped_aviary(), per_class=2)


# --- what is measured ---------------------------------------------------------------------------------------------


def test_pictures_are_drawn_again_as_they_were():
    study = tiny_aviary()
    stored = np.stack([np.asarray(study.gallery.image(i), dtype=float) for i in range(8)])
    for i, picture in enumerate(redrawn(study, study.gallery.pictures[:8])):
        away = np.abs(np.asarray(picture.image, dtype=float) - stored).mean(
            (1, 2, 3)
        )  # the gallery's JPEG is coarse at 32 px
        assert away.argmin() == i
        assert away[i] < 0.5 * np.delete(away, i).min()
        assert dict(picture.attributes) == described(study, study.classes[study.labels[study.gallery.pictures[i]]])


def test_only_held_out_pictures_are_looked_at():
    study = tiny_aviary()
    chosen = held_out_sample(study, per_class=1, seed=0)
    assert (study.split[chosen] != "train").all()
    assert sorted(study.labels[chosen]) == list(range(len(study.classes)))


def test_words_are_judged_as_the_app_shows_them():
    study = tiny_aviary()
    chosen = held_out_sample(study, per_class=1, seed=0)
    classifier, reported = study.classifier(), []
    for picture in redrawn(study, chosen):
        for word in classifier.classify(picture.image).explain().words:
            group, _, value = word.attribute.partition("::")
            in_view = picture.visibility[PART_OF_GROUP[group]] >= IN_VIEW
            reported.append(in_view and picture.attributes[group] == value)
    ground_truth = measure_ground_truth(study, per_class=1)
    seen, unseen = ground_truth.words_seen, ground_truth.words_unseen
    assert (seen.pictures, unseen.pictures) == (45, 15)
    assert (45 * seen.true + 15 * unseen.true) / 60 == pytest.approx(100 * np.mean(reported))
    assert 20 < seen.by_frequency < 50  # a word drawn by frequency is true somewhat more often than one in four


def test_a_map_is_judged_by_the_part_of_its_word(monkeypatch):
    """A map whose peak is put in the right part always hits; in a corner it never does."""
    study = tiny_aviary()
    plain = measure_ground_truth(study, per_class=1).pointing_seen
    assert 0 < plain.anywhere < 50

    class Corner:
        def peak(self) -> tuple[int, int]:
            return 0, 0

    monkeypatch.setattr("niwt_core.audit.ground_truth.attribute_map", lambda *_, **__: Corner())
    corner = measure_ground_truth(study, per_class=1).pointing_seen
    assert corner.hits < 5
    assert (corner.maps, corner.centre, corner.anywhere) == (plain.maps, plain.centre, plain.anywhere)


def test_a_shuffled_network_has_the_same_weights_elsewhere():
    network = tiny_aviary().network
    shuffled = shuffled_network(network, seed=1)
    for name, value in network.state_dict().items():
        assert torch.equal(value.flatten().sort().values, shuffled.state_dict()[name].flatten().sort().values)
    x = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert not torch.allclose(network(x), shuffled(x))
    assert torch.equal(shuffled(x), shuffled_network(network, seed=1)(x))


def test_names_are_counted_over_live_neurons():
    study = tiny_aviary()
    one, *rest = (neuron for neuron in study.neurons if neuron.status != "dead")
    neurons = (replace(one, status="verified"), *(replace(neuron, status="unnamed") for neuron in rest))
    counted = audit_names(replace(study, neurons=neurons))
    assert counted.live == len(rest) + 1
    assert counted.verified == counted.named == pytest.approx(100 / counted.live)
    assert counted.verified_of_named == 100


def test_other_studies_are_refused():
    with pytest.raises(NiwtError, match="Aviary"):
        measure_ground_truth(small_study())
    with pytest.raises(NiwtError, match="drawn again"):
        measure_ground_truth(replace(tiny_aviary(), provenance={}))


def test_the_report_of_an_aviary_has_its_truth():
    study = tiny_aviary()
    report = to_json(study, evaluate(study), ground_truth=asdict(measure_ground_truth(study, per_class=1)))
    assert {"names", "words_unseen", "pointing_seen"} <= set(report["ground_truth"])
    assert "truth" not in to_json(small_study(), evaluate(small_study()))


# --- what the shipped study reaches -------------------------------------------------------------------------------


def test_shipped_accuracy():
    result = evaluate(shipped_aviary()).metrics
    assert result.H >= 85
    assert result.S >= 90


def test_shipped_names():
    names = audit_names(shipped_aviary())
    assert names.verified >= 60
    assert names.shuffled <= 5


def test_shipped_words_are_true():
    ground_truth = shipped_ground_truth()
    assert ground_truth.words_unseen.true >= 80
    assert ground_truth.words_unseen.true >= 2 * ground_truth.words_unseen.by_frequency
    assert ground_truth.words_shuffled.true < 1.5 * ground_truth.words_unseen.by_frequency


def test_shipped_maps_point_at_the_right_part():
    ground_truth = shipped_ground_truth()
    for pointing in (ground_truth.pointing_seen, ground_truth.pointing_unseen):
        assert pointing.hits >= 60
        assert pointing.hits >= 2 * pointing.centre
        assert pointing.hits >= 2 * pointing.random
    assert ground_truth.pointing_shuffled.hits < 0.5 * ground_truth.pointing_seen.hits
