"""What an explanation adds up to, on a tiny seeded study: exact where it is said to be exact."""

import numpy as np
import pytest
import torch

from niwt_core.classify.answer import Answer
from niwt_core.explain.contrast import contrast_classes
from niwt_core.explain.contributions import average_activation, integrated_gradients, neuron_contributions
from niwt_core.explain.detector import Detectors, Sighting
from niwt_core.explain.expected import expected_in
from niwt_core.knowledge.encoding import encode
from tests.support.small_study import small_study
from tests.support.tiny_aviary import shipped_aviary

LAYERS = ("third.1", "second.1")  # pooling alone follows; a convolution follows


def answered(layer: str, item: int = 3) -> Answer:
    study = small_study(layer=layer)
    classifier = study.classifier()
    classifier.add("Ruby Needlebill", {"crown color": "red", "bill shape": "needle"})
    return classifier.classify(study.gallery.jpeg(item))


@pytest.mark.parametrize("layer", LAYERS)
def test_contributions_and_residual_add_up_to_the_score(layer):
    answer = answered(layer)
    study, classifier = answer.classifier.study, answer.classifier
    for item in answer.ranking:
        explanation = answer.explain(item.name)
        candidate = classifier.candidate(item.name)
        gamma = study.gamma if item.kind == "seen" else 0.0
        total = float(explanation.contributions.double().sum()) + explanation.baseline + explanation.residual
        assert total == pytest.approx(item.score - candidate.bias + gamma, abs=1e-4)
        assert abs(explanation.residual) < (1e-4 if study.network.identity_tail else 0.15)  # of scores up to 11


def test_integrated_gradients_against_a_fine_integral_of_finite_differences():
    study = small_study(layer="second.1")
    picture = study.classifier().encode(study.gallery.jpeg(5))
    row = study.head.rows[1].double()
    tail = study.network.tail
    A = picture.activations  # (1, N, H, W)
    start = average_activation(study).reshape(1, -1, 1, 1).expand_as(A)

    def score(activations: torch.Tensor) -> torch.Tensor:
        return tail(activations).double() @ row

    with torch.no_grad():
        times, step = (torch.arange(400) + 0.5) / 400, 1e-3
        path = torch.cat([start + t * (A - start) for t in times])  # (400, N, H, W)
        parts = []
        for n in range(A.shape[1]):  # the slope along neuron n's own share of the step, at every point of the path
            along = torch.zeros_like(A)
            along[:, n] = (A - start)[:, n]
            parts.append(float(((score(path + step * along) - score(path - step * along)) / (2 * step)).mean()))
        difference = float(score(A) - score(start))
    actual = integrated_gradients(lambda a: tail(a) @ row.float()[:, None], A, start, steps=64)[0]
    assert sum(parts) == pytest.approx(difference, abs=0.02 * max(abs(difference), 1))
    np.testing.assert_allclose(actual.numpy(), parts, atol=0.02 * max(map(abs, parts)))


def test_integrated_gradients_are_exact_on_a_quadratic():
    generator = torch.Generator().manual_seed(0)
    A, start = torch.rand(1, 3, 2, 2, generator=generator), torch.rand(1, 3, 2, 2, generator=generator)
    parts = integrated_gradients(lambda a: (a * a).sum((2, 3)), A, start, steps=2)  # a score for each of the three
    torch.testing.assert_close(parts, torch.diag((A * A - start * start)[0].sum((1, 2))))


@pytest.mark.parametrize("layer", LAYERS)
def test_a_contrast_is_the_other_way_round_from_the_other_side(layer):
    answer = answered(layer)
    first, second = (answer.classifier.candidate(answer.ranking[i].name) for i in (0, 2))
    one, two = (contrast_classes(answer, a, b, shown=1000) for a, b in ((first, second), (second, first)))
    assert one.margin == pytest.approx(-two.margin)
    assert not {word.attribute for word in one.words} & {word.attribute for word in two.words}
    rows = torch.stack([first.row - second.row, second.row - first.row])
    forward, back = neuron_contributions(answer.classifier.study, answer.picture, rows)[0]
    torch.testing.assert_close(forward, -back)


def test_words_say_whether_the_class_has_them():
    study = small_study()
    answer = study.classifier().classify(study.gallery.jpeg(3))
    contrast = answer.explain(answer.ranking[0].name, versus=answer.ranking[1].name).contrast
    values = study.knowledge.values
    mine, other = (values[study.classes.index(answer.ranking[i].name)] for i in (0, 1))
    for word in contrast.words:
        j = study.knowledge.names.index(word.attribute)
        assert word.present == (mine[j] > other[j])


@pytest.mark.parametrize("layer", LAYERS)
def test_a_flip_is_what_the_changed_description_does(layer):
    study = small_study(layer=layer)
    tried = 0
    for item in range(len(study.gallery)):
        for name in study.unseen_classes:  # transferred rows: rebuilding them is the whole truth
            classifier = study.classifier()
            classifier.add("Mine", {}, like=name)
            answer = classifier.classify(study.gallery.jpeg(item))
            runner_up = next(entry for entry in answer.ranking if entry.name not in ("Mine", name))
            contrast = answer.explain("Mine", versus=runner_up.name).contrast
            if contrast.margin <= 0 or not contrast.counterfactual:
                continue
            tried += 1
            values = classifier.built["Mine"].values.copy()
            goal = study.knowledge.values[study.classes.index(runner_up.name)]
            for word in contrast.counterfactual:
                j = study.knowledge.names.index(word.attribute)
                values[j] = goal[j]
            row = study.affine.solve(encode(values, study.encoding))
            moved = float((row - classifier.built["Mine"].weights) @ (answer.picture.features - study.head.mean))
            assert contrast.margin + moved == pytest.approx(
                contrast.margin - sum(word.score for word in contrast.counterfactual), abs=1e-3
            )
            assert contrast.flips == (contrast.margin + moved <= 1e-3)
    assert tried >= 3


def test_a_class_behind_needs_no_flip():
    answer = answered("third.1")
    contrast = answer.explain(answer.ranking[2].name, versus=answer.ranking[0].name).contrast
    assert contrast.margin < 0
    assert contrast.counterfactual == ()
    assert contrast.flips


def test_a_silent_neuron_is_told_from_a_loud_one():
    answer = answered("third.1")
    explanation = answer.explain()
    usual = average_activation(answer.classifier.study)
    for part in (*explanation.supporting, *explanation.opposing):
        assert part.excess == pytest.approx(float(answer.picture.pooled[part.index] - usual[part.index]))
    assert all(part.contribution > 0 for part in explanation.supporting)
    assert all(part.contribution < 0 for part in explanation.opposing)
    assert [part.contribution for part in explanation.opposing] == sorted(
        part.contribution for part in explanation.opposing
    )


def test_what_is_seen_does_not_depend_on_the_class():
    study = shipped_aviary()
    answer = study.classifier().classify(study.gallery.jpeg(0))
    looked = dict(
        zip(study.knowledge.names, Detectors.of(study).look(answer.picture.pooled, expected_in(answer)), strict=True)
    )
    for item in (answer.ranking[0], answer.ranking[1], answer.ranking[-1]):
        explanation = answer.explain(item.name)
        values = dict(zip(study.knowledge.names, study.knowledge.of(item.name), strict=True))
        assert {one.attribute: one.sighting for one in explanation.observations} == looked
        assert {one.attribute: one.promised for one in explanation.observations} == values
        assert {one.attribute for one in explanation.missing} == {
            name for name, sighting in looked.items() if sighting is Sighting.NOT_SEEN and values[name]
        }
        terms = [one.evidence for one in explanation.observations]
        assert terms == sorted(terms, reverse=True)
        assert sum(terms) == pytest.approx(explanation.evidence.described)
        assert explanation.evidence.score == pytest.approx(item.score, abs=1e-4)


def test_a_contrast_confirms_what_the_picture_shows():
    study = shipped_aviary()
    answer = study.classifier().classify(study.gallery.jpeg(0))
    looked = dict(
        zip(study.knowledge.names, Detectors.of(study).look(answer.picture.pooled, expected_in(answer)), strict=True)
    )
    for item in answer.ranking[1:9]:
        contrast = answer.explain(item.name, versus=answer.best.name).contrast
        for word in contrast.confirmed:
            assert looked[word.attribute] is (Sighting.SEEN if word.present else Sighting.NOT_SEEN)
        named = {word.attribute for word in contrast.confirmed}
        for word in contrast.words[: len(contrast.confirmed)]:
            agrees = looked[word.attribute] is (Sighting.SEEN if word.present else Sighting.NOT_SEEN)
            assert (word.attribute in named) == agrees


def test_a_wrong_class_is_told_what_it_lacks():
    study = shipped_aviary()
    answer = study.classifier().classify(study.gallery.jpeg(0))
    right, wrong = answer.explain(), answer.explain(answer.ranking[-1].name)
    assert not right.missing
    assert len(wrong.missing) >= 5
    assert "Against its description, it finds no " in wrong.sentence
    assert "Against" not in right.sentence
