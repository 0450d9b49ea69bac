"""The bias that is read off a row: its measures by hand, its weights by scikit-learn, and what it is for."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression

from niwt_core.evaluation.bias_by_row import NEAREST, bias_by_row, by_some_words, fit_by_row, row_measures
from niwt_core.evaluation.described_margins import Photographs, margins
from niwt_core.evaluation.leave_one_class_out import left_out_rows, left_out_rows_as_stated

CLASSES, WORDS, WIDTH = 40, 24, 30


@pytest.fixture(scope="module")
def world() -> tuple[np.ndarray, Photographs]:
    """(descriptions (C,K), photographs): rows follow from words, photographs from rows."""
    random = np.random.default_rng(0)
    encoded = (random.random((CLASSES, WORDS)) < 0.3).astype(float)
    rows = encoded @ random.normal(size=(WORDS, WIDTH)) + 0.3 * random.normal(size=(CLASSES, WIDTH))
    labels = np.repeat(np.arange(CLASSES), 8)
    features = 2 + rows[labels] / 3 + random.normal(size=(len(labels), WIDTH))
    return encoded, Photographs(features, labels, rows, random.normal(size=CLASSES))


def test_measures_by_hand(world):
    _, photographs = world
    rows, typical = photographs.rows, photographs.features.mean(0)
    new = np.random.default_rng(1).normal(size=(3, WIDTH))
    centred = rows - rows.mean(0)
    for row, (near, score) in zip(new, row_measures(new, rows, typical), strict=True):
        cosine = [float(row @ other) / np.linalg.norm(row) / np.linalg.norm(other) for other in centred]
        assert near == pytest.approx(np.mean(sorted(cosine)[-NEAREST:]))
        assert score == pytest.approx(row @ typical / np.linalg.norm(row))
    near = row_measures(rows, rows, typical, left_out=True)[:, 0]
    for c in (0, 17):
        others = np.delete(rows, c, 0) - rows.mean(0)
        cosine = others @ rows[c] / np.linalg.norm(others, axis=1) / np.linalg.norm(rows[c])
        assert near[c] == pytest.approx(np.sort(cosine)[-NEAREST:].mean())  # itself is not among them


def test_weights_are_those_of_least_squares(world):
    encoded, photographs = world
    few = by_some_words(encoded, 3, seed=0)
    by_row = fit_by_row(encoded, [few], photographs, ridge=0.3, share=0.05)
    typical = photographs.features.mean(0)
    torch.testing.assert_close(by_row[:-3].double(), torch.from_numpy(typical), atol=1e-5, rtol=1e-5)
    table, wanted = [], []
    for stated in (None, few):
        rows = (
            left_out_rows(encoded, photographs.rows, ridge=0.3)
            if stated is None
            else left_out_rows_as_stated(encoded, stated, photographs.rows, ridge=0.3)
        )
        table.append(row_measures(rows, photographs.rows, typical, left_out=True))
        wanted.append(-np.nanquantile(margins(rows, photographs).other, 0.95, axis=0))
    fitted = LinearRegression().fit(np.concatenate(table), np.concatenate(wanted))
    np.testing.assert_allclose(by_row[-3:-1], fitted.coef_, rtol=1e-4)
    assert by_row[-1].item() == pytest.approx(fitted.intercept_, rel=1e-4)
    new = torch.randn(WIDTH, generator=torch.Generator().manual_seed(0))
    head = torch.from_numpy(photographs.rows).float()
    measures = row_measures(new.double().numpy()[None], head.double().numpy(), typical)
    assert bias_by_row(new, head, by_row) == pytest.approx(float(fitted.predict(measures)[0]), abs=1e-3)
    assert bias_by_row(3 * new, head, by_row) == pytest.approx(bias_by_row(new, head, by_row), abs=1e-5)


def test_few_words_take_what_many_take(world):
    """At one bias for all, classes of few words take another share than those described in full; by their rows they take nearly the same."""
    encoded, photographs = world
    few = by_some_words(encoded, 3, seed=1)
    by_row = fit_by_row(encoded, [by_some_words(encoded, 3, seed=0)], photographs, ridge=0.3, share=0.05)
    full = left_out_rows(encoded, photographs.rows, ridge=0.3)
    hasty = left_out_rows_as_stated(encoded, few, photographs.rows, ridge=0.3)
    anchor = float(-np.nanquantile(margins(full, photographs).other, 0.95, axis=0).mean())
    typical, weights = by_row[:-3].double().numpy(), by_row[-3:].double().numpy()

    def taken(rows: np.ndarray, bias: np.ndarray | float) -> float:
        return float(np.nanmean(margins(rows, photographs).other > -bias, axis=0).mean())

    def by_its_row(rows: np.ndarray) -> np.ndarray:
        measures = row_measures(rows, photographs.rows, typical, left_out=True)
        return np.column_stack([measures, np.ones(len(rows))]) @ weights

    apart = abs(taken(full, anchor) - taken(hasty, anchor))
    assert abs(taken(full, by_its_row(full)) - taken(hasty, by_its_row(hasty))) < apart / 2


def test_some_words_are_some_of_the_words():
    values = np.array([[1, 1, 0.5, 0, 1], [0, 0, 0.5, 1, 0]], np.float32)
    actual = by_some_words(values, 2, seed=0)
    assert actual.sum(1).tolist() == [2, 1]
    assert ((actual == 0) | (values == 1)).all()
    np.testing.assert_array_equal(actual, by_some_words(values, 2, seed=0))
