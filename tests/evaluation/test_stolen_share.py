"""Biases of a stolen share against counting the pictures that are stolen."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from niwt_core.evaluation.margins import Margins
from niwt_core.evaluation.metrics import calibration_curve, score
from niwt_core.evaluation.stolen_share import fit_stolen_share, recalibrated, stolen_bias, stolen_biases
from niwt_core.method.head import fit_head
from niwt_core.method.leave_one_out import left_out_logits
from tests.support.tiny_networks import normal


def taken(margins: np.ndarray, bias: float) -> int:
    """Pictures of one class's margins that it takes, one at a time."""
    return sum(1 for margin in margins if margin + bias > 0)


@given(st.integers(0, 1000), st.integers(3, 60), st.floats(0.0, 0.9))
def test_each_class_takes_its_share_and_no_more(seed, count, share):
    margins = np.random.default_rng(seed).normal(size=(count, 4)) * [1, 2, 5, 0.1] + [0, -3, 4, 1]
    biases = stolen_biases(margins, share)
    for c in range(4):
        assert abs(taken(margins[:, c], biases[c]) - min(share * count, count - 2)) <= 1  # a picture is taken or not


def test_a_whole_number_of_pictures_is_met_exactly():
    margins = np.random.default_rng(0).normal(size=(200, 3))
    for pictures in (0, 1, 7, 40):
        biases = stolen_biases(margins, (pictures + 0.5) / 200)
        assert [taken(margins[:, c], biases[c]) for c in range(3)] == [pictures + 0] * 3 or [
            taken(margins[:, c], biases[c]) for c in range(3)
        ] == [pictures + 1] * 3


def test_many_shares_are_each_alone_and_rise_with_the_share():
    margins = np.random.default_rng(1).normal(size=(90, 5))
    shares = np.array([0.0, 0.01, 0.013, 0.1, 0.5, 1.0])
    together = stolen_biases(margins, shares)
    assert together.shape == (6, 5)
    np.testing.assert_allclose(together, [stolen_biases(margins, share) for share in shares])
    assert (np.diff(together, axis=0) >= 0).all()
    assert np.isfinite(stolen_biases(margins[:1], 0.5)).all()


def seen_side(seed: int = 0, count: int = 80):
    """(head, features, labels, decay) of four seen classes."""
    labels = torch.arange(count) % 4
    features = normal(4, 12, seed=seed)[labels] * 2 + normal(count, 12, seed=seed + 1) + 1
    return fit_head(features, labels, classes=4, decay=1e-2), features, labels, 1e-2


def test_one_class_alone_has_the_bias_that_counting_gives():
    head, features, labels, decay = seen_side()
    best = left_out_logits(head, features, labels, decay=decay).max(1).values
    for seed, share in ((3, 0.03), (4, 0.1), (5, 0.5)):
        row = 2 * normal(12, seed=seed)
        bias = stolen_bias(row, 0.4, head, features.half(), best, share)
        margins = ((features.half().double() - head.mean) @ row.double() + 0.4 - best).numpy()
        assert bias == pytest.approx(float(stolen_biases(margins[:, None], share)[0]), abs=1e-6)
        assert abs(taken(margins, bias) - share * len(margins)) <= 1


def test_a_class_has_the_same_bits_whatever_the_threads_and_its_neighbours():
    head, features, labels, decay = seen_side()
    best, row = left_out_logits(head, features, labels, decay=decay).max(1).values, normal(12, seed=7)
    threads = torch.get_num_threads()
    actual = set()
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            actual.add(stolen_bias(row, 0.1, head, features.half(), best, 0.05))
    finally:
        torch.set_num_threads(threads)
    assert len(actual) == 1
    options = {"decay": decay, "share": 0.05, "shrinkage": 0.0, "norm": 1.0, "typical_rows": normal(4, 12, seed=8)}
    alone = fit_stolen_share(head, features, labels, row[None], **options)
    among = fit_stolen_share(head, features, labels, torch.stack([normal(12, seed=9), row]), **options)
    level = float(head.biases.mean())
    wanted = np.float32(stolen_bias(row, level, head, features.half(), best, 0.05))
    assert float(alone.biases[0]) == float(among.biases[1]) == wanted


def test_shrinkage_draws_towards_the_mean_of_the_described_classes():
    head, features, labels, decay = seen_side()
    rows = 2 * normal(3, 12, seed=5)
    options = {"decay": decay, "share": 0.05, "norm": 0.7, "typical_rows": normal(4, 12, seed=8)}
    unshrunk, half, all_alike = (
        fit_stolen_share(head, features, labels, rows, shrinkage=shrinkage, **options) for shrinkage in (0.0, 0.5, 1.0)
    )
    assert unshrunk.anchor == half.anchor == pytest.approx(float(unshrunk.biases.double().mean()), abs=1e-6)
    np.testing.assert_allclose(half.biases, (unshrunk.biases + unshrunk.anchor) / 2, atol=1e-6)
    np.testing.assert_allclose(all_alike.biases, [unshrunk.anchor] * 3, atol=1e-6)
    assert half.shrunk(float(unshrunk.biases[0])) == pytest.approx(float(half.biases[0]), abs=1e-6)


def test_without_described_classes_the_anchor_is_what_seen_ones_would_need():
    head, features, labels, decay = seen_side()
    typical = 2 * normal(4, 12, seed=8)
    actual = fit_stolen_share(
        head,
        features,
        labels,
        torch.zeros(0, 12),
        decay=decay,
        share=0.1,
        shrinkage=0.5,
        norm=1.0,
        typical_rows=typical,
    )
    wanted = []
    for c in range(4):  # what a class would take of the others' pictures
        margins = (features.half().double() - head.mean) @ typical[c].double() + head.biases.mean() - actual.best_seen
        wanted.append(float(stolen_biases(margins[labels != c].numpy()[:, None], 0.1)[0]))
    assert actual.anchor == pytest.approx(np.mean(wanted), abs=1e-6)
    assert len(actual.biases) == 0


def test_another_share_is_as_if_it_had_been_fitted_so():
    head, features, labels, decay = seen_side()
    rows, typical = 2 * normal(3, 12, seed=5), normal(4, 12, seed=8)
    options = {"decay": decay, "shrinkage": 0.25, "norm": 0.7, "typical_rows": typical}
    one, other = (fit_stolen_share(head, features, labels, rows, share=share, **options) for share in (0.05, 0.2))
    again = recalibrated(
        type(one)(**{**one.facts(), "share": 0.2}, best_seen=one.best_seen, biases=one.biases),
        head, features.half(), labels, rows, typical_rows=typical,
    )  # fmt: skip
    assert torch.equal(again.biases, other.biases)
    assert again.anchor == other.anchor


@pytest.mark.parametrize("seed", range(4))
def test_margins_give_what_scores_with_the_biases_in_place_give(seed):
    random = np.random.default_rng(seed)
    seen, described, count = 4, 3, 90
    labels = random.integers(0, seen + described, count)
    logits = random.normal(size=(count, seen + described)) + 2 * np.eye(seen + described)[labels]
    of_seen = labels < seen
    margins = Margins.of_logits(
        (logits[:, :seen].max(1), logits[:, seen:]),
        (logits[of_seen, :seen], logits[of_seen, seen:], labels[of_seen]),
        (logits[~of_seen, :seen], logits[~of_seen, seen:], labels[~of_seen] - seen),
    )
    biases = margins.biases(np.array([0.021, 0.104]), np.array([0.0, 0.5, 1.0]))
    assert biases.shape == (2, 3, described)
    actual = margins.outcome(biases)
    mask = np.arange(seen + described) < seen
    for place in np.ndindex(2, 3):
        raised = logits + np.concatenate([np.zeros(seen), biases[place]])
        predicted = raised.argmax(1)
        hits = {c: 100 * np.mean(predicted[labels == c] == c) for c in range(seen + described)}
        assert actual.U[place] == pytest.approx(np.mean([hits[c] for c in range(seen, seen + described)]))
        assert actual.S[place] == pytest.approx(np.mean([hits[c] for c in range(seen)]))
        curve, wanted = margins.curve(biases=biases[place]), calibration_curve(score(raised, labels, mask))
        assert curve.ausuc == pytest.approx(wanted.ausuc)
        among = raised[:, seen:].argmax(1) + seen
        per_class = [100 * np.mean(among[labels == c] == c) for c in range(seen, seen + described)]
        assert margins.zsl(biases[place]) == pytest.approx(np.mean(per_class))
