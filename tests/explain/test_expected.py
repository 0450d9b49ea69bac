"""What the ranking expects of a picture, by hand; and that whoever takes a picture for a class cannot deny it that class's words."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from niwt_core.classify.answer import Answer
from niwt_core.explain.detector import PRESENT, UNLIKELY, Detectors, Sighting
from niwt_core.explain.expected import expected_attributes, expected_in
from tests.support.small_study import small_study


def answered(item: int = 3) -> Answer:
    study = small_study()
    classifier = study.classifier()
    classifier.add("Ruby Needlebill", {"crown color": "red", "bill shape": "needle"})
    return classifier.classify(study.gallery.jpeg(item))


def test_an_attribute_is_as_likely_as_the_classes_that_have_it_together():
    answer = answered()
    study = answer.classifier.study
    expected = expected_in(answer)
    assert expected.shape == (len(study.knowledge.names),)
    built = answer.classifier.built["Ruby Needlebill"].values
    for k in range(len(expected)):
        total = 0.0
        for item in answer.ranking:
            values = built if item.kind == "built" else study.knowledge.of(item.name)
            total += item.probability * (values[k] / study.knowledge.scale >= PRESENT)
        assert expected[k] == pytest.approx(total, abs=1e-6)


def test_many_pictures_at_once_are_as_one_by_one():
    answers = [answered(item) for item in (0, 3)]
    classifier = answers[0].classifier
    place = [item.name for item in classifier.candidates]
    probabilities = np.zeros((2, len(place)))
    for row, answer in zip(probabilities, answers, strict=True):
        for item in answer.ranking:
            row[place.index(item.name)] = item.probability
    actual = expected_attributes(classifier, torch.from_numpy(probabilities))
    np.testing.assert_allclose(actual, np.stack([expected_in(answer) for answer in answers]), atol=1e-6)


def detectors(scaling: torch.Tensor | None = None) -> Detectors:
    """Detectors that find neither of two attributes, whatever the picture."""
    return Detectors(
        torch.zeros(1, 2), torch.tensor([-9.0, -9.0]), 0.8, 0.3, (), 1.0, np.ones(2), 1, 1, 1, 0, 1, scaling
    )


def test_what_a_likely_class_has_is_not_denied():
    expected = np.array([UNLIKELY * 1.01, UNLIKELY * 0.99])
    assert detectors().look(torch.zeros(1), expected) == (Sighting.CANNOT_TELL, Sighting.NOT_SEEN)
    several = detectors().claims(torch.zeros(3, 1), np.stack([expected, 0 * expected, 1 + 0 * expected]))
    assert several.tolist() == [[0, -1], [-1, -1], [0, 0]]


def test_detectors_that_know_what_single_pictures_show_need_no_ranking():
    by_picture = detectors(torch.tensor([[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]))
    assert by_picture.look(torch.zeros(1), np.ones(2)) == (Sighting.NOT_SEEN, Sighting.NOT_SEEN)


def test_an_explanation_denies_nothing_of_the_class_it_believes_in():
    answer = answered()
    study = answer.classifier.study
    actual = Detectors.of(study)
    assert actual is not None
    assert actual.by_table
    blind = replace(actual, not_seen_below=np.inf, seen_above=np.inf)  # denies whatever it may
    study = replace(study, detectors=blind.tensors(), temperature=0.02)  # a sure network
    answer = study.classifier().classify(study.gallery.jpeg(3))
    likely = [item for item in answer.ranking if item.probability > UNLIKELY]
    unlikely = [item for item in answer.ranking if item.probability < UNLIKELY / 4]
    assert likely
    assert unlikely
    for item in likely:
        assert answer.explain(item.name).missing == ()
        assert "Against its description" not in answer.explain(item.name).sentence
    assert any(answer.explain(item.name).missing for item in unlikely)


def test_what_a_class_has_only_sometimes_is_not_missed():
    study = small_study()
    actual = Detectors.of(study)
    assert actual is not None
    blind = replace(actual, not_seen_below=np.inf, seen_above=np.inf)
    answer = replace(study, detectors=blind.tensors(), temperature=0.02).classifier().classify(study.gallery.jpeg(3))
    explanation = answer.explain(answer.ranking[-1].name)
    lacking = explanation.missing
    assert len(lacking) > 3
    assert [item.score for item in lacking] == sorted(item.score for item in lacking)  # the surest first
    partly = replace(lacking[0], promised=PRESENT)
    others = tuple(partly if item.attribute == partly.attribute else item for item in explanation.observations)
    assert [item.attribute for item in replace(explanation, observations=others).missing] == [
        item.attribute for item in lacking[1:]
    ]
