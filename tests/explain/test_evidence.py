"""Evidence against the score that the classifier gives, and against what a changed picture or description does."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from niwt_core import NiwtError
from niwt_core.explain.contrast import encoded_description
from niwt_core.explain.evidence import evidence_for, evidence_map
from tests.support.small_study import small_study
from tests.support.tiny_aviary import shipped_aviary

LAYERS = ("third.1", "second.1")  # pooling alone follows; a convolution follows


def answered(layer: str, item: int = 3):
    study = small_study(layer=layer)
    classifier = study.classifier()
    classifier.add("Ruby Needlebill", {"crown color": "red", "bill shape": "needle"})
    return classifier.classify(study.gallery.jpeg(item))


def evidence_of(answer, name: str, gamma: float = 0.0):
    candidate = answer.classifier.candidate(name)
    study = answer.classifier.study
    description = encoded_description(study, candidate, answer)
    return evidence_for(study, answer.picture, candidate, description, gamma=gamma)


@pytest.mark.parametrize("layer", LAYERS)
def test_terms_and_named_rest_add_up_to_the_score(layer):
    answer = answered(layer)
    kinds = set()
    for item in answer.ranking:
        actual = evidence_of(answer, item.name, gamma=answer.classifier.gamma if item.kind == "seen" else 0.0)
        assert actual.score == pytest.approx(item.score, abs=1e-5 * max(1, abs(item.score)))
        kinds.add(str(item.kind))
        if item.kind != "seen":  # nothing but the description made this row
            assert actual.learned == pytest.approx(0, abs=1e-5)
        else:
            study, c = answer.classifier.study, answer.classifier.study.classes.index(item.name)
            row = answer.classifier.candidate(item.name).row - study.transferred_row(c)
            learned = float(row.double() @ (answer.picture.features - study.head.mean).double())
            assert actual.learned == pytest.approx(learned, abs=1e-5 * max(1, abs(learned)))
    assert kinds == {"seen", "unseen", "built"}


def test_the_shipped_study_adds_up_too():
    study = shipped_aviary()
    answer = study.classifier().classify(study.gallery.jpeg(0))
    for item in answer.ranking:
        actual = evidence_of(answer, item.name, gamma=study.gamma if item.kind == "seen" else 0.0)
        assert actual.score == pytest.approx(item.score, abs=1e-5 * max(1, abs(item.score)))


@pytest.mark.parametrize("layer", LAYERS)
def test_a_term_is_what_its_attribute_adds_to_the_row(layer):
    """By moving one attribute of the description to the average, with the length of the row held."""
    answer = answered(layer)
    study, candidate = answer.classifier.study, answer.classifier.candidate("Ruby Needlebill")
    k = encoded_description(study, candidate, answer)
    average = study.encoded_knowledge[study.seen].mean(0)
    about = (answer.picture.features - study.head.mean).double()
    length = float(study.affine.direction(torch.from_numpy(k).float()).norm())
    actual = evidence_of(answer, candidate.name)
    for j in range(0, len(k), 7):
        moved = k.copy()
        moved[j] = average[j]
        rows = [study.affine.direction(torch.from_numpy(d).float()).double() for d in (k, moved)]
        difference = float((rows[0] - rows[1]) @ about) * study.affine.norm / length
        assert actual.terms[j] == pytest.approx(difference, abs=1e-4)


def test_the_average_picture_gives_no_evidence():
    answer = answered("third.1")
    study = answer.classifier.study
    picture = type(answer.picture)(
        answer.picture.image, answer.picture.input, answer.picture.activations, study.head.mean
    )
    candidate = answer.classifier.candidate(answer.best.name)
    actual = evidence_for(study, picture, candidate, encoded_description(study, candidate, answer))
    np.testing.assert_allclose(actual.terms, 0)
    assert (actual.common, actual.learned) == (0, 0)
    assert actual.score == candidate.bias


def test_the_positions_of_a_map_add_up_to_the_term():
    answer = answered("third.1")
    study = answer.classifier.study
    for name in ("Ruby Needlebill", study.seen_classes[0], study.unseen_classes[0]):
        candidate = answer.classifier.candidate(name)
        description = encoded_description(study, candidate, answer)
        terms = evidence_for(study, answer.picture, candidate, description).terms
        for j in range(0, len(terms), 5):
            values, enlarged = evidence_map(study, answer.picture, description, j)
            assert values.shape == answer.picture.activations.shape[2:]
            assert float(values.sum()) == pytest.approx(terms[j], abs=1e-5)
            assert enlarged.values.shape == answer.picture.input.shape[2:]


def test_evidence_is_where_the_activation_is():
    answer = answered("third.1")
    study, candidate = answer.classifier.study, answer.classifier.candidate("Ruby Needlebill")
    description = encoded_description(study, candidate, answer)
    j = int(np.argmax(np.abs(evidence_for(study, answer.picture, candidate, description).terms)))
    before, _ = evidence_map(study, answer.picture, description, j)
    activations = answer.picture.activations.clone()
    activations[0, :, 2, 3] += 1.0
    changed, _ = evidence_map(study, replace(answer.picture, activations=activations), description, j)
    moved = (changed - before).abs() > 1e-12
    assert moved.nonzero().tolist() == [[2, 3]]


def test_there_is_no_map_where_positions_do_not_add_up():
    answer = answered("second.1")
    study, candidate = answer.classifier.study, answer.classifier.candidate("Ruby Needlebill")
    with pytest.raises(NiwtError, match="average pooling"):
        evidence_map(study, answer.picture, encoded_description(study, candidate, answer), 0)
