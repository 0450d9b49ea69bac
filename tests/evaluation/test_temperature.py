"""Temperatures against brute force, and calibration errors against counting."""

import numpy as np
import pytest
import torch

from niwt_core.evaluation.temperature import LEAST, expected_calibration_error, fit_first_answer, fit_temperature


def calibrated_at(temperature: float, n: int = 6000) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits whose softmax at ``temperature`` is the truth: labels are drawn from it."""
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(n, 5, generator=generator)
    labels = torch.multinomial(torch.softmax(logits / temperature, 1), 1, generator=generator)[:, 0]
    return logits, labels


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
def test_the_temperature_that_made_the_labels_is_found(temperature):
    logits, labels = calibrated_at(temperature)
    actual = fit_temperature([logits], [labels])
    assert actual == pytest.approx(temperature, rel=0.1)
    losses = {t: float(torch.nn.functional.cross_entropy(logits / t, labels)) for t in np.geomspace(0.1, 10, 400)}
    assert actual == pytest.approx(min(losses, key=losses.get), rel=0.02)
    assert expected_calibration_error(logits, labels.numpy(), temperature=actual) < 2.5


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
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
    assert fit_first_answer(logits, lowest) == fit_first_answer(logits, labels)
    assert fit_temperature([logits], [lowest]) > 1.1 * fit_temperature([logits], [labels])


def test_where_all_is_right_it_stops_at_the_least():
    logits = 3 * torch.eye(4)
    assert fit_temperature([logits], [torch.arange(4)]) == pytest.approx(LEAST, rel=0.01)


def test_the_calibration_error_is_the_gap_in_each_bin():
    logits = torch.log(torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.6, 0.4]]))
    labels = np.array([0, 0, 1, 0])
    expected = 100 * (3 * abs(2 / 3 - 0.9) + 1 * abs(1 - 0.6)) / 4
    assert expected_calibration_error(logits, labels) == pytest.approx(expected, abs=1e-4)
    assert np.isnan(expected_calibration_error(logits[:0], labels[:0]))
