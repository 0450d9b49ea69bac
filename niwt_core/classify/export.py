"""The classifier as one file that runs without this project: a torch.export program (.pt2) or an ONNX model (.onnx).

The program takes uint8 RGB pixels (B,3,s,s) of the network's input size, B free, and gives logits (B,C) of the seen, unseen and built classes;
normalisation is inside, and so is calibration unless raw logits are asked for. What lies before it, resizing and the centre crop, is told in
``preprocess.json``, the classes in ``labels.json``, the rest in ``about.json`` (extra files of a .pt2, metadata of an .onnx). What was written is
read back and must give the classifier's own logits before it may stay.
"""

from __future__ import annotations

import contextlib
import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from niwt_core.backbones.graph import network_from_dict, network_to_dict
from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.classify.classifier import Classifier
from niwt_core.classify.export_formats import Run, need_onnx, quiet, write_onnx, write_torch
from niwt_core.errors import NiwtError
from niwt_core.files import unwritable
from niwt_core.study.temperature import temperature_of

VERSION = 1  # of labels.json, preprocess.json and about.json
TOLERANCE = 1e-4  # of the largest logit: float32 sums in another order; measured 2e-6 (torch) and 5e-6 (ONNX)
TRIALS = 5  # pictures that the file is tried on, in batches of one and of four
HOW_TO_GIVE = (
    "Give the pixels as uint8, channels first, RGB; the program divides by 255 and normalises by mean and std itself."
)


@dataclass(frozen=True)
class Exported:
    """The file that was written, its classes, and what the trial found: ``deviation`` is the largest difference of a logit over ``pictures``
    pictures, ``tolerance`` what was allowed; both in logits."""

    path: Path
    format: str
    labels: tuple[Mapping[str, str], ...]
    calibrated: bool
    gamma: float
    size: int
    pictures: int
    deviation: float
    tolerance: float


class Pipeline(nn.Module):
    """Pixels (B,3,s,s) uint8 -> logits (B,C): normalisation, network, head, and what calibration takes from seen classes."""

    scale: Tensor
    shift: Tensor
    mean: Tensor
    rows: Tensor
    biases: Tensor

    def __init__(
        self, network: SplitNetwork, preprocess: Preprocess, rows: Tensor, biases: Tensor, mean: Tensor
    ) -> None:
        super().__init__()
        self.chain = nn.Sequential(*network.chain)
        centre, std = (torch.tensor(values).reshape(3, 1, 1) for values in (preprocess.mean, preprocess.std))
        buffers = {"scale": 1 / (255 * std), "shift": centre / std, "mean": mean, "rows": rows, "biases": biases}
        for name, value in buffers.items():
            self.register_buffer(name, value.detach().cpu().clone())

    def forward(self, pixels: Tensor) -> Tensor:
        x = pixels.to(torch.float32) * self.scale - self.shift  # (B, 3, s, s)
        logits: Tensor = (self.chain(x) - self.mean) @ self.rows.T + self.biases  # (B, C)
        return logits


def export(classifier: Classifier, path: Path | str, *, calibrated: bool = True) -> Exported:
    """Writes the classifier with the classes it has now to ``path`` (.pt2 or .onnx), and checks what was written.

    Args:
        calibrated: gamma is taken from the logits of seen classes, so that the largest logit is the app's answer; else raw logits.

    Raises:
        NiwtError: another suffix, a path that cannot be written, a network that cannot be exported, ONNX is not installed, or the file does not
            give the classifier's logits (it is then removed).
    """
    path = Path(path)
    write = {".pt2": write_torch, ".onnx": write_onnx}.get(path.suffix.lower())
    if write is None:
        raise NiwtError(
            f"no format for {path.suffix or 'a name without a suffix'}", where=str(path), fix="end it in .pt2 or .onnx"
        )
    if path.is_dir():
        raise NiwtError("that is a folder", where=str(path), fix="give a file name")
    if write is write_onnx:
        need_onnx()
    pipeline = export_pipeline(classifier, calibrated)
    pixels, expected = _trials(classifier, calibrated)
    texts = _texts(classifier, calibrated)
    temporary = path.with_name(f".{path.stem}.{uuid.uuid4().hex[:12]}.tmp{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with quiet():
            run = write(pipeline, pixels, texts, temporary)
            deviation, tolerance = _check(run, pixels, expected, path)
        os.replace(temporary, path)
    except OSError as error:
        raise unwritable(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    labels = tuple(json.loads(texts["labels.json"])["classes"])
    size = classifier.study.preprocess.size
    return Exported(
        path, path.suffix[1:].lower(), labels, calibrated, classifier.gamma, size, len(pixels), deviation, tolerance
    )


def export_pipeline(classifier: Classifier, calibrated: bool) -> Pipeline:
    study, candidates = classifier.study, classifier.candidates
    rows = torch.stack([item.row for item in candidates])
    seen = torch.tensor([item.kind == "seen" for item in candidates])
    biases = torch.tensor([item.bias for item in candidates]) - (classifier.gamma * seen if calibrated else 0.0)
    # Rebuilt from its own data: exporting must not move or change the network that others are using.

    weights = {name: value.detach().cpu().clone() for name, value in study.network.state_dict().items()}
    network = network_from_dict(network_to_dict(study.network), weights)
    return Pipeline(network, study.preprocess, rows, biases, study.head.mean).eval().requires_grad_(False)


def _trials(classifier: Classifier, calibrated: bool) -> tuple[Tensor, Tensor]:
    """Pixels (m,3,s,s) uint8 of gallery pictures and of noise, and the classifier's own logits (m,C) for them."""
    study = classifier.study
    size, random = study.preprocess.size, np.random.default_rng(0)
    count = len(study.gallery)
    places = {round(place) for place in np.linspace(0, count - 1, TRIALS - 1).tolist()} if count else set()
    images = [study.gallery.image(place) for place in sorted(places)]
    while len(images) < TRIALS:
        images.append(Image.fromarray(random.integers(0, 256, (size, size, 3), dtype=np.uint8)))
    pictures = list(classifier.encode_many(images))
    seen = torch.tensor([item.kind == "seen" for item in classifier.candidates])
    logits = torch.cat([classifier.logits(picture.features[None]) for picture in pictures])
    logits = logits if calibrated else logits + classifier.gamma * seen
    return torch.cat([_pixels(picture.input, study.preprocess) for picture in pictures]), logits


def _pixels(inputs: Tensor, preprocess: Preprocess) -> Tensor:
    """Network inputs (B,3,s,s) -> the uint8 pixels that they were made from."""
    centre, std = (torch.tensor(values).reshape(3, 1, 1) for values in (preprocess.mean, preprocess.std))
    return ((inputs * std + centre) * 255).round().clamp(0, 255).to(torch.uint8)


def _texts(classifier: Classifier, calibrated: bool) -> dict[str, str]:
    """The three JSON files that travel with the program."""
    study, size = classifier.study, classifier.study.preprocess.size
    classes = [{"name": item.name, "display": item.display, "kind": item.kind} for item in classifier.candidates]
    preprocess = {
        **study.preprocess.to_dict(),
        "input": {"dtype": "uint8", "layout": "NCHW", "channels": "RGB", "shape": ["batch", 3, size, size]},
        "inside_the_program": ["scale to 0..1", "subtract mean", "divide by std"],
        "before_the_program": f"{study.preprocess.in_words()} {HOW_TO_GIVE}",
    }
    about = {
        "made_by": "Choose Your Neuron",
        "study": study.name,
        "study_id": study.id,
        "split_hash": study.split_hash,
        "backbone": study.network.name,
        "layer": study.network.layer,
        "calibrated": calibrated,
        "gamma": classifier.gamma,
        "gamma_meaning": "already taken from seen logits"
        if calibrated
        else "to be taken from the logits of seen classes",
        "output": "logits (batch, classes) in the order of labels.json",
        "temperature": temperature_of(study),
        "temperature_meaning": "softmax(calibrated logits / temperature) gives the app's percentages",
    }
    tables = {"labels.json": {"classes": classes}, "preprocess.json": preprocess, "about.json": about}
    return {name: json.dumps({"version": VERSION, **table}, ensure_ascii=False) for name, table in tables.items()}


def _check(run: Run, pixels: Tensor, expected: Tensor, path: Path) -> tuple[float, float]:
    """(largest difference, tolerance) of a logit. Raises NiwtError where the file says something else than the classifier."""
    logits = np.concatenate([run(pixels[:1]), run(pixels[1:])])
    tolerance = TOLERANCE * max(1.0, float(expected.abs().max()))
    deviation = float(np.abs(logits - expected.numpy()).max()) if logits.shape == expected.shape else float("inf")
    if not deviation <= tolerance:  # so that NaN fails too
        raise NiwtError(
            f"the exported classifier gives other logits (by {deviation:.3g}, {tolerance:.3g} is allowed)",
            where=str(path),
            fix="nothing was written; try the other format, .pt2 or .onnx",
        )
    return deviation, tolerance
