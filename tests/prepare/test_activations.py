"""Activations of pictures: each picture keeps its own, whatever is left out or moved."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from niwt_core.method.importance import class_targets
from niwt_core.prepare.activations import PictureActivations
from niwt_core.prepare.prepare import make_accelerator
from tests.support.small_study import small_dataset, tiny_network


@pytest.fixture(scope="module")
def picture_activations(tmp_path_factory) -> PictureActivations:
    network, preprocess = tiny_network(layer="second.1")
    return PictureActivations.collect(
        network,
        small_dataset(),
        preprocess,
        make_accelerator("cpu"),
        tmp_path_factory.mktemp("activations"),
        seed=0,
        probe_count=9,
        batch=8,
        on_progress=lambda *_: None,
    )


def alone(picture_activations: PictureActivations, picture: int) -> torch.Tensor:
    """Activations (N,H,W) of one picture of the set, run by itself."""
    _, preprocess = tiny_network()
    with torch.no_grad():
        return picture_activations.network.stem(preprocess(small_dataset().picture(picture)).unsqueeze(0))[0]


def test_what_is_kept(picture_activations):
    dataset = small_dataset()
    assert set(picture_activations.kept) == set(picture_activations.targets) | set(picture_activations.probes)
    assert len(picture_activations.probes) == len(set(picture_activations.probes)) == 9
    assert dataset.train[picture_activations.kept].all()  # test pictures neither probe nor set targets
    assert set(dataset.labels[picture_activations.targets]) == set(np.flatnonzero(dataset.seen))
    for picture in picture_activations.kept[::5]:
        torch.testing.assert_close(
            picture_activations.of(np.array([picture]))[0], alone(picture_activations, picture), rtol=1e-4, atol=1e-5
        )
    features = torch.stack(
        [picture_activations.network.tail(alone(picture_activations, i).unsqueeze(0))[0] for i in range(5)]
    )
    torch.testing.assert_close(picture_activations.features[:5], features, rtol=2e-3, atol=1e-3)


def test_leaving_pictures_out_moves_nothing_to_another(picture_activations):
    usable = np.ones(len(picture_activations.labels), dtype=bool)
    usable[[picture_activations.kept[0], picture_activations.kept[7], 1, 2]] = False
    spoiled = replace(
        picture_activations,
        usable=usable,
        targets=picture_activations.targets[usable[picture_activations.targets]],
        probes=picture_activations.probes[usable[picture_activations.probes]],
    )
    left = spoiled.only_usable()
    old = np.flatnonzero(usable)  # new index -> old
    assert left.labels.tolist() == picture_activations.labels[old].tolist()
    for picture in [*left.targets, *left.probes]:
        torch.testing.assert_close(
            left.of(np.array([picture])), picture_activations.of(np.array([old[picture]])), rtol=0, atol=0
        )
    rows = torch.randn(6, picture_activations.network.features, generator=torch.Generator().manual_seed(0))
    seen = np.flatnonzero(small_dataset().seen)
    torch.testing.assert_close(left.class_targets(rows, seen), spoiled.class_targets(rows, seen))


def test_targets_of_some_classes_are_those_of_their_pictures(picture_activations):
    classes, generator = np.array([1, 4]), torch.Generator().manual_seed(0)
    rows = torch.randn(2, picture_activations.network.features, generator=generator)
    got = picture_activations.class_targets(rows, classes)
    for place, c in enumerate(classes):
        of_class = picture_activations.targets[picture_activations.labels[picture_activations.targets] == c]
        batch = (
            torch.stack([alone(picture_activations, i) for i in of_class]),
            torch.zeros(len(of_class), dtype=torch.int64),
        )
        wanted = class_targets(picture_activations.network, [batch], rows[place : place + 1], classes=1)[0]
        torch.testing.assert_close(got[place], wanted, rtol=1e-3, atol=1e-4)


def test_targets_of_several_heads_are_those_of_each(picture_activations):
    generator, features = torch.Generator().manual_seed(0), picture_activations.network.features
    heads = [
        (torch.randn(len(classes), features, generator=generator), classes)
        for classes in (np.array([1, 4]), np.array([0, 1, 2, 5]), np.array([4]))
    ]
    many = picture_activations.class_targets_of(heads)
    for actual, (rows, classes) in zip(many, heads, strict=True):
        torch.testing.assert_close(actual, picture_activations.class_targets(rows, classes))
    nobody = replace(picture_activations, targets=picture_activations.targets[:0])
    assert not nobody.class_targets_of(heads[:1])[0].any()


def test_spreading_puts_every_picture_in_its_place(picture_activations):
    places = np.arange(len(picture_activations.labels)) * 2 + 1
    wide = picture_activations.spread(places, 2 * len(picture_activations.labels) + 1)
    assert torch.equal(wide.features[torch.from_numpy(places)], picture_activations.features)
    assert (wide.labels[places] == picture_activations.labels).all()
    for picture in picture_activations.targets[:4]:
        assert torch.equal(wide.of(np.array([places[picture]])), picture_activations.of(np.array([picture])))
