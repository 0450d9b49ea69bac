"""An exported classifier gives the classifier's own logits, in a process that has never heard of this project."""

import copy
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from niwt_core import NiwtError
from niwt_core.backbones import Preprocess
from niwt_core.classify import export as exporting
from niwt_core.classify.classifier import Classifier
from niwt_core.classify.export import Pipeline, export
from niwt_core.study.temperature import temperature_of
from tests.support.small_study import small_study
from tests.support.tiny_networks import CUTS, tiny

NAME = 'Ruby "<b>" Nädelbill'

STRANGER_TORCH = """
import json, sys
import torch
texts = {"labels.json": "", "preprocess.json": "", "about.json": ""}
program = torch.export.load(sys.argv[1], extra_files=texts)
pixels = torch.tensor(json.load(open(sys.argv[2])), dtype=torch.uint8)
logits = [program.module()(pixels[:1]).tolist(), program.module()(pixels).tolist()]
assert "niwt_core" not in sys.modules
print(json.dumps({"logits": logits, **{name: json.loads(text) for name, text in texts.items()}}))
"""
STRANGER_ONNX = """
import json, sys
import numpy, onnxruntime
session = onnxruntime.InferenceSession(sys.argv[1])
texts = session.get_modelmeta().custom_metadata_map
pixels = numpy.array(json.load(open(sys.argv[2])), numpy.uint8)
logits = [session.run(None, {"pixels": part})[0].tolist() for part in (pixels[:1], pixels)]
assert "niwt_core" not in sys.modules and "torch" not in sys.modules
print(json.dumps({"logits": logits, **{name: json.loads(texts[name]) for name in ("labels.json", "preprocess.json", "about.json")}}))
"""


def built() -> Classifier:
    classifier = small_study(layer="second.1").classifier()
    classifier.add(NAME, {"crown color": "red", "bill shape": "needle"})
    return classifier


def squares(classifier: Classifier, count: int = 3) -> np.ndarray:
    """(m,3,s,s) uint8 pixels, prepared as preprocess.json says: with Pillow alone."""
    study = classifier.study
    size, kept = study.preprocess.size, study.preprocess.resize or study.preprocess.size
    pixels = []
    for item in range(count):
        image = study.gallery.image(item)
        side = min(image.size) * size / kept
        left, top = (image.width - side) / 2, (image.height - side) / 2
        square = image.resize((size, size), 2, box=(left, top, left + side, top + side))
        pixels.append(np.asarray(square).transpose(2, 0, 1))
    return np.stack(pixels)


def ask_stranger(script: str, path: Path, pixels: np.ndarray, folder: Path) -> dict:
    """What a process of its own, elsewhere, makes of the file."""
    (folder / "pixels.json").write_text(json.dumps(pixels.tolist()))
    command = [sys.executable, "-I", "-c", script, str(path), str(folder / "pixels.json")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def compare(exported: dict, classifier: Classifier, pixels: np.ndarray) -> None:
    expected = []
    for item in range(len(pixels)):
        scores = {
            place.name: place.score for place in classifier.classify(classifier.study.gallery.image(item)).ranking
        }
        expected.append([scores[item.name] for item in classifier.candidates])
    assert np.allclose(exported["logits"][1], expected, atol=1e-4)
    assert np.allclose(exported["logits"][0], expected[:1], atol=1e-4)
    labels = exported["labels.json"]["classes"]
    assert [(item["name"], item["kind"]) for item in labels] == [(c.name, c.kind) for c in classifier.candidates]
    assert {item["kind"] for item in labels} == {"seen", "unseen", "built"}
    assert labels[0]["name"] == NAME
    assert exported["preprocess.json"]["size"] == pixels.shape[-1]
    assert exported["about.json"]["gamma"] == classifier.gamma
    assert exported["about.json"]["temperature"] == temperature_of(classifier.study)
    assert exported["about.json"]["calibrated"] is True
    assert exported["about.json"]["study_id"] == classifier.study.id


def test_torch_runs_it_without_this_project(tmp_path):
    classifier = built()
    classifier.gamma = 0.7
    done = export(classifier, tmp_path / "deep" / "birds.pt2")
    assert done.deviation <= done.tolerance
    pixels = squares(classifier)
    compare(ask_stranger(STRANGER_TORCH, done.path, pixels, tmp_path), classifier, pixels)
    assert [path.name for path in done.path.parent.iterdir()] == ["birds.pt2"]


def test_raw_logits_lack_only_the_calibration(tmp_path):
    classifier = built()
    classifier.gamma = 0.7
    done = export(classifier, tmp_path / "birds.pt2", calibrated=False)
    pixels = torch.from_numpy(squares(classifier))
    raw = torch.export.load(done.path).module()(pixels)
    features = torch.stack([classifier.encode(classifier.study.gallery.image(item)).features for item in range(3)])
    seen = torch.tensor([item.kind == "seen" for item in classifier.candidates])
    assert torch.allclose(raw - 0.7 * seen, classifier.logits(features), atol=1e-4)


def test_onnx_runtime_runs_it_without_torch(tmp_path):
    for name in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(name, reason="pip install '.[onnx]'")
    classifier = built()
    done = export(classifier, tmp_path / "birds.onnx")
    pixels = squares(classifier)
    compare(ask_stranger(STRANGER_ONNX, done.path, pixels, tmp_path), classifier, pixels)


@pytest.mark.parametrize(("design", "layer"), [cut for cut in CUTS if cut[1] in ("second.1", "act", "vit.layers.0")])
def test_the_pipeline_is_the_network_about_its_mean(design, layer):
    network = tiny(design, layer)
    preprocess = Preprocess(size=32, mean=(0.1, 0.5, 0.7), std=(0.2, 0.25, 0.4))
    generator = torch.Generator().manual_seed(3)
    rows, biases, mean = (
        torch.randn(*shape, generator=generator).double()
        for shape in ((4, network.features), (4,), (network.features,))
    )
    pixels = torch.randint(0, 256, (3, 3, 32, 32), generator=generator, dtype=torch.uint8)
    x = (pixels / 255 - torch.tensor(preprocess.mean).view(3, 1, 1)) / torch.tensor(preprocess.std).view(3, 1, 1)
    expected = (network.tail(network.stem(x.double())) - mean) @ rows.T + biases
    network = copy.deepcopy(network)  # other tests share it, in float64
    pipeline = Pipeline(network.float(), preprocess, rows.float(), biases.float(), mean.float())
    program = torch.export.export(pipeline, (pixels[:2],), dynamic_shapes=({0: torch.export.Dim("batch")},))
    for count in (1, 3):
        assert torch.allclose(program.module()(pixels[:count]).double(), expected[:count], atol=1e-4)


def test_exporting_leaves_the_classifier_alone(tmp_path):
    classifier = built()
    image = classifier.study.gallery.image(0)
    before = classifier.classify(image)
    weights = {name: value.clone() for name, value in classifier.study.network.state_dict().items()}
    export(classifier, tmp_path / "birds.pt2")
    assert classifier.classify(image).ranking == before.ranking
    assert all(torch.equal(value, weights[name]) for name, value in classifier.study.network.state_dict().items())


@pytest.mark.parametrize("suffix", [".pt2", ".onnx"])
def test_a_file_that_says_something_else_is_not_left(tmp_path, monkeypatch, suffix):
    if suffix == ".onnx":
        pytest.importorskip("onnxruntime", reason="pip install '.[onnx]'")
    right = exporting.export_pipeline

    def wrong(classifier, calibrated):
        pipeline = right(classifier, calibrated)
        pipeline.biases[1] += 0.01
        return pipeline

    monkeypatch.setattr(exporting, "export_pipeline", wrong)
    path = tmp_path / f"birds{suffix}"
    path.write_bytes(b"an earlier one")
    with pytest.raises(NiwtError, match="other logits"):
        export(built(), path)
    assert [item.name for item in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == b"an earlier one"


def test_a_network_that_cannot_be_traced_is_said(tmp_path, monkeypatch):
    def turn(self, pixels):
        return pixels.float().sum() if pixels.float().sum() > 0 else pixels

    monkeypatch.setattr(Pipeline, "forward", turn)
    with pytest.raises(NiwtError, match=r"torch\.export cannot express this network"):
        export(built(), tmp_path / "birds.pt2")
    assert not list(tmp_path.iterdir())


def test_mistakes_are_said(tmp_path, monkeypatch):
    classifier = built()
    with pytest.raises(NiwtError, match=r"no format for \.bin"):
        export(classifier, tmp_path / "birds.bin")
    (tmp_path / "folder.pt2").mkdir()
    with pytest.raises(NiwtError, match="that is a folder"):
        export(classifier, tmp_path / "folder.pt2")
    (tmp_path / "file").write_text("")
    with pytest.raises(NiwtError, match="cannot write"):
        export(classifier, tmp_path / "file" / "birds.pt2")
    monkeypatch.setattr("niwt_core.classify.export_formats.find_spec", lambda name: None)
    with pytest.raises(NiwtError, match="ONNX needs onnx and onnxscript and onnxruntime"):
        export(classifier, tmp_path / "birds.onnx")
