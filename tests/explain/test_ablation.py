"""Ablation: exact under average pooling, first order through a tail that bends, and exact again for one picture."""

import numpy as np
import pytest
import torch

from niwt_core import Classifier, NiwtError
from niwt_core.explain.ablation import ablate, ablate_picture
from niwt_core.explain.explanation import average_activation
from tests.support.small_study import small_dataset, small_study


def test_nothing_muted_changes_nothing() -> None:
    effect = ablate(small_study(), ())
    assert effect.before == effect.after
    assert set(effect.per_class.values()) == {0.0}


def test_under_pooling_the_feature_is_held_at_its_mean() -> None:
    study = small_study()
    assert study.operator is None
    effect = ablate(study, (3, 3))
    assert effect.exact
    assert effect.neurons == (3,)
    test = np.flatnonzero(study.split != "train")
    features = study.features[test].float().clone()
    features[:, 3] = average_activation(study)[3]
    logits = (features - study.head.mean) @ study.full_head.rows.T + study.full_head.biases
    said = (logits - study.gamma * torch.from_numpy(study.seen)).argmax(1).numpy()
    unseen = ~study.seen[study.labels[test]]
    accuracy = [np.mean(said[study.labels[test] == c] == c) for c in np.unique(study.labels[test][unseen])]
    assert pytest.approx(100 * np.mean(accuracy)) == effect.after.U


@pytest.mark.parametrize("layer", ["third.1", "second.1"])
def test_a_muted_picture_is_the_picture_with_average_activations(layer: str) -> None:
    study = small_study(layer=layer)
    data = small_dataset()
    picture = Classifier(study).encode(data.root / data.paths[0])
    ablated = ablate_picture(study, picture, (0, 2))
    average = average_activation(study)
    for n in (0, 2):
        assert torch.allclose(ablated.activations[0, n], average[n].expand_as(ablated.activations[0, n]))
    assert torch.equal(ablated.activations[0, 1], picture.activations[0, 1])
    assert torch.allclose(ablated.features, study.network.tail(ablated.activations)[0], atol=1e-6)
    assert not torch.allclose(ablated.features, picture.features)


def test_a_neuron_that_is_not_there_is_refused() -> None:
    with pytest.raises(NiwtError, match="no neuron 9999"):
        ablate(small_study(), (9999,))
