"""The network of a study as a backbone: the same logits, of any layer, and refused where it is damaged or not there."""

import shutil
from pathlib import Path

import pytest
import torch

from niwt_core import NiwtError
from niwt_core.backbones import InputOptions, load_backbone
from tests.support.small_study import SIZE, small_study


def test_it_gives_the_studys_logits_and_may_be_trained() -> None:
    study = small_study()
    network, preprocess = load_backbone(f"study:{study.folder}")
    x = torch.rand(2, 3, SIZE, SIZE)
    assert torch.allclose(network(x), study.network(x), atol=1e-3)  # half precision on disk
    assert preprocess == study.preprocess
    assert network.layer == study.network.layer
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_layer_and_input_may_be_others() -> None:
    network, preprocess = load_backbone(f"study:{small_study().folder}", layer="second.1", inputs=InputOptions(size=96))
    assert network.layer == "second.1"
    assert preprocess.size == 96


def test_what_is_no_study_or_damaged_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NiwtError, match="no study there"):
        load_backbone(f"study:{tmp_path}")
    copy = shutil.copytree(small_study().folder, tmp_path / "copy")
    with pytest.raises(NiwtError, match="weights of its own"):
        load_backbone(f"study:{copy}", weights="none")
    weights = copy / "network.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(NiwtError, match="damaged"):
        load_backbone(f"study:{copy}")
