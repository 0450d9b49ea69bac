"""Devices: a fake one that has no float64, as Apple's, and one that is named by its number."""

from dataclasses import replace

import pytest
import torch
from accelerate.state import AcceleratorState
from torch.overrides import TorchFunctionMode

from niwt_core.prepare.prepare import Settings, make_accelerator, prepare
from niwt_core.prepare.training import TrainingSettings
from tests.support.quick import QUICK
from tests.support.small_study import small_dataset, tiny_network


class NoFloat64(TorchFunctionMode):
    """Whatever is sent to a named device, or made on one, must not be float64: as Apple's devices refuse it."""

    sent = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        named = any(isinstance(value, torch.device) for value in (*args, *kwargs.values()))
        result = func(*args, **kwargs)
        if named and isinstance(result, torch.Tensor):
            NoFloat64.sent += 1
            if result.dtype is torch.float64:
                raise TypeError(
                    "Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64"
                )
        return result


@pytest.mark.parametrize("epochs", [0, 1])
def test_nothing_is_sent_to_a_device_as_float64(tmp_path, epochs):
    training = TrainingSettings(epochs=1, batch=8, rate=1e-4, head_rate=1e-3) if epochs else None
    settings = Settings(
        probe_count=8, repeats=1, grid=replace(QUICK, mu=(0.1, 1.0)), training=training, warm_start=True
    )
    network, preprocess = tiny_network(layer="second.1")
    with NoFloat64():
        prepare(small_dataset(), network, preprocess, tmp_path / "study", settings=settings)
    assert NoFloat64.sent > 8


def test_the_fake_device_refuses():
    with NoFloat64(), pytest.raises(TypeError, match="float64"):
        torch.zeros(2, dtype=torch.float64).to(torch.device("cpu"))


@pytest.fixture
def fresh_accelerate():
    """Accelerate keeps one state a process."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


def test_a_device_named_by_its_number_is_used(monkeypatch, fresh_accelerate):
    chosen = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    accelerator = make_accelerator("cuda:1")
    assert chosen == [torch.device("cuda", 1)]
    assert accelerator.device == torch.device("cuda", 1)
