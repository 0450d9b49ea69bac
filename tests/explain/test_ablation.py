"""Ablation: exact under average pooling, first order through a longer tail, and exact again for one picture."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from niwt_core import Classifier, NiwtError
from niwt_core.backbones.trace import split_model
from niwt_core.explain.ablation import ablate, ablate_picture, neurons_of_attribute
from niwt_core.explain.contributions import average_activation
from niwt_core.prepare.prepare import Settings, prepare
from niwt_core.study.study import Study
from tests.support.small_study import SIZE, TinyNet, small_dataset, small_study, tiny_network
from tests.support.tiny_aviary import shipped_aviary


@pytest.fixture(scope="module")
def straight_study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The tail is a convolution whose ReLU never bends, and average pooling: what holds to first order is exact there."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = TinyNet()
    with torch.no_grad():
        model.third[0].bias.fill_(5.0)
    network = split_model(model, r"\w+\.1", name="straight", size=SIZE).at("second.1")
    out = tmp_path_factory.mktemp("straight") / "study"
    return prepare(small_dataset(), network, tiny_network()[1], out, settings=Settings(probe_count=4))


@pytest.mark.parametrize("layer", ["third.1", "second.1"])
def test_no_neuron_ablated_changes_nothing(layer: str) -> None:
    effect = ablate(small_study(layer=layer), ())
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
    predicted = (logits - study.gamma * torch.from_numpy(study.seen)).argmax(1).numpy()
    unseen = ~study.seen[study.labels[test]]
    accuracy = [np.mean(predicted[study.labels[test] == c] == c) for c in np.unique(study.labels[test][unseen])]
    assert pytest.approx(100 * np.mean(accuracy)) == effect.after.U


def test_through_a_longer_tail_the_operator_says_what_shifted_activations_do(straight_study: Study) -> None:
    """Every test picture goes through the tail again, with the maps of two neurons shifted so that their means are the average."""
    study, data, neurons = straight_study, small_dataset(), [3, 11]
    assert study.operator is not None
    classifier, average = Classifier(study), average_activation(study)
    predicted: dict[int, list[int]] = {}
    for picture in np.flatnonzero(study.split != "train"):
        encoded = classifier.encode(data.root / data.paths[picture])
        activations = encoded.activations.clone()  # (1, N, h, w)
        for n in neurons:
            activations[0, n] -= activations[0, n].mean() - average[n]
        with torch.no_grad():
            change = study.network.tail(activations)[0] - encoded.features
        features = study.features[picture].float() + change  # a study rounds its features to 16 bits
        logits = (features - study.head.mean) @ study.full_head.rows.T + study.full_head.biases
        best = int((logits - study.gamma * torch.from_numpy(study.seen)).argmax())
        predicted.setdefault(int(study.labels[picture]), []).append(best)
    accuracy = {c: 100 * float(np.mean(np.array(best) == c)) for c, best in predicted.items()}
    effect = ablate(study, neurons)
    assert not effect.exact
    assert effect.after != effect.before
    assert pytest.approx(np.mean([accuracy[c] for c in accuracy if not study.seen[c]])) == effect.after.U
    assert pytest.approx(np.mean([accuracy[c] for c in accuracy if study.seen[c]])) == effect.after.S
    for c, name in enumerate(study.classes):
        assert effect.per_class[name] == pytest.approx(accuracy[c] - _recognised(study, c)), name


def _recognised(study: Study, c: int) -> float:
    """Percent of the test pictures of class c that are recognised among all classes."""
    chosen = np.flatnonzero((study.split != "train") & (study.labels == c))
    logits = study.full_head.logits(study.features[chosen].float()) - study.gamma * torch.from_numpy(study.seen)
    return 100 * float((logits.argmax(1) == c).float().mean())


@pytest.mark.parametrize("layer", ["third.1", "second.1"])
def test_an_ablated_picture_is_the_picture_with_average_activations(layer: str) -> None:
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


@pytest.mark.parametrize("layer", ["third.1", "second.1"])
def test_a_gain_multiplies_what_a_neuron_says(layer: str) -> None:
    study, data = small_study(layer=layer), small_dataset()
    picture = Classifier(study).encode(data.root / data.paths[0])
    average = average_activation(study)[2]
    louder = ablate_picture(study, picture, (2,), gain=3.0)
    expected = average + 3 * (picture.activations[0, 2] - average)
    assert torch.allclose(louder.activations[0, 2], expected, atol=1e-5)
    assert torch.allclose(louder.features, study.network.tail(louder.activations)[0], atol=1e-6)
    same = ablate_picture(study, picture, (0, 2), gain=1.0)
    assert torch.allclose(same.features, picture.features, atol=1e-5)
    assert ablate(study, (0, 2), gain=1.0).after == ablate(study, ()).after


def test_louder_neurons_of_the_whole_study_are_those_of_its_pictures() -> None:
    """Under pooling: every test picture encoded anew with two neurons three times as loud."""
    study, data, neurons = small_study(), small_dataset(), (1, 5)
    classifier = Classifier(study)
    hits: dict[int, list[bool]] = {}
    for picture in np.flatnonzero(study.split != "train"):
        louder = ablate_picture(study, classifier.encode(data.root / data.paths[picture]), neurons, gain=3.0)
        best = classifier.answer(louder).best.name
        label = int(study.labels[picture])
        hits.setdefault(label, []).append(best == study.classes[label])
    effect = ablate(study, neurons, gain=3.0)
    assert effect.exact
    assert pytest.approx(100 * np.mean([np.mean(hits[c]) for c in hits if study.seen[c]])) == effect.after.S


def test_the_neurons_of_a_word() -> None:
    study = shipped_aviary()
    word = next(neuron.attribute for neuron in study.neurons if neuron.status == "verified")
    chosen = neurons_of_attribute(study, word)
    named = [neuron.index for neuron in study.neurons if neuron.attribute == word and neuron.name != "unnamed"]
    assert sorted(chosen) == named
    with pytest.raises(NiwtError, match="no attribute"):
        neurons_of_attribute(study, "crown color: plaid")
    bare = replace(study, neurons=tuple(replace(neuron, status="unnamed") for neuron in study.neurons))
    with pytest.raises(NiwtError, match="no neuron is named"):
        neurons_of_attribute(bare, word)
