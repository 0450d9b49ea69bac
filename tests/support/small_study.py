"""A study that a test can afford: eight species of the Aviary at 64 pixels, a tiny seeded network, prepared in seconds.

Every picture is drawn and every weight is drawn from a seed, so that the study is the same wherever it is made.
"""

import atexit
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import torch
from torch import Tensor, nn

from niwt_core.backbones import Preprocess, SplitNetwork
from niwt_core.backbones.trace import split_model
from niwt_core.data.aviary import ATTRIBUTE_NAMES, binary_attributes, draw, species
from niwt_core.data.dataset import Dataset
from niwt_core.evaluation.grid import Grid
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.prepare.prepare import Settings, prepare
from niwt_core.study.study import Study

SEEN, UNSEEN = 6, 2
TRAIN, TEST = 5, 4  # pictures of a class
SIZE = 64
GRID = Grid(
    decay=(1e-3,), mu=(0.1, 0.3), ridge=(0.35,), norm=(0.7, 0.85, 1.0), share=(0.02, 0.05, 0.1), shrinkage=(0.5,)
)


class TinyNet(nn.Module):
    """Three convolutions; the dictionary is the last one (average pooling follows) or the one before (a tail that bends)."""

    def __init__(self, neurons: int = 24) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 12, 5, stride=2, padding=2), nn.ReLU())
        self.second = nn.Sequential(nn.Conv2d(12, 16, 3, stride=2, padding=1), nn.ReLU())
        self.third = nn.Sequential(nn.Conv2d(16, neurons, 3, stride=2, padding=1), nn.ReLU())
        self.pool, self.head = nn.AdaptiveAvgPool2d(1), nn.Linear(neurons, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.pool(self.third(self.second(self.first(x)))).flatten(1))


def tiny_network(*, layer: str = "third.1", seed: int = 0) -> tuple[SplitNetwork, Preprocess]:
    """A `TinyNet` with weights from `seed`, cut at `layer` ("third.1": pooling alone follows; "second.1": it does not)."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = split_model(TinyNet(), r"\w+\.1", name="tiny", size=SIZE)
    preprocess = Preprocess(size=SIZE, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25), interpolation="bilinear")
    return network.at(layer), preprocess


@cache
def small_dataset() -> Dataset:
    """SEEN seen and UNSEEN unseen species, drawn into a temporary folder; each picture knows its own attributes."""
    root = _folder("small-aviary-")
    kinds = [kind for kind in species() if kind.seen][::7][:SEEN] + [kind for kind in species() if not kind.seen][
        :UNSEEN
    ]
    paths, labels, train = [], [], []
    for label, kind in enumerate(kinds):
        for number in range(TEST + TRAIN * kind.seen):
            path = Path(f"{kind.slug}-{number}.png")
            draw(kind.attributes, seed=100 * label + number, size=SIZE, nuisance=0.3).image.save(root / path)
            paths.append(path.as_posix())
            labels.append(label)
            train.append(number >= TEST)
    values = np.stack([binary_attributes(kind.attributes) for kind in kinds])  # (C, K)
    classes = tuple(kind.name for kind in kinds)
    return Dataset(
        name="small-aviary",
        root=root,
        classes=classes,
        seen=np.array([kind.seen for kind in kinds]),
        paths=tuple(paths),
        labels=np.array(labels),
        train=np.array(train),
        knowledge=Knowledge(kind="attributes", classes=classes, names=ATTRIBUTE_NAMES, values=values),
        picture_attributes=values[labels],
    )


def small_study(*, layer: str = "third.1") -> Study:
    """The study of `small_dataset` with `tiny_network`, prepared once a process; its folder is `study.folder`."""
    return _prepared(layer)


@cache
def _prepared(layer: str) -> Study:
    network, preprocess = tiny_network(layer=layer)
    out = _folder("small-study-") / "study"
    return prepare(small_dataset(), network, preprocess, out, settings=Settings(probe_count=12, grid=GRID))


def _folder(prefix: str) -> Path:
    """A temporary folder that goes when the process ends."""
    folder = Path(mkdtemp(prefix=prefix))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def photographs_in(folder: Path, count: int) -> Path:
    """``folder`` made, with pictures bird-0.png ... of the small world and one file that is none, broken.jpg."""
    folder.mkdir()
    for i in range(count):
        small_dataset().picture(i * 5).save(folder / f"bird-{i}.png")
    (folder / "broken.jpg").write_bytes(b"no picture")
    return folder
