"""Prepares the small study, frozen and fine-tuned; `test_prepare` runs it with two processes, and calls it with one.

torchrun --nproc_per_node 2 two_processes.py FOLDER
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from niwt_core.prepare.prepare import Settings, make_accelerator, prepare
from niwt_core.prepare.training import TrainingSettings
from niwt_core.study.study import Study
from tests.support.quick import QUICK
from tests.support.small_study import small_dataset, tiny_network

SETTINGS = {
    "frozen": Settings(probe_count=8, batch=7),  # no two processes share seven pictures evenly
    "odd": Settings(probe_count=8, training=TrainingSettings(epochs=1, batch=7, rate=1e-4, head_rate=1e-3)),
    "trained": Settings(
        probe_count=8,
        training=TrainingSettings(epochs=2, batch=8, rate=1e-4, head_rate=1e-3),
        fold_networks=1,
        warm_start=True,
    ),
}


def make(out: Path, name: str, **changes) -> Study:
    """The study of that name, chosen on few folds of few settings."""
    network, preprocess = tiny_network(layer="second.1")
    dataset = small_dataset()  # less one picture: the last batch is not full
    return prepare(
        dataset.keep(np.arange(len(dataset)) != 3),
        network,
        preprocess,
        out / name,
        settings=replace(SETTINGS[name], grid=QUICK, repeats=1),
        **changes,
    )


if __name__ == "__main__":
    accelerator = make_accelerator("cpu")
    assert accelerator.num_processes == 2
    for name in SETTINGS:
        make(Path(sys.argv[1]), name, accelerator=accelerator)
