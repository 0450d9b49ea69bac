"""A study whose every figure is at the ceiling says so, and shows figures that still tell something."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from niwt_core.evaluation.metrics import Metrics
from niwt_core.explain.detector import Detectors
from niwt_core.study.evaluate import evaluate
from pages.components.measure.measures import at_ceiling
from tests.support.opened import page_text
from tests.support.small_study import small_study
from tests.support.tiny_aviary import shipped_aviary


def test_the_shipped_aviary_says_that_it_ranks_nothing(
    page: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    study = shipped_aviary()
    monkeypatch.setenv("NIWT_STUDY", str(study.folder))
    text = page_text(page("measure"))
    assert "cannot rank methods" in text
    assert "niwt prepare aviary --hard" in text
    detectors = Detectors.of(study)
    assert detectors is not None
    assert f"{100 * detectors.decided:.0f} %" in text
    assert f"{study.mapping.predictability.mean():.2f}" in text
    live = [neuron for neuron in study.neurons if neuron.status != "dead"]
    assert f"{sum(neuron.status == 'verified' for neuron in live)} of {len(live)} live neurons" in text


def test_others_show_the_four_figures(page: Callable[..., AppTest]) -> None:
    text = page_text(page("measure"))
    assert "cannot rank methods" not in text
    assert f"{evaluate(small_study()).metrics.zsl:.1f} %" in text


@pytest.mark.parametrize(("lowest", "expected"), [(99.0, True), (90.0, False)])
def test_one_figure_that_varies_is_enough(lowest: float, expected: bool) -> None:
    assert at_ceiling(Metrics(U=lowest, S=100.0, H=99.5, zsl=100.0, gamma=0.0)) is expected
