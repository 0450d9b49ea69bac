"""Temperatures against brute force, and calibration errors against counting."""

import numpy as np
import pytest
import torch

from niwt_core.evaluation.temperature import MOST, expected_calibration_error, fit_first_answer, fit_temperature


def calibrated_at(temperature: float, n: int = 6000) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits whose softmax at ``temperature`` is the truth: labels are drawn from it."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(n, 5, generator=generator)
    labels = torch.multinomial(torch.softmax(logits / temperature, 1), 1, generator=generator)[:, 0]
    return logits, labels


@pytest.mark.parametrize("temperature", [0.01, 0.05, 0.3, 1.0, 2.5, 5.0])
def test_the_temperature_that_made_the_labels_is_found(temperature):
    logits, labels = calibrated_at(temperature)
    actual = fit_temperature([logits], [labels])
    assert actual == pytest.approx(temperature, rel=0.15)
    losses = {
        t: float(torch.nn.functional.cross_entropy(logits.double() / t, labels))
        for t in np.geomspace(temperature / 2, 2 * temperature, 800)
    }
    assert actual == pytest.approx(min(losses, key=losses.get), rel=0.002)
    assert expected_calibration_error(logits, labels.numpy(), temperature=actual) < 2.5


@pytest.mark.parametrize("temperature", [0.05, 0.3, 1.0, 2.5])
def test_the_first_answer_finds_it_too(temperature):
    logits, labels = calibrated_at(temperature)
    actual = fit_first_answer(logits, labels)
    assert actual == pytest.approx(temperature, rel=0.1)
    right = (logits.argmax(1) == labels).numpy()

    def loss(t: float) -> float:
        confidence = torch.softmax(logits / t, 1).max(1).values.double().numpy()
        return -np.log(np.where(right, confidence, 1 - confidence)).mean()

    losses = {t: loss(t) for t in temperature * np.geomspace(1 / 3, 3, 400)}
    assert actual == pytest.approx(min(losses, key=losses.get), rel=0.02)


def test_the_first_answer_asks_nothing_of_the_others():
    logits, labels = calibrated_at(1.0)
    wrong = torch.nonzero(logits.argmax(1) != labels)[:, 0]
    lowest = labels.clone()
    lowest[wrong] = logits[wrong].argmin(1)  # as wrong as before, but further down
    assert fit_first_answer(logits, lowest) == pytest.approx(fit_first_answer(logits, labels), rel=1e-4)
    assert fit_temperature([logits], [lowest]) > 1.1 * fit_temperature([logits], [labels])


def test_each_group_counts_alike_and_units_do_not_matter():
    few, many = calibrated_at(0.5, 300), calibrated_at(2.0)
    both = [few[0], many[0]], [few[1], many[1]]
    actual = fit_temperature(*both)
    assert fit_temperature([few[0].repeat(9, 1), many[0]], [few[1].repeat(9), many[1]]) == pytest.approx(actual)
    assert fit_temperature([1000 * part for part in both[0]], both[1]) == pytest.approx(1000 * actual)


def test_where_all_is_right_the_next_may_be_wrong():
    """As Platt has it: n of n say that the next is right n + 1 times in n + 2."""
    for copies in (1, 25):
        logits, labels = 3 * torch.eye(2).repeat(copies, 1), torch.arange(2).repeat(copies)
        probability = torch.softmax(logits / fit_temperature([logits], [labels]), 1).max(1).values
        torch.testing.assert_close(probability, torch.full_like(probability, (2 * copies + 1) / (2 * copies + 2)))
        assert fit_first_answer(logits, labels) == fit_temperature([logits], [labels])


def test_logits_that_say_nothing_are_levelled():
    assert fit_temperature([torch.zeros(6, 3)], [torch.arange(6) % 3]) == MOST
    assert fit_temperature([-torch.eye(4)], [torch.arange(4)]) == MOST  # worse than a guess
    assert fit_temperature([], []) == 1.0


def test_the_calibration_error_is_the_gap_in_each_bin():
    logits = torch.log(torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.6, 0.4]]))
    labels = np.array([0, 0, 1, 0])
    expected = 100 * (3 * abs(2 / 3 - 0.9) + 1 * abs(1 - 0.6)) / 4
    assert expected_calibration_error(logits, labels) == pytest.approx(expected, abs=1e-4)
    assert np.isnan(expected_calibration_error(logits[:0], labels[:0]))
