"""What the ranking expects of a picture, by hand; and that nothing is claimed which it does not agree to."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from niwt_core.classify.answer import Answer
from niwt_core.explain.consent import LIKELY, UNLIKELY, Expected
from niwt_core.explain.detector import PRESENT, Detectors, Sighting
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
    assert expected.possible.shape == expected.certain.shape == (len(study.knowledge.names),)
    built = answer.classifier.built["Ruby Needlebill"].values
    for k in range(len(study.knowledge.names)):
        possible = certain = 0.0
        for item in answer.ranking:
            values = built if item.kind == "built" else study.knowledge.of(item.name)
            possible += item.probability * (values[k] / study.knowledge.scale >= PRESENT)
            certain += item.probability * (values[k] / study.knowledge.scale > PRESENT)
        assert expected.possible[k] == pytest.approx(possible, abs=1e-6)
        assert expected.certain[k] == pytest.approx(certain, abs=1e-6)


def test_sometimes_is_not_surely():
    answer = answered()
    study = answer.classifier.study
    values = study.knowledge.values.copy()
    values[:, 0] = PRESENT * study.knowledge.scale
    halved = replace(study, knowledge=replace(study.knowledge, values=values))
    expected = expected_in(halved.classifier().classify(study.gallery.jpeg(3)))
    assert expected.possible[0] == pytest.approx(1)
    assert expected.certain[0] == 0


def test_many_pictures_at_once_are_as_one_by_one():
    answers = [answered(item) for item in (0, 3)]
    classifier = answers[0].classifier
    place = [item.name for item in classifier.candidates]
    probabilities = np.zeros((2, len(place)))
    for row, answer in zip(probabilities, answers, strict=True):
        for item in answer.ranking:
            row[place.index(item.name)] = item.probability
    actual = expected_attributes(classifier, torch.from_numpy(probabilities))
    for i, answer in enumerate(answers):
        np.testing.assert_allclose(actual[i].possible, expected_in(answer).possible, atol=1e-6)
        np.testing.assert_allclose(actual[i].certain, expected_in(answer).certain, atol=1e-6)


def detectors(score: float = -9.0, **more: torch.Tensor) -> Detectors:
    """Detectors that give both of two attributes this score, whatever the picture."""
    return Detectors(
        torch.zeros(1, 2), torch.tensor([score, score]), 0.8, 0.3, (), 1.0, np.ones(2), 1, 1, 1, 0, 1, **more
    )


def test_what_a_likely_class_has_is_not_denied():
    possible = np.array([UNLIKELY * 1.01, UNLIKELY * 0.99])
    expected = Expected(possible, 0 * possible)
    assert detectors().look(torch.zeros(1), expected) == (Sighting.CANNOT_TELL, Sighting.NOT_SEEN)
    rows = np.stack([possible, 0 * possible, 1 + 0 * possible])
    several = detectors().claims(torch.zeros(3, 1), Expected(rows, 0 * rows))
    assert several.tolist() == [[0, -1], [-1, -1], [0, 0]]


def test_what_likely_classes_lack_is_not_seen():
    certain = np.array([LIKELY * 0.99, LIKELY * 1.01])
    assert detectors(0.9).look(torch.zeros(1)) == (Sighting.SEEN, Sighting.SEEN)
    assert detectors(0.9).look(torch.zeros(1), Expected(certain, certain)) == (Sighting.CANNOT_TELL, Sighting.SEEN)
    only_sometimes = Expected(np.ones(2), np.zeros(2))
    assert detectors(0.9).look(torch.zeros(1), only_sometimes) == (Sighting.CANNOT_TELL, Sighting.CANNOT_TELL)


def test_with_the_ranking_each_attribute_has_its_threshold():
    sure = Expected(np.ones(2), np.ones(2))
    uneven = detectors(0.5, above=torch.tensor([0.4, float("inf")]))
    assert uneven.look(torch.zeros(1), sure) == (Sighting.SEEN, Sighting.CANNOT_TELL)
    assert uneven.look(torch.zeros(1)) == (Sighting.CANNOT_TELL, Sighting.CANNOT_TELL)
    assert detectors(0.5).look(torch.zeros(1), sure) == (Sighting.CANNOT_TELL, Sighting.CANNOT_TELL)


def test_detectors_that_know_what_single_pictures_show_need_no_ranking():
    scaling = torch.tensor([[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    nothing, everything = Expected(np.zeros(2), np.zeros(2)), Expected(np.ones(2), np.ones(2))
    assert detectors(scaling=scaling).look(torch.zeros(1), everything) == (Sighting.NOT_SEEN, Sighting.NOT_SEEN)
    assert detectors(9.0, scaling=scaling).look(torch.zeros(1), nothing) == (Sighting.SEEN, Sighting.SEEN)


def test_an_explanation_denies_nothing_of_the_class_it_believes_in():
    answer = answered()
    study = answer.classifier.study
    actual = Detectors.of(study)
    assert actual is not None
    assert actual.by_table
    blind = replace(actual, not_seen_below=np.inf, seen_above=np.inf, above=None)  # denies whatever it may
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
    blind = replace(actual, not_seen_below=np.inf, seen_above=np.inf, above=None)
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
