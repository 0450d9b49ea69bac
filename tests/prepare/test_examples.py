"""Pictures of no class that a preparation is given: they reach the study as detectors, and nothing of them stays."""

import numpy as np
import torch

from niwt_core.classify.classifier import Classifier
from niwt_core.explain.detector import Detectors
from niwt_core.explain.picture_detectors import Examples, picture_detectors
from niwt_core.prepare.aviary.pretraining import pooled_activations
from niwt_core.prepare.prepare import Settings, prepare
from tests.support.quick import QUICK
from tests.support.small_study import small_dataset, small_study, tiny_network


def examples_of(neurons: int, attributes: int) -> Examples:
    random = np.random.default_rng(0)
    return Examples(torch.from_numpy(random.random((150, neurons))).float(), random.random((150, attributes)) < 0.3)


def test_a_study_keeps_the_detectors_that_its_examples_give(tmp_path):
    dataset, (network, preprocess) = small_dataset(), tiny_network()
    assert dataset.picture_attributes is not None
    examples = examples_of(network.neurons, len(dataset.knowledge.names))
    study = prepare(dataset, network, preprocess, tmp_path / "study", settings=Settings(grid=QUICK), examples=examples)
    kept, expected = Detectors.of(study), picture_detectors(study, examples, dataset.picture_attributes > 0)
    assert kept is not None
    assert expected is not None
    assert kept.scaling is not None
    torch.testing.assert_close(kept.tensors(), expected.tensors(), equal_nan=True, rtol=1e-4, atol=1e-5)
    assert small_study().detectors is None  # without examples it keeps none


def test_pictures_are_pooled_as_a_study_pools_them():
    study = small_study()
    images = [study.gallery.image(place) for place in range(5)]
    size = study.preprocess.size
    pictures = torch.stack(
        [torch.from_numpy(np.array(image.resize((size, size)))).permute(2, 0, 1) for image in images]
    )
    pooled = pooled_activations(study.network, study.preprocess, pictures, batch=2)
    asked = [image.resize((size, size)) for image in images]
    for one, picture in zip(pooled, Classifier(study).encode_many(asked), strict=True):
        torch.testing.assert_close(one.float(), picture.pooled, rtol=2e-3, atol=2e-3)
