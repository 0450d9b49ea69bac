"""The word head: what it may say, and where it looks."""

import torch

from niwt_core.prepare.aviary.attribute_head import AttributeHead, strongest


def test_each_neuron_speaks_for_one_word_and_the_rest_for_none():
    head = AttributeHead(7, 3).eval()
    assert torch.equal((head.owners > 0).sum(1), torch.tensor([1, 1, 1, 1, 1, 1, 0]))
    torch.testing.assert_close(head.owners.sum(0), torch.ones(3))
    quiet = torch.zeros(1, 7)
    loud = torch.eye(7)[4:5]  # neuron 4 stands for word 1
    changed = (head(loud) - head(quiet)).squeeze(0) > 1e-6
    assert changed.tolist() == [False, True, False]


def test_with_fewer_neurons_than_words_the_first_words_are_asked_for():
    assert AttributeHead(4, 61)(torch.rand(5, 4)).shape == (5, 4)


def test_a_map_counts_by_its_strongest_places():
    maps = torch.zeros(1, 2, 16, 16)
    maps[0, 0, 3, 3:5] = 2.0  # two places of 256
    maps[0, 1] = 0.5
    torch.testing.assert_close(strongest(maps), torch.tensor([[2.0, 0.5]]))
