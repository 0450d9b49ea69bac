"""Figures of an evaluation show its numbers, and leave Matplotlib's global state alone."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from niwt_core.evaluation.metrics import Metrics
from niwt_core.study.evaluate import evaluate
from niwt_core.study.figure import classes_figure, gamma_range
from tests.support.small_study import small_study


@pytest.fixture(scope="module")
def evaluation():
    return evaluate(small_study())


def test_the_balance_is_the_curve(evaluation):
    figure = replace(evaluation, baselines={"Other": Metrics(10, 60, 17, 20, 0.1)}).figure()
    balance, trade = figure.axes
    curve, metrics = evaluation.curve, evaluation.metrics
    lines = {line.get_label(): line for line in balance.lines}
    low, high = gamma_range(curve, metrics.gamma)
    for name in ("U", "S", "H"):
        x, y = lines[name].get_data()
        assert (x[0], x[-1]) == pytest.approx((low, high))
        for at in (0, 57, len(x) - 1):  # read off the curve by hand
            last = np.flatnonzero(curve.gammas <= x[at])
            step = last[-1] if len(last) else 0
            U, S = curve.unseen[step], curve.seen[step]
            assert y[at] == pytest.approx({"U": U, "S": S, "H": 2 * U * S / (U + S) if U + S else 0}[name])
    upright = next(line for line in balance.lines if len(set(line.get_xdata())) == 1)
    assert upright.get_xdata()[0] == metrics.gamma
    points = [tuple(mark.get_offsets()[0]) for mark in trade.collections]
    assert points == [pytest.approx((metrics.S, metrics.U)), (60, 10)]
    texts = [text.get_text() for text in trade.texts]
    assert "Other" in texts
    assert any(f"AUSUC {curve.ausuc:.3f}" in text for text in texts)


def test_levels_of_H_are_where_H_is(evaluation):
    trade = evaluation.figure().axes[1]
    for H, line in zip((20, 40, 60, 80), trade.lines, strict=False):
        S, U = line.get_data()
        assert np.allclose(2 * S * U / (S + U), H)


def test_every_tested_class_has_a_mark():
    accuracy = np.array([90.0, np.nan, 30.0, 55.0])
    ease, seen = np.array([0.5, 0.6, 0.7, 0.8]), np.array([True, True, False, False])
    axes = classes_figure(accuracy, ease, seen, width=4, height=3).axes[0]
    marks = {mark.get_gid(): mark.get_offsets().tolist() for mark in axes.collections}
    assert marks == {"seen": [[0.5, 90.0]], "unseen": [[0.7, 30.0], [0.8, 55.0]]}


def test_nothing_is_loaded_before_somebody_draws():
    """Neither a study nor fragments of a report load Matplotlib, and drawing loads no pyplot."""
    code = (
        "import sys, niwt_core, niwt_core.study.evaluate, niwt_core.explain.explanation, niwt_core.report.document\n"
        "assert 'matplotlib' not in sys.modules\n"
        "from niwt_core.study import figure; from niwt_core.explain import figure\n"
        "assert 'matplotlib' in sys.modules and 'matplotlib.pyplot' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
