"""Charts that show what matters: bars of resting neurons are cut, axis titles fit a telephone, the matrix names its classes."""

import numpy as np
import pytest

from niwt_core.knowledge.class_names import display_name
from pages.components.dictionary.neuron_charts import BINS, visible_top
from pages.components.shared.charts import TITLE_LINE, wrapped
from tests.support.opened import charts_of
from tests.support.small_study import small_study


def test_a_bar_of_resting_neurons_is_cut_and_said() -> None:
    random = np.random.default_rng(0)
    resting = np.concatenate([np.zeros(900), random.uniform(0.2, 1, 100)])
    awake = random.uniform(0, 1, 500)
    top, words = visible_top([awake, resting], 0.0, 1.0)
    shares = [100 * np.histogram(side, BINS, (0, 1))[0] / len(side) for side in (awake, resting)]
    assert top == pytest.approx(1.25 * max(share[1:].max() for share in shares))
    assert "90 %" in words
    assert visible_top([awake, awake], 0.0, 1.0) == (0.0, "")
    assert visible_top([np.zeros(0), np.zeros(0)], 0.0, 1.0) == (0.0, "")
    assert visible_top([np.zeros(5)], 0.0, 0.0) == (0.0, "")


def test_axis_titles_are_lines_that_fit() -> None:
    title = "predictability: cosine of predicted to measured neurons"
    lines = wrapped(title).split("<br>")
    assert " ".join(lines) == title
    assert max(map(len, lines)) <= TITLE_LINE


def test_the_confusion_matrix_names_every_class(page) -> None:  # type: ignore[no-untyped-def]
    chart = next(c for c in charts_of(page("measure")) if any(t["type"] == "heatmap" for t in c["data"]))
    heat = next(trace for trace in chart["data"] if trace["type"] == "heatmap")
    assert set(heat["x"]) == {display_name(name) for name in small_study().classes}
    assert chart["layout"]["xaxis"]["showticklabels"] is True
    assert chart["layout"]["yaxis"]["dtick"] == 1
