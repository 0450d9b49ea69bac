"""Leaving classes out in closed form against refitting without each class, and every figure against loops over photographs."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from niwt_core.errors import NiwtError
from niwt_core.evaluation.described_margins import (
    Photographs,
    among_left_out,
    at_gamma,
    at_share,
    gamma_of_share,
    margins,
    share_biases,
)
from niwt_core.evaluation.leave_one_class_out import (
    choose_ridge,
    leave_one_class_out,
    left_out_path,
    left_out_rows,
    left_out_rows_as_stated,
)

CLASSES, ATTRIBUTES, FEATURES = 14, 9, 11


def problem(seed: int = 0, noise: float = 0.3, per_class: int = 3) -> tuple[np.ndarray, Photographs]:
    """Rows that follow from attributes, but for noise, and photographs near their class's row."""
    random = np.random.default_rng(seed)
    descriptions = random.choice([0, 0, 0.5, 1], size=(CLASSES, ATTRIBUTES))
    rows = (
        descriptions @ random.normal(size=(ATTRIBUTES, FEATURES))
        + noise * random.normal(size=(CLASSES, FEATURES))
        + 0.5
    )
    labels = random.permutation(np.repeat(np.arange(CLASSES), per_class))
    features = rows[labels] + random.normal(size=(len(labels), FEATURES))
    return descriptions, Photographs(features, labels, rows, random.normal(size=CLASSES))


@pytest.mark.parametrize("ridge", [0.01, 0.3, 5.0])
def test_rows_are_those_of_a_ridge_refitted_without_the_class(ridge: float) -> None:
    descriptions, photographs = problem()
    units = photographs.rows / np.linalg.norm(photographs.rows, axis=1, keepdims=True)
    centred = descriptions - descriptions.mean(0)
    added = ridge * (centred**2).sum() / CLASSES  # the mean eigenvalue of the Gram matrix
    ours = left_out_rows(descriptions, photographs.rows, ridge=ridge)
    for c in range(CLASSES):
        others = np.arange(CLASSES) != c
        refitted = Ridge(alpha=added).fit(descriptions[others], units[others]).predict(descriptions[[c]])[0]
        np.testing.assert_allclose(ours[c], refitted / np.linalg.norm(refitted), atol=1e-9)


@pytest.mark.parametrize("ridge", [0.01, 0.3, 5.0])
def test_a_left_out_class_may_be_told_in_other_words(ridge: float) -> None:
    descriptions, photographs = problem()
    stated = np.random.default_rng(5).random(descriptions.shape)
    units = photographs.rows / np.linalg.norm(photographs.rows, axis=1, keepdims=True)
    added = ridge * ((descriptions - descriptions.mean(0)) ** 2).sum() / CLASSES
    ours = left_out_rows_as_stated(descriptions, stated, photographs.rows, ridge=ridge)
    for c in range(CLASSES):
        others = np.arange(CLASSES) != c
        refitted = Ridge(alpha=added).fit(descriptions[others], units[others]).predict(stated[[c]])[0]
        np.testing.assert_allclose(ours[c], refitted / np.linalg.norm(refitted), atol=1e-9)
    same = left_out_rows_as_stated(descriptions, descriptions, photographs.rows, ridge=ridge)
    np.testing.assert_allclose(same, left_out_rows(descriptions, photographs.rows, ridge=ridge), atol=1e-9)


def test_a_class_row_never_enters_its_own_prediction() -> None:
    descriptions, photographs = problem()
    before = left_out_rows(descriptions, photographs.rows, ridge=0.3)
    changed = photographs.rows.copy()
    changed[4] = np.random.default_rng(9).normal(size=FEATURES)
    after = left_out_rows(descriptions, changed, ridge=0.3)
    np.testing.assert_allclose(after[4], before[4], atol=1e-10)
    assert np.abs(after - before).max() > 1e-3  # the others do learn from it


def test_margins_are_those_of_a_loop() -> None:
    descriptions, photographs = problem(1)
    rows = left_out_rows(descriptions, photographs.rows, ridge=0.3)
    m = margins(rows, photographs, norm=0.8)
    length = 0.8 * np.linalg.norm(photographs.rows, axis=1).mean()
    for i, (x, label) in enumerate(zip(photographs.features, photographs.labels, strict=True)):
        trained = photographs.rows @ x + photographs.biases
        for c in range(CLASSES):
            described = length * rows[c] @ x + photographs.biases.mean()
            others = sorted(np.delete(trained, c))
            if c == label:
                assert np.isnan(m.other[i, c])
                assert m.described[i] == pytest.approx(described - others[-1])
                assert m.fifth[i] == pytest.approx(described - others[-5])
            else:
                assert m.other[i, c] == pytest.approx(described - others[-1])


def test_figures_at_a_gamma_are_counted() -> None:
    descriptions, photographs = problem(2)
    m = margins(left_out_rows(descriptions, photographs.rows, ridge=0.3), photographs)
    point = at_gamma(m, 0.7)
    first, stolen = np.zeros(CLASSES), np.zeros(CLASSES)
    for c in range(CLASSES):
        mine = photographs.labels == c
        first[c] = np.mean([m.described[i] + 0.7 > 0 for i in np.flatnonzero(mine)])
        stolen[c] = np.mean([m.other[i, c] + 0.7 > 0 for i in np.flatnonzero(~mine)])
    assert point.top1 == pytest.approx(100 * first.mean())
    assert point.stolen == pytest.approx(100 * stolen.mean())
    assert point.top5 >= point.top1


def test_gamma_of_a_share_takes_that_share() -> None:
    descriptions, photographs = problem(3, per_class=20)
    m = margins(left_out_rows(descriptions, photographs.rows, ridge=0.3), photographs)
    assert at_gamma(m, gamma_of_share(m, 0.1)).stolen == pytest.approx(10, abs=0.2)


def test_biases_take_the_share_class_by_class_and_shrink_to_their_mean() -> None:
    descriptions, photographs = problem(4, per_class=30)
    m = margins(left_out_rows(descriptions, photographs.rows, ridge=0.3), photographs)
    biases = share_biases(m.other, 0.1, shrinkage=0.0)
    taken = np.nanmean(np.where(np.isnan(m.other), np.nan, m.other + biases > 0), axis=0)
    np.testing.assert_allclose(taken, 0.1, atol=0.004)
    np.testing.assert_allclose(share_biases(m.other, 0.1, shrinkage=1.0), biases.mean())
    assert share_biases(m.other, 0.1, shrinkage=0.5).std() == pytest.approx(biases.std() / 2)


def test_a_share_is_measured_on_photographs_that_did_not_set_it() -> None:
    descriptions, photographs = problem(5, per_class=40)
    m = margins(left_out_rows(descriptions, photographs.rows, ridge=0.3), photographs)
    point = at_share(m, 0.1, shrinkage=0.0, folds=CLASSES)
    taken = np.zeros((2, CLASSES))
    for held_out in range(CLASSES):  # one fold is one class
        judged = photographs.labels == held_out
        bias = share_biases(m.other[~judged], 0.1, 0.0)
        for c in set(range(CLASSES)) - {held_out}:
            taken[0, c] += (m.other[judged, c] + bias[c] > 0).sum()
            taken[1, c] += judged.sum()
    assert point.stolen == pytest.approx(100 * (taken[0] / taken[1]).mean())
    assert point.stolen > 10  # new classes are taken more easily than those that set the bias


def test_a_class_of_many_photographs_counts_once() -> None:
    descriptions, photographs = problem(6)
    more = np.concatenate([np.arange(len(photographs.labels)), np.repeat(np.flatnonzero(photographs.labels == 3), 10)])
    repeated = Photographs(photographs.features[more], photographs.labels[more], photographs.rows, photographs.biases)
    rows = left_out_rows(descriptions, photographs.rows, ridge=0.3)
    one, many = (at_gamma(margins(rows, p), 0.5) for p in (photographs, repeated))
    assert one.top1 == pytest.approx(many.top1)


def test_descriptions_help_and_shuffled_ones_do_not() -> None:
    descriptions, photographs = problem(7, noise=0.05, per_class=10)
    shuffled = descriptions[np.random.default_rng(0).permutation(CLASSES)]
    right, wrong = (leave_one_class_out(d, photographs, ridge=0.05, ways=CLASSES) for d in (descriptions, shuffled))
    assert right.zsl > 2 * wrong.zsl
    assert right.cosine.mean() > wrong.cosine.mean() + 0.3
    assert right.at_share.top1 > wrong.at_share.top1


def test_accuracy_among_all_left_out_classes_is_a_plain_argmax() -> None:
    descriptions, photographs = problem(8)
    rows = left_out_rows(descriptions, photographs.rows, ridge=0.3)
    right = (photographs.features @ rows.T).argmax(1) == photographs.labels
    assert among_left_out(margins(rows, photographs), CLASSES, draws=1) == pytest.approx(100 * right.mean())


def test_the_ridge_is_the_largest_that_recognises_about_most() -> None:
    descriptions, photographs = problem(9, per_class=10)
    ridges = (0.01, 0.1, 0.3, 1.0, 100.0)
    chosen = choose_ridge(descriptions, photographs, ridges=ridges, share=0.05)
    path = left_out_path(descriptions, photographs.rows, ridges=ridges)
    top1 = [at_share(margins(rows, photographs), 0.05).top1 for rows in path]
    error = 100 * np.sqrt(max(top1) / 100 * (1 - max(top1) / 100) / len(photographs.labels))
    assert chosen == max(r for r, score in zip(ridges, top1, strict=True) if score >= max(top1) - error)
    assert chosen < 100  # which shrinks every class to the mean


def test_what_does_not_fit_is_refused() -> None:
    descriptions, photographs = problem()
    with pytest.raises(NiwtError, match="13 descriptions for 14 classes"):
        left_out_rows(descriptions[1:], photographs.rows, ridge=1.0)
    with pytest.raises(NiwtError, match="labels outside"):
        Photographs(photographs.features, photographs.labels + 1, photographs.rows, photographs.biases)
