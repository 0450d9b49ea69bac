"""The map of an attribute: the activations of the few neurons that stand for it, against maps worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from niwt_core import Study
from niwt_core.classify.answer import EncodedPicture
from niwt_core.errors import NiwtError
from niwt_core.explain.attribute_map import attribute_map, neuron_weights
from tests.support.small_study import SIZE, small_study

ATTRIBUTE = "crown color::red"
READS = {
    2: 0.5,
    5: 0.3,
    7: -0.9,
    9: 0.2,
    11: 0.1,
    13: 0.05,
}  # neuron -> what the inverse map reads of the attribute from it


@pytest.fixture
def study() -> Study:
    """The small study with an inverse map in which `READS` is all that speaks of the attribute."""
    plain = small_study()
    weight = torch.zeros_like(plain.inverse.weight)
    for neuron, value in READS.items():
        weight[neuron, plain.knowledge.column(ATTRIBUTE)] = value
    return replace(plain, inverse=replace(plain.inverse, weight=weight))


def lit(study: Study, places: dict[tuple[int, int, int], float]) -> EncodedPicture:
    """A picture whose activations are zero but for some (neuron, row, column)."""
    picture = study.classifier().encode(study.gallery.image(0))
    activations = torch.zeros_like(picture.activations)
    for place, value in places.items():
        activations[(0, *place)] = value
    return replace(picture, activations=activations)


def tents(*places: tuple[int, int, float]) -> torch.Tensor:
    """(64,64): at each (row, column) of the grid of 8 x 8 a value, falling to zero on the next places, which lie 8 pixels away."""
    pixels, total = np.arange(SIZE), np.zeros((SIZE, SIZE))
    for row, column, value in places:
        one, other = (np.clip(1 - np.abs(pixels - 8 * at) / 8, 0, None) for at in (row, column))
        total += value * np.outer(one, other)
    return torch.from_numpy(total).float()


def test_the_four_neurons_that_bring_most_of_it_stand_for_it(study: Study) -> None:
    weights = neuron_weights(study, ATTRIBUTE)
    assert {n: round(float(weights[n]), 6) for n in weights.nonzero().flatten().tolist()} == {
        2: 0.5,
        5: 0.3,
        9: 0.2,
        11: 0.1,
    }
    assert neuron_weights(study, ATTRIBUTE, strongest=1).nonzero().flatten().tolist() == [2]


def test_a_neuron_that_speaks_against_it_never_stands_for_it(study: Study) -> None:
    assert float(neuron_weights(study, ATTRIBUTE, strongest=study.network.neurons)[7]) == 0


def test_the_map_is_their_weighted_activations_where_they_lie(study: Study) -> None:
    others = {(7, 6, 6): 90.0, (13, 4, 6): 90.0, (0, 6, 4): 90.0}  # against it, too weak, about something else
    shown = attribute_map(study, lit(study, {(2, 1, 2): 2.0, (5, 5, 3): 1.0, (9, 5, 3): 4.0, **others}), ATTRIBUTE)
    torch.testing.assert_close(shown.values, tents((1, 2, 2 * 0.5), (5, 3, 1 * 0.3 + 4 * 0.2)))
    assert shown.peak() == (40, 24)


def test_a_permutation_gives_the_neurons_each_others_weights(study: Study) -> None:
    following = torch.arange(study.network.neurons).roll(1)  # each neuron has the weight of the one before
    shown = attribute_map(study, lit(study, {(2, 1, 2): 9.0, (3, 4, 4): 1.0}), ATTRIBUTE, deal=following)
    torch.testing.assert_close(shown.values, tents((4, 4, 0.5)))


def test_a_map_of_a_classifiers_answer_has_the_size_of_the_input() -> None:
    study = small_study()
    answer = study.classifier().classify(study.gallery.image(0))
    shown = attribute_map(answer.classifier.study, answer.picture, ATTRIBUTE)
    assert shown.values.shape == answer.picture.input.shape[-2:]


def test_what_has_no_map_is_refused() -> None:
    study = small_study()
    with pytest.raises(NiwtError, match="no attribute"):
        neuron_weights(study, "crown colour::red")
    with pytest.raises(NiwtError, match="no words"):
        neuron_weights(replace(study, knowledge=replace(study.knowledge, kind="embedding")), ATTRIBUTE)
