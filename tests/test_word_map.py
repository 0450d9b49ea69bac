"""The map of a word: the activations of the neurons that stand for it."""

import pytest
import torch

from niwt_core.attribution import neuron_map
from niwt_core.errors import NiwtError
from niwt_core.word_map import OWN, word_map, word_shares
from tests.tiny_aviary import tiny_aviary


def answer():
    study = tiny_aviary()
    return study.classifier().classify(study.gallery.image(0))


def test_a_word_is_its_strongest_neurons():
    study = tiny_aviary()
    for k, name in enumerate(study.knowledge.names[:10]):
        column, shares = study.inverse.weight[:, k], word_shares(study, name)
        assert (shares > 0).sum() <= OWN
        assert shares.max() == column.clamp_min(0).max()
        assert column[shares == 0].max() <= shares[shares > 0].min()


def test_the_map_of_one_neuron_is_that_neurons():
    study, given = tiny_aviary(), answer()
    name = study.knowledge.names[0]
    shares = word_shares(study, name, own=1)
    neuron = int(shares.argmax())
    alone = neuron_map(study.network, given.picture, neuron).values.clamp_min(0) * shares[neuron]
    parts = sum(
        neuron_map(study.network, given.picture, n).values * share
        for n, share in enumerate(word_shares(study, name).tolist())
        if share
    )
    assert alone.max() <= given.word_map(name).values.max() + 1e-5
    torch.testing.assert_close(given.word_map(name).values, parts.clamp_min(0), rtol=1e-4, atol=1e-5)


def test_shares_dealt_out_wrongly_give_another_map():
    study, given = tiny_aviary(), answer()
    name = study.knowledge.names[0]
    deal = torch.arange(study.network.neurons).roll(7)
    assert not torch.equal(word_map(study, given.picture, name, deal=deal).values, given.word_map(name).values)


def test_an_unknown_word_is_refused():
    with pytest.raises(NiwtError, match="no attribute"):
        answer().word_map("crown colour::red")
