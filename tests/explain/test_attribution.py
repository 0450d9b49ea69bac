"""Importance maps: against plain formulas, and completeness."""

import numpy as np
import pytest
import torch

from niwt_core import NiwtError
from niwt_core.classify.answer import EncodedPicture
from niwt_core.explain.attribution import METHODS, class_map, neuron_map, weighted_map
from niwt_core.method.importance import importance
from tests.support.small_study import small_dataset, small_study

LAYERS = ("third.1", "second.1")


@pytest.fixture(params=LAYERS)
def study(request):
    return small_study() if request.param == "third.1" else small_study(layer=request.param)


@pytest.fixture
def picture(study) -> EncodedPicture:
    dataset = small_dataset()
    return study.classifier().encode(dataset.root / dataset.paths[2])


def enlarged(study, values: torch.Tensor) -> torch.Tensor:
    """(h,w) -> (64,64), bilinear between the centres of receptive fields: all strides are 2 and all padding is centred, so that place i of the
    last layer lies on pixel 8 i, and of the one before on pixel 4 i."""
    jump, pixels = {"third.1": 8, "second.1": 4}[study.network.layer], np.arange(64)
    rows = [
        np.interp(pixels, jump * np.arange(len(line)), line) for line in values.detach().T.numpy()
    ]  # down each column
    both = [np.interp(pixels, jump * np.arange(len(line)), line) for line in np.array(rows).T]
    return torch.from_numpy(np.array(both, np.float32))


def test_grad_cam_against_the_formula(study, picture):
    """ReLU of the channels weighted by their mean gradient, enlarged."""
    row = study.head.rows[1]
    alpha = importance(study.network, picture.activations, row)[0]  # (N,), up to a positive constant
    cam = (alpha[:, None, None] * picture.activations[0]).sum(0).clamp_min(0)
    wanted = enlarged(study, cam)
    got = class_map(study.network, picture, row)
    assert got.method == "grad-cam"
    assert got.values.shape == (64, 64)
    torch.testing.assert_close(got.scaled(), wanted / wanted.max(), rtol=1e-4, atol=1e-5)


def test_integrated_gradients_are_complete(study, picture):
    """They add up to the score's difference to the grey picture."""
    row, network = study.head.rows[0], study.network
    got = class_map(network, picture, row, method="integrated-gradients")
    with torch.no_grad():
        score, grey = (float(network.tail(network.stem(x))[0] @ row) for x in (picture.input, 0 * picture.input))
    assert float(got.values.sum()) == pytest.approx(score - grey, rel=0.05, abs=0.02 * abs(score))
    assert got.delta < 0.05


def test_occlusion_against_a_plain_loop(study, picture):
    """A place's value is the mean fall of the score over the windows that cover it."""
    row, network, stride = study.head.rows[2], study.network, 64 // 8
    total, count = torch.zeros(64, 64), torch.zeros(64, 64)
    with torch.no_grad():
        score = float(network.tail(network.stem(picture.input))[0] @ row)
        for top in range(0, 64 - stride, stride):
            for left in range(0, 64 - stride, stride):
                covered = picture.input.clone()
                place = (slice(top, top + 2 * stride), slice(left, left + 2 * stride))
                covered[0, :, place[0], place[1]] = 0
                total[place] += score - float(network.tail(network.stem(covered))[0] @ row)
                count[place] += 1
    got = class_map(network, picture, row, method="occlusion")
    torch.testing.assert_close(got.values, total / count, rtol=1e-3, atol=1e-3 * float(total.abs().max()))


def test_maps_of_a_row_and_of_its_opposite(study, picture):
    row = study.head.rows[1]
    for method in METHODS[1:]:
        one, other = (class_map(study.network, picture, sign * row, method=method).values for sign in (1, -1))
        torch.testing.assert_close(one, -other, rtol=1e-3, atol=1e-3 * float(one.abs().max()))


def test_neuron_map_is_its_activation(study, picture):
    neuron = int(picture.pooled.argmax())
    got = neuron_map(study.network, picture, neuron)
    torch.testing.assert_close(got.values, enlarged(study, picture.activations[0, neuron]))
    row, column = got.peak()
    assert got.values[row, column] == got.values.max()


def test_weighted_map_of_one_neuron_is_its_map(study, picture):
    weights = torch.zeros(study.network.neurons)
    weights[3] = 1
    torch.testing.assert_close(
        weighted_map(study.network, picture, weights).values, neuron_map(study.network, picture, 3).values.clamp_min(0)
    )
    assert not weighted_map(study.network, picture, -weights).values.any()


def test_what_there_is_not(study, picture):
    for neuron in (-1, study.network.neurons):
        with pytest.raises(NiwtError, match="no neuron"):
            neuron_map(study.network, picture, neuron)
    with pytest.raises(NiwtError, match="no method 'guesswork'"):
        class_map(study.network, picture, study.head.rows[0], method="guesswork")


def test_maps_leave_the_network_as_it_was(study, picture):
    before = {name: value.clone() for name, value in study.network.state_dict().items()}
    activations = picture.activations.clone()
    for method in METHODS:
        class_map(study.network, picture, study.head.rows[0], method=method)
    assert all(torch.equal(value, before[name]) for name, value in study.network.state_dict().items())
    assert torch.equal(picture.activations, activations)
    assert not any(module._forward_hooks or module._backward_hooks for module in study.network.modules())
    assert all(parameter.grad is None for parameter in study.network.parameters())


def test_a_flat_map_is_not_divided_by_zero(study, picture):
    got = class_map(study.network, picture, torch.zeros_like(study.head.rows[0]))
    assert torch.isfinite(got.scaled()).all()
