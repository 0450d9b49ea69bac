"""Metrics, calibration and their area against naive loops, brute force and dense sampling."""

import numpy as np
import pytest
import torch

from niwt_core.evaluation.metrics import (
    GAMMA_STEPS,
    CalibrationCurve,
    average,
    calibrated,
    calibration_curve,
    class_averaged,
    class_weights,
    confusion,
    harmonic_mean,
    metrics,
    score,
)

SEEN = np.array([True, False, True, True, False])


def problem(seed: int, n: int = 120, ties: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Logits (n,5) that are right about half the time, and labels with unequal class sizes."""
    random = np.random.default_rng(seed)
    labels = random.choice(5, size=n, p=[0.3, 0.25, 0.2, 0.15, 0.1])
    logits = random.normal(size=(n, 5))
    logits[np.arange(n), labels] += random.uniform(0, 3, n)
    return (np.round(logits * 2) / 2 if ties else logits), labels


def naive(logits: np.ndarray, labels: np.ndarray, gamma: float) -> tuple[float, float, float]:
    """(U, S, ZSL) in percent, one picture and one class at a time."""
    accuracies: dict[str, list[float]] = {"U": [], "S": [], "zsl": []}
    for c in range(5):
        right = alone = count = 0
        for row, label in zip(logits, labels, strict=True):
            if label != c:
                continue
            count += 1
            best = max(range(5), key=lambda other: (row[other] - gamma * SEEN[other], not SEEN[other]))
            right += best == c
            among = [other for other in range(5) if not SEEN[other]]
            alone += max(among, key=lambda other: row[other]) == c
        if count:
            accuracies["S" if SEEN[c] else "U"].append(right / count)
            if not SEEN[c]:
                accuracies["zsl"].append(alone / count)
    return tuple(100 * sum(values) / len(values) for values in accuracies.values())


@pytest.mark.parametrize("gamma", [-1.0, 0.0, 0.7, 2.0, 9.0])
@pytest.mark.parametrize("seed", range(5))
def test_metrics_against_naive_loops(seed, gamma):
    logits, labels = problem(seed)
    result = metrics(score(logits, labels, SEEN), gamma)
    u, s, zsl = naive(logits, labels, gamma)
    assert (result.U, result.S, result.zsl) == pytest.approx((u, s, zsl))
    assert pytest.approx(2 * u * s / (u + s) if u + s else 0) == result.H
    assert result.gamma == gamma


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_the_curve_against_brute_force(seed, ties):
    logits, labels = problem(seed, ties=ties)
    scored = score(logits, labels, SEEN)
    curve = calibration_curve(scored)
    assert (np.diff(curve.gammas) > 0).all()
    between = (curve.gammas + np.append(curve.gammas[1:], curve.gammas[-1] + 1)) / 2
    for at, gamma in enumerate(between):
        brute = metrics(scored, float(gamma))
        assert (curve.unseen[at], curve.seen[at]) == pytest.approx((brute.U, brute.S))
        exactly = metrics(scored, float(curve.gammas[at]))  # the step itself belongs to what follows
        assert pytest.approx((brute.U, brute.S)) == (exactly.U, exactly.S)
    assert curve.unseen[0] == 0
    assert curve.seen[-1] == pytest.approx(0)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_area_against_dense_sampling(seed, ties):
    logits, labels = problem(seed, ties=ties)
    scored = score(logits, labels, SEEN)
    points = [metrics(scored, gamma) for gamma in np.linspace(-10, 10, 1001)]
    seen, unseen = np.array([(point.S, point.U) for point in points]).T / 100
    area = sum((a - b) * (u + v) / 2 for a, b, u, v in zip(seen, seen[1:], unseen, unseen[1:], strict=False))
    assert calibration_curve(scored).ausuc == pytest.approx(area, abs=5e-3)


def test_area_of_a_perfect_and_of_a_useless_scorer():
    labels = np.arange(5).repeat(4)
    perfect = np.eye(5)[labels] * 10
    assert calibration_curve(score(perfect, labels, SEEN)).ausuc == pytest.approx(1)
    wrong = np.roll(np.eye(5), 1, axis=1)[labels]
    assert calibration_curve(score(wrong, labels, SEEN)).ausuc < 0.3


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_best_gamma_reaches_the_highest_h(seed, ties):
    logits, labels = problem(seed, ties=ties)
    scored = score(logits, labels, SEEN)
    curve = calibration_curve(scored)
    margins = logits[:, SEEN].max(1) - logits[:, ~SEEN].max(1)  # nothing changes but there
    brute = max(metrics(scored, gamma).H for gamma in margins + 1e-9)
    assert pytest.approx(brute) == metrics(scored, curve.best_gamma()).H
    assert curve.harmonic.max() == pytest.approx(brute)


def test_best_gamma_stands_in_the_middle_of_the_widest_stretch():
    curve = CalibrationCurve(
        np.array([0.0, 1.0, 1.2, 4.0, 8.0]), np.array([0, 50, 0, 50, 50.0]), np.array([50, 50, 50, 50, 0.0])
    )
    assert curve.best_gamma() == 6.0


def test_class_averages_do_not_count_pictures():
    labels = np.array([0, 0, 0, 0, 1])
    assert class_averaged(np.array([True] * 4 + [False]), labels) == 50
    np.testing.assert_allclose(class_weights(labels), [0.125] * 4 + [0.5])
    assert np.isnan(class_averaged(np.zeros(0, bool), np.zeros(0, int)))


def test_harmonic_mean_of_nothing_is_nothing():
    assert harmonic_mean(0, 0) == 0
    np.testing.assert_allclose(harmonic_mean(np.array([60.0, 0]), np.array([30.0, 50])), [40, 0])


def test_confusion_counts():
    counts = confusion(np.array([1, 1, 0, 2]), np.array([1, 0, 0, 2]), classes=4)
    assert counts.tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]


def test_average_is_the_best_mean_h_of_all_gammas():
    random, curves = np.random.default_rng(0), []
    for _ in range(3):
        labels = random.integers(0, 4, 60)
        logits = random.normal(size=(60, 4)) + 2 * np.eye(4)[labels]
        curves.append(calibration_curve(score(logits, labels, np.array([True, True, False, False]))))
    means = [np.mean([curve.at(gamma).H for curve in curves]) for gamma in GAMMA_STEPS]
    gamma, u, s, h = average(curves)
    assert h == pytest.approx(max(means))
    assert np.mean([curve.at(gamma).H for curve in curves]) == pytest.approx(h)
    assert min(u, s) > 0


def test_the_curve_at_a_gamma_is_what_counting_gives():
    logits, labels = problem(3)
    curve = calibration_curve(score(logits, labels, SEEN))
    gammas = np.array([-9.0, -0.3, 0.0, 0.4, 1.1, 9.0])
    for place, gamma in enumerate(gammas):
        wanted = metrics(score(logits, labels, SEEN), gamma)
        assert curve.at(float(gamma)) == pytest.approx((wanted.U, wanted.S, wanted.H))
        assert [part[place] for part in curve.at(gammas)] == pytest.approx([wanted.U, wanted.S, wanted.H])


def test_calibrated_logits_are_those_of_seen_classes_less_gamma():
    logits = torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0]])
    assert calibrated(logits, SEEN, 0.5).tolist() == [[0.5, 2.0, 2.5, 3.5, 5.0]]
    assert calibrated(logits, torch.from_numpy(SEEN), 0.0).tolist() == logits.tolist()
