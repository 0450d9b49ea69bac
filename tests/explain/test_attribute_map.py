"""The map of a word: the activations of the few neurons that stand for it."""

import pytest
import torch

from niwt_core.errors import NiwtError
from niwt_core.explain.attribute_map import OWN, attribute_map, neuron_weights
from tests.support.tiny_aviary import tiny_aviary

WORD = "crown color::red"


def test_only_the_strongest_neurons_of_a_word_have_a_share():
    study = tiny_aviary()
    column = study.inverse.weight[:, study.knowledge.column(WORD)]
    probabilities = neuron_weights(study, WORD)
    kept = column.argsort(descending=True)[:OWN]
    torch.testing.assert_close(probabilities[kept], column[kept].clamp_min(0))
    assert int((probabilities > 0).sum()) <= OWN


def test_an_answer_gives_the_map_of_a_word():
    study = tiny_aviary()
    answer = study.classifier().classify(study.gallery.image(0))
    shown = attribute_map(answer.classifier.study, answer.picture, WORD)
    assert shown.values.shape == answer.picture.input.shape[-2:]
    assert torch.equal(shown.values, attribute_map(study, answer.picture, WORD).values)


def test_shares_dealt_out_wrongly_give_another_map():
    study = tiny_aviary()
    picture = study.classifier().encode(study.gallery.image(0))
    deal = torch.arange(study.network.neurons).roll(1)
    assert not torch.equal(
        attribute_map(study, picture, WORD, deal=deal).values, attribute_map(study, picture, WORD).values
    )


def test_an_unknown_word_is_refused():
    with pytest.raises(NiwtError, match="no attribute"):
        neuron_weights(tiny_aviary(), "crown colour::red")
