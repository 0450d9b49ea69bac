"""Fine-tuning: what is drawn for each picture, the schedule, frozen layers, and a checkpoint that goes on exactly."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from niwt_core import NiwtError
from niwt_core.method.head import fit_head
from niwt_core.prepare.prepare import make_accelerator
from niwt_core.prepare.training import TrainingPictures, TrainingSettings, fine_tune, install_head, schedule
from tests.support.small_study import small_dataset, tiny_network

SETTINGS = TrainingSettings(epochs=2, batch=10, rate=0.005, head_rate=0.05)


def train(folder, *, layer="second.1", settings=SETTINGS, start=None, progress=lambda *_: None):
    network, preprocess = tiny_network(layer=layer)
    folder.mkdir(exist_ok=True)
    fine_tune(
        network, small_dataset(), preprocess, make_accelerator("cpu"), folder, settings, start=start, progress=progress
    )
    return network


def loss(network) -> float:
    dataset, (_, preprocess) = small_dataset(), tiny_network()
    train = np.flatnonzero(dataset.train)
    x = torch.stack([preprocess(dataset.picture(int(i))) for i in train])
    local = torch.from_numpy((np.cumsum(dataset.seen) - 1)[dataset.labels[train]])
    with torch.no_grad():
        return float(torch.nn.functional.cross_entropy(network(x), local))


def test_it_learns(tmp_path):
    before, _ = tiny_network(layer="second.1")
    install_head(before, 6, None, seed=0)
    after = train(tmp_path, settings=replace(SETTINGS, epochs=8, optimiser="adamw", rate=3e-3, head_rate=3e-2))
    assert loss(after) < loss(before) - 0.1
    assert not after.training
    assert not any(parameter.requires_grad for parameter in after.parameters())
    assert after.head.out_features == 6


def test_the_same_seed_gives_the_same_weights(tmp_path):
    one, again, other = (
        train(tmp_path / str(i), settings=replace(SETTINGS, seed=seed)).state_dict() for i, seed in enumerate((0, 0, 1))
    )
    assert all(torch.equal(one[name], again[name]) for name in one)
    assert not all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_a_checkpoint_goes_on_exactly(tmp_path, optimiser):
    settings = replace(SETTINGS, epochs=3, optimiser=optimiser, rate=1e-3, head_rate=1e-2)
    complete = train(tmp_path / "whole", settings=settings).state_dict()

    def interrupt(stage, done, total):
        if done == total - 1:  # in the third epoch
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "parts", settings=settings, progress=interrupt)
    steps = []
    resumed = train(tmp_path / "parts", settings=settings, progress=lambda *at: steps.append(at[1])).state_dict()
    assert steps == [7, 8, 9]
    assert all(torch.equal(complete[name], resumed[name]) for name in complete)


def test_a_finished_training_is_not_done_again(tmp_path):
    complete = train(tmp_path).state_dict()
    again = train(tmp_path, progress=lambda *_: pytest.fail("trained again")).state_dict()
    assert all(torch.equal(complete[name], again[name]) for name in complete)


def test_frozen_layers_stay(tmp_path):
    before = tiny_network(layer="second.1")[0].chain.state_dict()
    after = train(tmp_path, settings=replace(SETTINGS, frozen_share=0.5)).chain
    moved = {
        int(name.split(".")[0]) for name, value in after.state_dict().items() if not torch.equal(value, before[name])
    }
    frozen = len(after) // 2
    assert frozen > 0
    assert min(moved) >= frozen


def test_the_fitted_head_is_where_it_starts(tmp_path):
    dataset, (network, preprocess) = small_dataset(), tiny_network(layer="second.1")
    train_ = np.flatnonzero(dataset.train)
    with torch.no_grad():
        x = network.tail(network.stem(torch.stack([preprocess(dataset.picture(int(i))) for i in train_])))
    local = torch.from_numpy((np.cumsum(dataset.seen) - 1)[dataset.labels[train_]])
    head = fit_head(x, local, classes=6, decay=1e-3)
    still = train(tmp_path, settings=replace(SETTINGS, rate=0.0, head_rate=0.0), start=head)
    torch.testing.assert_close(still.head(x), head.logits(x), rtol=1e-3, atol=1e-3)


def test_the_schedule_rises_and_falls():
    fractions = np.linspace(0, 1, 201)
    values = [schedule(fraction, 0.1) for fraction in fractions]
    top = int(np.argmax(values))
    assert fractions[top] == pytest.approx(0.1, abs=0.01)
    assert values[top] == pytest.approx(1, abs=0.02)
    assert (np.diff(values[: top + 1]) > 0).all()
    assert (np.diff(values[top + 1 :]) < 0).all()
    assert values[-1] == pytest.approx(0, abs=1e-9)
    assert values[0] > 0


def test_every_training_picture_once_an_epoch_and_no_other():
    dataset, (_, preprocess) = small_dataset(), tiny_network()
    epochs = [TrainingPictures(dataset, preprocess, SETTINGS, epoch) for epoch in (0, 1)]
    for pictures in epochs:
        assert sorted(pictures.order) == np.flatnonzero(dataset.train).tolist()
    assert epochs[0].order.tolist() != epochs[1].order.tolist()
    for item in (0, 7):
        _, local = epochs[0][item]
        seen = [name for name, is_seen in zip(dataset.classes, dataset.seen, strict=True) if is_seen]
        assert seen[local] == dataset.classes[dataset.labels[epochs[0].order[item]]]


def test_what_is_drawn_depends_on_seed_epoch_and_picture_alone():
    dataset, (_, preprocess) = small_dataset(), tiny_network()
    first = TrainingPictures(dataset, preprocess, SETTINGS, 0)
    x = first[3][0]
    torch.manual_seed(99)
    state = torch.random.get_rng_state()
    assert torch.equal(TrainingPictures(dataset, preprocess, SETTINGS, 0)[3][0], x)
    assert torch.equal(torch.random.get_rng_state(), state)  # nobody else's numbers are used up
    picture = int(first.order[3])
    later = TrainingPictures(dataset, preprocess, SETTINGS, 1)
    assert not torch.equal(later[later.order.tolist().index(picture)][0], x)
    other = TrainingPictures(dataset, preprocess, replace(SETTINGS, seed=5), 0)
    assert not torch.equal(other[other.order.tolist().index(picture)][0], x)


def test_an_unreadable_picture_is_stood_in_for(tmp_path):
    dataset, (_, preprocess) = small_dataset(), tiny_network()
    for path in dataset.paths:
        (tmp_path / path).write_bytes((dataset.root / path).read_bytes())
    pictures = TrainingPictures(replace(dataset, root=tmp_path), preprocess, SETTINGS, 0)
    (tmp_path / dataset.paths[int(pictures.order[0])]).write_text("no picture")
    assert torch.equal(pictures[0][0], pictures[1][0])
    assert pictures[0][1] == pictures[1][1]


@pytest.mark.parametrize("epochs", [-1, 10_001])
def test_epochs_that_cannot_be(epochs):
    with pytest.raises(NiwtError, match="epochs"):
        TrainingSettings(epochs=epochs)
