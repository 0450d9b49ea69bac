"""The whole way on real birds: every photograph of the subset, but at 96 pixels, with frozen ImageNet features."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from niwt_core import Study
from niwt_core.backbones import load_backbone
from niwt_core.data.cub import read_cub
from niwt_core.evaluation.grid import Grid
from niwt_core.prepare.prepare import Settings, prepare
from niwt_core.study.evaluate import evaluate

pytestmark = pytest.mark.slow
SIZE = 96  # pixels


@pytest.fixture(scope="module")
def study(shared_data, tmp_path_factory) -> Study:
    weights = shared_data.parent / "weights" / "mobilenet_v2_imagenet.safetensors"
    if not weights.is_file():
        pytest.skip(f"no weights at {weights}")
    network, preprocess = load_backbone("mobilenet_v2", weights=weights)
    dataset = read_cub(shared_data / "cub-subset")
    with pytest.MonkeyPatch.context() as quick:
        quick.setattr("niwt_core.prepare.settings.REPEATS", 1)
        quick.setattr(
            "niwt_core.prepare.settings.GRID",
            Grid(decay=(1e-4,), ridge=(0.2, 0.35, 0.6), norm=(0.7, 0.85, 1.0), share=(0.01, 0.02)),
        )
        out: Path = tmp_path_factory.mktemp("cub") / "study"
        return prepare(dataset, network, replace(preprocess, size=SIZE, resize=None), out, settings=Settings(batch=32))


def test_the_split(study):
    assert (len(study.seen_classes), len(study.unseen_classes)) == (73, 14)
    assert len(study.knowledge.names) == 312
    assert study.operator is None
    assert not study.provenance["skipped"]


def test_ahead_of_chance_and_of_the_rivals(study):
    """Figures at this size; the published ones are measured at 224 pixels. The lead needs the pictures: with 24 a class SAE draws level."""
    result = evaluate(study, baselines=True)
    niwt = result.metrics
    assert niwt.zsl > 60  # chance is 7
    assert min(niwt.U, niwt.S) > 45
    assert niwt.H > 52
    for name in ("ESZSL", "SAE"):
        assert niwt.H > result.baselines[name].H
        assert niwt.zsl > result.baselines[name].zsl
        assert result.baselines[name].H > 40  # a baseline that was broken would be no baseline
    assert 0.35 < result.curve.ausuc < 0.5
    best = float(result.curve.harmonic.max())
    assert best - 4 < niwt.H <= best + 1e-6  # gamma from seen classes is near the best there is
    assert niwt.H > result.plain.H


def test_importances_can_be_predicted(study):
    predictability = np.array(list(study.predictability.values()))
    assert np.median(predictability) > 0.3
    assert predictability.max() < 1


def test_names(study):
    status = [neuron.status for neuron in study.neurons]
    assert status.count("verified") > 20
    assert study.provenance["shuffled_names_fraction"] < 0.1


def test_a_photograph_of_an_unseen_class(study, shared_data):
    unseen = np.flatnonzero(study.split == "test_unseen")
    images = shared_data / "cub-subset" / "CUB_200_2011" / "images"
    paths = [images / study.paths[i] for i in unseen[:: len(unseen) // 28]]
    classifier = study.classifier()
    answers = list(classifier.classify_many(paths))
    right = np.mean([answer.best.name == path.parent.name for answer, path in zip(answers, paths, strict=True)])
    assert right > 0.25
    explanation = answers[0].explain()
    assert explanation.sentence
    assert float(explanation.contributions.sum()) + explanation.residual == pytest.approx(
        float(classifier.candidate(answers[0].best.name).row @ (answers[0].picture.features - study.head.mean)),
        rel=1e-3,
    )
    assert torch.isfinite(explanation.alpha).all()
