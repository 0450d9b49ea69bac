"""The kernel's features, against the kernel itself."""

import numpy as np
import pytest
import torch

from niwt_core.knowledge.kernel import Kernel

RANDOM = np.random.default_rng(0)
ANCHORS = RANDOM.normal(size=(7, 20)) + 1
OTHERS = RANDOM.normal(size=(4, 20)) + 1


def gaussian(x: np.ndarray, y: np.ndarray, width: float) -> float:
    """By the distance of the unit vectors: |u - v|^2 = 2 (1 - cos)."""
    u, v = x / np.linalg.norm(x), y / np.linalg.norm(y)
    return float(np.exp(-((u - v) ** 2).sum() / (2 * width)))


def test_inner_products_with_anchors_are_the_kernel():
    kernel = Kernel.fit(ANCHORS)
    got = kernel(np.vstack([ANCHORS, OTHERS])) @ kernel(ANCHORS).T
    wanted = [[gaussian(x, y, kernel.width) for y in ANCHORS] for x in np.vstack([ANCHORS, OTHERS])]
    np.testing.assert_allclose(got, wanted, atol=1e-9)


def test_the_length_of_a_text_does_not_matter_and_one_row_is_as_many():
    kernel = Kernel.fit(ANCHORS)
    np.testing.assert_array_equal(kernel(OTHERS)[2], kernel(OTHERS[2]))
    np.testing.assert_allclose(kernel(7 * OTHERS), kernel(OTHERS), atol=1e-12)


def test_the_width_is_half_the_mean_distance():
    kernel = Kernel.fit(ANCHORS)
    unit = ANCHORS / np.linalg.norm(ANCHORS, axis=1, keepdims=True)
    distances = [1 - unit[i] @ unit[j] for i in range(7) for j in range(7) if i != j]
    assert kernel.width == pytest.approx(0.5 * np.mean(distances))


def test_classes_of_one_text_are_one_feature():
    kernel = Kernel.fit(np.vstack([ANCHORS, ANCHORS[:1]]))
    assert kernel.basis.shape == (8, 7)
    same = Kernel.fit(np.ones((3, 5)))
    assert np.isfinite(same(np.eye(5))).all()


def test_a_study_keeps_it_to_the_bit():
    kernel = Kernel.fit(ANCHORS)
    tensors = kernel.tensors("kernel")
    assert all(tensor.dtype == torch.float64 for tensor in tensors.values())
    again = Kernel.from_tensors("kernel", tensors)
    np.testing.assert_array_equal(again(OTHERS), kernel(OTHERS))
    assert Kernel.from_tensors("other", tensors) is None
