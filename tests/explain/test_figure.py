"""The figure of an explanation: its bars are the parts of the score and the neurons that are named."""

import pytest

from niwt_core.explain.figure import score_steps
from tests.support.small_study import small_study


@pytest.fixture(scope="module", params=["third.1", "second.1"])
def answer(request):
    study = small_study(layer=request.param)
    return study.classifier().classify(study.gallery.jpeg(3))


def test_the_steps_lead_from_zero_to_the_score(answer):
    for item in answer.ranking:
        explanation = answer.explain(item.name)
        *parts, total = score_steps(explanation.evidence, explanation.observations, shown=3)
        assert (total.start, total.total) == (0, True)
        assert total.end == pytest.approx(explanation.score, abs=1e-3)
        assert not any(part.total for part in parts)
        left_out = total.end - sum(part.end - part.start for part in parts)
        assert abs(left_out) < 5 * 0.005  # parts too small for a line
        known = sorted((abs(item.evidence) for item in explanation.observations), reverse=True)[:3]
        sizes = [abs(part.end - part.start) for part in parts]
        for value in known:
            assert any(size == pytest.approx(value) for size in sizes)


def test_bars_are_the_parts_and_the_neurons(answer):
    explanation = answer.explain()
    sums, neurons = explanation.figure().axes
    steps = score_steps(explanation.evidence, explanation.observations)
    assert [(bar.get_x(), bar.get_width()) for bar in sums.patches] == [
        pytest.approx((step.start, step.end - step.start)) for step in steps
    ]
    shown = sorted((part.contribution for part in (*explanation.supporting, *explanation.opposing)), reverse=True)
    assert [bar.get_width() for bar in neurons.patches] == pytest.approx(shown)
    names = [label.get_text() for label in neurons.get_yticklabels()]
    assert len(names) == len(shown)
    assert f"({explanation.supporting[0].index})" in names[0]


def test_with_the_answer_the_picture_stands_first(answer):
    picture, sums, neurons = answer.explain().figure(answer).axes
    assert len(picture.images) == 1
    assert len(picture.images[0].get_array()) == min(answer.picture.image.size)
    assert sums.patches
    assert neurons.patches
