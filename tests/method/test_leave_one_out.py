"""Left-out logits against heads that are really refitted without the picture."""

import numpy as np
import pytest
import torch

from niwt_core.method.head import fit_head
from niwt_core.method.leave_one_out import left_out_logits
from tests.support.tiny_networks import normal

CLASSES, FEATURES = 4, 30


def pictures(seed: int, count: int = 60) -> tuple[torch.Tensor, torch.Tensor]:
    """(n,D) features of overlapping classes and their labels (n,): so many features that a head learns each picture by heart."""
    labels = torch.arange(count) % CLASSES
    return normal(CLASSES, FEATURES, seed=seed)[labels] * 0.6 + normal(count, FEATURES, seed=seed + 1) + 3, labels


@pytest.mark.parametrize(("seed", "decay"), [(0, 1e-2), (1, 1e-2), (2, 3e-3), (3, 3e-2)])
def test_they_are_near_what_refitting_without_the_picture_gives(seed, decay):
    x, labels = pictures(seed)
    head = fit_head(x, labels, classes=CLASSES, decay=decay)
    actual, fitted = left_out_logits(head, x, labels, decay=decay), head.logits(x)
    wanted = torch.empty_like(actual)
    for i in range(len(x)):
        rest = np.arange(len(x)) != i
        wanted[i] = fit_head(x[rest], labels[rest], classes=CLASSES, decay=decay).logits(x[i : i + 1])[0]
    picked = torch.arange(len(x)), labels
    before, after = (fitted - wanted)[picked].abs().mean(), (actual - wanted)[picked].abs().mean()
    assert after < 0.3 * before
    errors = [(logits.argmax(1) != labels).float().mean() for logits in (fitted, actual, wanted)]
    assert errors[0] <= errors[2]  # the head knows its own pictures too well
    assert abs(errors[1] - errors[2]) <= 0.5 * (errors[2] - errors[0])


def test_a_head_that_was_read_back_has_lost_its_scale_and_needs_none():
    x, labels = pictures(0)
    head = fit_head(x, labels, classes=CLASSES, decay=1e-2)
    bare = type(head)(head.rows, head.biases, head.mean)
    assert torch.equal(left_out_logits(head, x, labels, decay=1e-2), left_out_logits(bare, x, labels, decay=1e-2))
