"""Neurons by a picture: above their own usual activations, with and without pictures in the study."""

from dataclasses import replace

import torch

from niwt_core.study.firing import firing, strongest
from tests.support.small_study import small_study


def test_it_is_the_standard_score_over_the_studys_pictures():
    study = small_study()
    values = study.pooled.float()
    z = (values[3] - values.mean(0)) / values.std(0).clamp_min(1e-9)
    live = values.std(0) > 1e-3
    assert torch.allclose(firing(study, values[3])[live], z[live], rtol=1e-3, atol=1e-3)


def test_without_pictures_the_mean_stands_for_both():
    study = small_study()
    empty = replace(study, pooled=study.pooled[:0])
    assert study.network.identity_tail
    mean = study.head.mean.float()
    live = mean > 0.05 * mean.mean()
    assert torch.allclose(firing(empty, 3 * mean)[live], torch.full_like(mean, 2.0)[live], atol=1e-4)


def test_the_strongest_come_first_and_the_quiet_ones_do_not():
    study = small_study()
    pooled = study.pooled[0].float()
    values = firing(study, pooled)
    fired = strongest(study, pooled, [2, 5, 7, 11])
    assert [n for n, _ in fired] == [n for n in sorted([2, 5, 7, 11], key=lambda n: -values[n]) if values[n] > 0]
