import pytest
import torch

from niwt_core.device import pick_device
from niwt_core.errors import NiwtError


def test_auto_prefers_an_accelerator():
    expected = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert pick_device("auto").type == expected
    assert pick_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "cpu:", "", "cuda:99"])
def test_other_devices_are_refused(name):
    with pytest.raises(NiwtError, match="device"):
        pick_device(name)
