"""Pictures that are no photographs of a thing: what each kind has and lacks, and that a seed gives the same ones."""

import numpy as np
import pytest

from niwt_core.data.strange_pictures import clouds, gradients, noise, patterns, writing

SIZE = 96


@pytest.mark.parametrize("kind", [noise, clouds, patterns, gradients, writing])
def test_a_seed_gives_the_same_pictures_and_another_gives_others(kind):
    first, again, other = (kind(SIZE, count=3, seed=seed) for seed in (0, 0, 1))
    assert all(picture.size == (SIZE, SIZE) and picture.mode == "RGB" for picture in first)
    assert [picture.tobytes() for picture in first] == [picture.tobytes() for picture in again]
    assert len({picture.tobytes() for picture in (*first, *other)}) == 6


def test_a_gradient_is_smooth_and_goes_from_one_colour_to_another():
    for picture in gradients(SIZE, count=8, seed=2):
        values = np.asarray(picture).astype(float)
        steps = np.abs(np.diff(values, axis=0)).max(), np.abs(np.diff(values, axis=1)).max()
        assert max(steps) <= 12
        assert np.ptp(values.reshape(-1, 3), axis=0).max() > 0


def test_writing_is_dark_on_light_or_light_on_dark():
    for picture in writing(SIZE, count=8, seed=2):
        values = np.asarray(picture).mean(2)
        paper = values[0, 0]  # the margin
        ink = np.abs(values - paper) > 40
        assert 0.02 < ink.mean() < 0.6
        assert np.ptp(values[:, :2]) == 0
