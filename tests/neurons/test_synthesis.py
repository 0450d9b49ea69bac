"""Pictures that excite: they do, the same ones each time, by networks of several designs; folded copies give the same values."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.backbones.trace import split_model
from niwt_core.errors import NiwtError
from niwt_core.neurons.pictures import (
    BYTES,
    PACKED,
    missing_pictures,
    pack_pictures,
    picture_neurons,
    picture_path,
    read_pictures,
    webp_bytes,
)
from niwt_core.neurons.synthesis import (
    Synthesis,
    class_goal,
    fused_for_inference,
    imagine_class,
    neuron_goal,
    synthesise,
)
from tests.support.tiny_networks import CUTS, SIZE, tiny

QUICK = Synthesis(side=SIZE, steps=30, rate=0.1, jitter=3, zoom=(1.0, 1.0))
PREPROCESS = Preprocess(size=SIZE, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


class Clipped(nn.Module):
    """Convolution, batch norm and ReLU as one layer, average pooling, head."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Conv2d(3, 7, 5, stride=2), nn.BatchNorm2d(7), nn.ReLU())
        self.pool, self.head = nn.AdaptiveAvgPool2d(1), nn.Linear(7, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.pool(self.block(x)).flatten(1))


def clipped() -> SplitNetwork:
    """The network of `Clipped`, cut behind its ReLU, in float64."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Clipped()
        model.block[1].running_mean.normal_(0, 0.1)
        model.block[1].running_var.uniform_(0.5, 2)
    return split_model(model, r"block\.2", name="clipped", size=SIZE).double().eval().requires_grad_(False)


def as_input(pictures: np.ndarray) -> torch.Tensor:
    """(B,3,s,s) float64 as the network takes them."""
    return torch.from_numpy(pictures.transpose(0, 3, 1, 2) / 127.5 - 1)


@pytest.mark.parametrize(("design", "layer"), CUTS)
def test_folding_changes_no_value(design: str, layer: str) -> None:
    network = tiny(design, layer)
    x = torch.randn(2, 3, SIZE, SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    fused = fused_for_inference(network)
    torch.testing.assert_close(fused.stem(x), network.stem(x))
    torch.testing.assert_close(fused(x), network(x))


def test_batch_norms_are_folded_away_and_the_network_keeps_its_own() -> None:
    network = clipped()
    x = torch.randn(2, 3, SIZE, SIZE, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    fused = fused_for_inference(network)
    torch.testing.assert_close(fused(x), network(x))
    norms = [sum(isinstance(m, nn.BatchNorm2d) for m in net.modules()) for net in (fused, network)]
    assert norms == [0, 1]


@pytest.mark.parametrize(("design", "layer"), CUTS)
def test_a_picture_excites_its_own_neuron_more_than_others_do(design: str, layer: str) -> None:
    network = tiny(design, layer)
    chosen = [0, 2, 4]
    made = synthesise(
        neuron_goal(network, chosen, centre=0), PREPROCESS, count=3, settings=QUICK, like=network.head.weight
    )
    assert made.shape == (3, SIZE, SIZE, 3)
    noise = np.random.default_rng(0).integers(0, 256, (32, SIZE, SIZE, 3), dtype=np.uint8)
    goal = neuron_goal(network, [0] * 32, centre=0)
    for place, neuron in enumerate(chosen):
        every = neuron_goal(network, [neuron] * 3, centre=0)(as_input(made))
        assert every.argmax() == place
        assert every[place] > neuron_goal(network, [neuron] * 32, centre=0)(as_input(noise)).max()
    assert goal(as_input(noise)).shape == (32,)


def test_a_silent_neuron_is_woken() -> None:
    network = clipped()  # ends in a ReLU: behind it nothing tells where to go
    norm = next(m for m in network.modules() if isinstance(m, nn.BatchNorm2d))
    with torch.no_grad():
        norm.bias[1] = -0.8
    noise, made = (
        synthesise(neuron_goal(network, [1]), PREPROCESS, settings=replace(QUICK, steps=n), like=network.head.weight)
        for n in (0, 60)
    )
    assert network.stem(as_input(noise))[:, 1].max() == 0
    assert network.stem(as_input(made))[:, 1].max() > 0


def test_a_class_picture_scores_higher_than_noise_does() -> None:
    network = tiny("pooled", "second.1")
    rows, levels = network.head.weight, network.head.bias
    others = torch.arange(5) != 3
    made = imagine_class(network, PREPROCESS, rows[3], rows[others], levels=levels[others] - levels[3], settings=QUICK)
    goal = class_goal(network, rows[3], rows[others], levels[others] - levels[3])
    noise = np.random.default_rng(0).integers(0, 256, (32, SIZE, SIZE, 3), dtype=np.uint8)
    assert made.shape == (SIZE, SIZE, 3)
    assert goal(as_input(made[None])) > goal(as_input(noise)).max()
    odds = network(as_input(noise)).softmax(1)[:, 3]
    torch.testing.assert_close(goal(as_input(noise)), (odds / (1 - odds)).log())  # the log of the odds, no less


def test_the_same_seed_gives_the_same_picture_and_leaves_the_network_alone() -> None:
    network = tiny("pooled", "second.1")
    before = {name: value.clone() for name, value in network.state_dict().items()}
    one, two = (
        synthesise(neuron_goal(network, [1]), PREPROCESS, settings=QUICK, like=network.head.weight) for _ in "ab"
    )
    np.testing.assert_array_equal(one, two)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_progress_is_told_and_can_stop_the_work() -> None:
    network, reported = tiny("pooled", "second.1"), []

    def progress(step: int, steps: int) -> None:
        reported.append((step, steps))
        if step == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesise(neuron_goal(network, [1]), PREPROCESS, settings=QUICK, progress=progress, like=network.head.weight)
    assert reported == [(step, QUICK.steps) for step in (1, 2, 3, 4)]


def test_pictures_of_all_neurons_resume_and_start_anew_for_another_study(tmp_path: Path) -> None:
    network = tiny("pooled", "second.1")
    quick = Synthesis(side=SIZE, steps=2, jitter=2)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        picture_neurons(network, PREPROCESS, tmp_path, study="a", settings=quick, batch=4, progress=stop)
    assert sorted(path.name for path in tmp_path.glob("*.webp")) == [f"{n:04d}.webp" for n in range(4)]
    first = picture_path(tmp_path, 0).stat().st_mtime_ns
    reported: list[tuple[int, int]] = []
    made = picture_neurons(
        network, PREPROCESS, tmp_path, study="a", settings=quick, batch=4, progress=lambda *at: reported.append(at)
    )
    assert (made, reported) == (5, [(8, 9), (9, 9)])
    assert picture_path(tmp_path, 0).stat().st_mtime_ns == first
    key = json.loads((tmp_path / "about.json").read_text())["key"]
    assert missing_pictures(tmp_path, 9, key) == []
    assert picture_neurons(network, PREPROCESS, tmp_path, study="a", settings=quick) == 0
    assert picture_neurons(network, PREPROCESS, tmp_path, study="b", settings=quick) == 9
    assert Image.open(picture_path(tmp_path, 8)).size == (112, 112)


def test_a_busy_picture_is_kept_small() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)
    flat = np.full((128, 128, 3), 90, np.uint8)
    assert len(webp_bytes(flat)) < len(webp_bytes(noise)) <= 2 * BYTES


def test_packed_pictures_are_the_files(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for n in range(3):
        picture_path(tmp_path, n).write_bytes(webp_bytes(random.integers(0, 256, (20, 20, 3), dtype=np.uint8)))
    with pytest.raises(NiwtError, match="no picture yet"):
        pack_pictures(tmp_path, 4, tmp_path / PACKED)
    assert read_pictures(tmp_path, 3) is None
    pack_pictures(tmp_path, 3, tmp_path / PACKED)
    read = read_pictures(tmp_path, 3)
    assert read is not None
    assert [read.webp(n) for n in range(3)] == [picture_path(tmp_path, n).read_bytes() for n in range(3)]
    with pytest.raises(NiwtError, match="pictures of 3 neurons for 5"):
        read_pictures(tmp_path, 5)
    (tmp_path / PACKED).write_bytes(b"damaged")
    with pytest.raises(NiwtError, match="cannot read"):
        read_pictures(tmp_path, 3)
