"""Many picture files through a classifier, beside its bare network; ``python -m benchmarks.many`` for this case alone."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from PIL import Image

from benchmarks.timing import Ratio, machine, median_seconds
from niwt_core.backbones import load_backbone
from niwt_core.classify.many import BATCH, classify_files
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.prepare.classifier import prepare_classifier
from niwt_core.prepare.memory import keep_large_blocks
from niwt_core.study.study import Study


def files_against_forward(*, count: int = 400, repeats: int = 5) -> Ratio:
    """JPEG files of 500 x 375 pixels through `classify_files`, all of it, beside the bare network on tensors that are already there; in turns.

    The network is torchvision's MobileNetV2 at 224 pixels: what decoding costs must be small beside a small network.
    """
    random = np.random.default_rng(0)
    with TemporaryDirectory(prefix="niwt-many-") as folder:
        files = [Path(folder) / f"{i:04}.jpg" for i in range(count)]
        for file in files:
            coarse = Image.fromarray(random.integers(0, 256, (24, 32, 3), dtype=np.uint8))
            coarse.resize((500, 375), Image.Resampling.BICUBIC).save(file, quality=90)
        study = _thousand_classes(Path(folder) / "study")
        classifier = study.classifier()
        inputs = torch.randn(count, 3, study.preprocess.size, study.preprocess.size)

        def bare() -> None:
            with torch.inference_mode():
                for part in inputs.split(BATCH):
                    study.network(part)

        def fastest() -> None:
            with torch.inference_mode():
                for part in inputs.split(BATCH):
                    study.network(part.contiguous(memory_format=torch.channels_last))

        mine, other = median_seconds(lambda: list(classify_files(classifier, files)), bare, repeats=repeats)
        again, least = median_seconds(lambda: list(classify_files(classifier, files)), fastest, repeats=repeats)
    return Ratio(
        f"classify {count} files",
        "decode, encode, rank",
        "bare network, tensors ready",
        mine,
        other,
        other / mine,
        "at least 0.9 of its throughput",
        other / mine >= 0.9,
        repeats,
        {"of the network with channels last in memory": round(least / again, 3)},
    )


def _thousand_classes(out: Path) -> Study:
    """Torchvision's MobileNetV2 with random weights as a study of its own classes."""
    network, preprocess = load_backbone("mobilenet_v2", weights="none")
    classes = tuple(f"class {c}" for c in range(1000))
    values = np.random.default_rng(0).integers(0, 2, (1000, 40)).astype(np.float32)
    knowledge = Knowledge("attributes", classes, tuple(f"word {k}" for k in range(40)), values)
    return prepare_classifier("thousand", network, preprocess, knowledge, np.ones(1000, bool), out)


if __name__ == "__main__":
    keep_large_blocks()
    figures = files_against_forward(count=int(sys.argv[1]) if len(sys.argv) > 1 else 400)
    print(
        f"{figures.name}: {figures.our_seconds:.2f} s beside {figures.other_seconds:.2f} s, {figures.ratio:.3f} "
        f"({figures.target}); {figures.notes}; {machine()}"
    )
