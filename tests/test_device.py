"""Choosing a device: the order of preference and the devices that a machine has not, on machines of every kind."""

import pytest
import torch

from niwt_core.device import pick_device
from niwt_core.errors import NiwtError


@pytest.fixture
def machine(monkeypatch):
    """machine(cuda=2, mps=False): torch finds this hardware."""

    def make(*, cuda: int, mps: bool) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return make


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"), [(0, False, "cpu"), (0, True, "mps"), (1, False, "cuda"), (2, True, "cuda")]
)
def test_auto_prefers_cuda_to_mps_to_the_cpu(machine, cuda, mps, expected):
    machine(cuda=cuda, mps=mps)
    assert pick_device("auto") == pick_device() == torch.device(expected)
    assert pick_device("cpu") == torch.device("cpu")


def test_a_device_that_is_there_can_be_named(machine):
    machine(cuda=2, mps=True)
    assert pick_device("cuda:1") == torch.device("cuda", 1)
    assert pick_device("mps") == torch.device("mps")


@pytest.mark.parametrize("name", ["cuda:2", "cuda:99", "mps", "mps:0", "cpu:1"])
def test_a_device_that_is_not_there_is_refused(machine, name):
    machine(cuda=2, mps=False)
    with pytest.raises(NiwtError, match=f"no device '{name}'"):
        pick_device(name)


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "cpu:", ""])
def test_other_names_are_refused(name):
    with pytest.raises(NiwtError, match="unknown device"):
        pick_device(name)


def test_what_is_picked_can_be_computed_on():
    device = pick_device("auto")
    assert torch.ones(3, device=device).sum().item() == 3
