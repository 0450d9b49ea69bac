"""Evidence of many pictures at once is what each has by itself."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from niwt_core.explain.contrast import encoded_description
from niwt_core.explain.evidence import evidence_for
from niwt_core.explain.leading_evidence import leading_evidence
from tests.support.small_study import small_study


@pytest.mark.parametrize("layer", ["third.1", "second.1"])
def test_it_is_the_evidence_of_each_picture(layer):
    study = small_study(layer=layer)
    classifier = study.classifier()
    classifier.add("Red one", {"crown color": "red"})
    answers = [classifier.classify(study.gallery.jpeg(item)) for item in range(6)]
    candidates = [classifier.candidate(answer.best.name) for answer in answers]
    candidates[0] = classifier.candidate("Red one")
    descriptions = np.stack(
        [encoded_description(study, candidate, answer) for candidate, answer in zip(candidates, answers, strict=True)]
    )
    features = torch.stack([answer.picture.features for answer in answers])
    actual = leading_evidence(study, features, descriptions, most=3)
    for answer, candidate, description, leading in zip(answers, candidates, descriptions, actual, strict=True):
        terms = evidence_for(study, answer.picture, candidate, description).terms
        best = [j for j in np.argsort(-terms, kind="stable")[:3] if terms[j] > 0]
        assert [j for j, _ in leading] == best
        np.testing.assert_allclose([value for _, value in leading], terms[best], atol=1e-9)


def test_there_is_none_without_words():
    study = small_study()
    other = replace(study, knowledge=replace(study.knowledge, kind="embedding"))
    assert leading_evidence(other, study.features[:2].float(), study.encoded_knowledge[:2]) == ((), ())
