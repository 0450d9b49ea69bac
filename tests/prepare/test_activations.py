"""The bank of activations: each picture keeps its own, whatever is left out or moved."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from niwt_core.method.importance import class_targets
from niwt_core.prepare.activations import Bank
from niwt_core.prepare.prepare import make_accelerator
from tests.support.small_study import small_dataset, tiny_network


@pytest.fixture(scope="module")
def bank(tmp_path_factory) -> Bank:
    network, preprocess = tiny_network(layer="second.1")
    return Bank.collect(
        network,
        small_dataset(),
        preprocess,
        make_accelerator("cpu"),
        tmp_path_factory.mktemp("bank"),
        seed=0,
        probe_count=9,
        batch=8,
        on_progress=lambda *_: None,
    )


def alone(bank: Bank, picture: int) -> torch.Tensor:
    """Activations (N,H,W) of one picture of the set, run by itself."""
    _, preprocess = tiny_network()
    with torch.no_grad():
        return bank.network.stem(preprocess(small_dataset().picture(picture)).unsqueeze(0))[0]


def test_what_is_kept(bank):
    dataset = small_dataset()
    assert set(bank.kept) == set(bank.targets) | set(bank.probes)
    assert len(bank.probes) == len(set(bank.probes)) == 9
    assert dataset.train[bank.kept].all()  # test pictures neither probe nor set targets
    assert set(dataset.labels[bank.targets]) == set(np.flatnonzero(dataset.seen))
    for picture in bank.kept[::5]:
        torch.testing.assert_close(bank.of(np.array([picture]))[0], alone(bank, picture), rtol=1e-4, atol=1e-5)
    features = torch.stack([bank.network.tail(alone(bank, i).unsqueeze(0))[0] for i in range(5)])
    torch.testing.assert_close(bank.features[:5], features, rtol=2e-3, atol=1e-3)


def test_leaving_pictures_out_moves_nothing_to_another(bank):
    usable = np.ones(len(bank.labels), dtype=bool)
    usable[[bank.kept[0], bank.kept[7], 1, 2]] = False
    spoiled = replace(
        bank, usable=usable, targets=bank.targets[usable[bank.targets]], probes=bank.probes[usable[bank.probes]]
    )
    left = spoiled.only_usable()
    old = np.flatnonzero(usable)  # new index -> old
    assert left.labels.tolist() == bank.labels[old].tolist()
    for picture in [*left.targets, *left.probes]:
        torch.testing.assert_close(left.of(np.array([picture])), bank.of(np.array([old[picture]])), rtol=0, atol=0)
    rows = torch.randn(6, bank.network.features, generator=torch.Generator().manual_seed(0))
    seen = np.flatnonzero(small_dataset().seen)
    torch.testing.assert_close(left.class_targets(rows, seen), spoiled.class_targets(rows, seen))


def test_targets_of_some_classes_are_those_of_their_pictures(bank):
    classes, generator = np.array([1, 4]), torch.Generator().manual_seed(0)
    rows = torch.randn(2, bank.network.features, generator=generator)
    got = bank.class_targets(rows, classes)
    for place, c in enumerate(classes):
        own = bank.targets[bank.labels[bank.targets] == c]
        batch = (torch.stack([alone(bank, i) for i in own]), torch.zeros(len(own), dtype=torch.int64))
        wanted = class_targets(bank.network, [batch], rows[place : place + 1], classes=1)[0]
        torch.testing.assert_close(got[place], wanted, rtol=1e-3, atol=1e-4)


def test_spreading_puts_every_picture_in_its_place(bank):
    places = np.arange(len(bank.labels)) * 2 + 1
    wide = bank.spread(places, 2 * len(bank.labels) + 1)
    assert torch.equal(wide.features[torch.from_numpy(places)], bank.features)
    assert (wide.labels[places] == bank.labels).all()
    for picture in bank.targets[:4]:
        assert torch.equal(wide.of(np.array([places[picture]])), bank.of(np.array([picture])))
