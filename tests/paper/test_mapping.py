"""The paper's map: its loss depends on a class's pictures only through their mean unit importance; what Adam finds, beside ridge."""

import numpy as np
import pytest
import torch

from niwt_core.errors import NiwtError
from niwt_core.method.importance import unit
from niwt_core.method.mapping import fit_map
from niwt_core.paper.mapping import MapSettings, class_loss, held_out_classes, image_loss, mean_units, train_map

CLASSES, PICTURES, KNOWLEDGE, NEURONS = 16, 9, 5, 7


def world(*, noise: float = 0.5, seed: int = 0):
    """Classes whose importances follow linearly from their descriptions, with noise of each picture; float64."""
    generator = torch.Generator().manual_seed(seed)
    knowledge = torch.rand(CLASSES, KNOWLEDGE, generator=generator, dtype=torch.float64)
    rule = torch.randn(KNOWLEDGE, NEURONS, generator=generator, dtype=torch.float64)
    labels = torch.arange(CLASSES).repeat_interleave(PICTURES)[: CLASSES * PICTURES - 4]  # the last class has fewer
    picture_values = torch.randn(len(labels), NEURONS, generator=generator, dtype=torch.float64)
    length = torch.rand(len(labels), 1, generator=generator, dtype=torch.float64) + 0.1
    return knowledge, length * (knowledge[labels] @ rule + noise * picture_values), labels


@pytest.mark.parametrize("seed", range(3))
def test_the_loss_of_all_pictures_is_the_loss_of_class_means(seed):
    """Exactly, in value and gradient, against a loop over pictures."""
    _, importances, labels = world(seed=seed)
    predicted = torch.randn(CLASSES, NEURONS, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    by_hand = 0.0
    for alpha, label in zip(importances, labels.tolist(), strict=True):
        answer = predicted[label]
        by_hand += 1 - float(answer @ alpha) / float(answer.norm() * alpha.norm())
    by_hand /= len(labels)
    means, counts = mean_units(importances, labels, classes=CLASSES)
    losses, gradients = [], []
    for loss in (lambda p: image_loss(p, importances, labels), lambda p: class_loss(p, means, counts)):
        leaf = predicted.clone().requires_grad_()
        value = loss(leaf)
        value.backward()
        losses.append(float(value.detach()))
        gradients.append(leaf.grad)
    assert losses == pytest.approx([by_hand, by_hand], rel=1e-12)
    torch.testing.assert_close(gradients[0], gradients[1], rtol=1e-9, atol=1e-13)


def test_no_prediction_beats_the_class_means():
    _, importances, labels = world()
    means, counts = mean_units(importances, labels, classes=CLASSES)
    least = 1 - (counts * means.norm(dim=1)).sum() / counts.sum()
    assert float(image_loss(means, importances, labels)) == pytest.approx(float(least))
    for seed in range(20):
        shift = 0.1 * torch.randn(means.shape, generator=torch.Generator().manual_seed(seed), dtype=means.dtype)
        assert image_loss(means + shift, importances, labels) > least


def test_ridge_is_not_far_from_what_adam_finds():
    """Both on the same classes, judged by the paper's own loss on pictures of classes that neither saw."""
    gaps = []
    for seed in range(3):
        knowledge, importances, labels = world(seed=seed)
        settings = MapSettings(learning_rate=0.05, epochs=40, batch=32, held_out=4)
        trained = train_map(knowledge, importances, labels, settings=settings, seed=seed)
        judges = torch.zeros(CLASSES, dtype=torch.bool)
        judges[trained.held_out] = True
        means, counts = mean_units(importances, labels, classes=CLASSES)
        ridge = fit_map(unit(knowledge)[~judges], means[~judges])
        adam, closed = (
            float(class_loss(answer[judges], means[judges], counts[judges]))
            for answer in (trained(knowledge), ridge(unit(knowledge)))
        )
        assert adam == pytest.approx(float(trained.curve[trained.epoch - 1, 1]), abs=1e-6)
        gaps.append(closed - adam)
    assert np.mean(gaps) < 0.02  # Adam was stopped where these very pictures liked it best; ridge never saw them


def test_it_reaches_the_least_loss_that_a_linear_rule_allows():
    knowledge, importances, labels = world(noise=0.0)
    trained = train_map(knowledge, importances, labels, settings=MapSettings(0.02, 16, 150, 4))
    cosine = torch.cosine_similarity(trained(knowledge)[labels], importances)
    assert cosine.mean() > 0.999
    assert trained.curve[-1, 0] < 0.01 * trained.curve[0, 0] + 1e-3


def test_it_keeps_the_best_epoch_and_stops_by_patience():
    knowledge, importances, labels = world(noise=2.0)
    settings = MapSettings(learning_rate=0.05, epochs=60, batch=16, held_out=4, patience=5)
    calls = []
    trained = train_map(knowledge, importances, labels, settings=settings, on_epoch=lambda *at: calls.append(at))
    assert trained.epochs == len(trained.curve) == len(calls) < 60
    assert trained.epoch == int(trained.curve[:, 1].argmin()) + 1 == trained.epochs - 5
    assert calls[-1] == (trained.epochs, 60)


def test_held_out_classes_teach_nothing():
    knowledge, importances, labels = world()
    settings = MapSettings(learning_rate=0.02, epochs=3, batch=16, held_out=4)
    held_out = held_out_classes(CLASSES, settings, seed=0)
    assert len(held_out) == 4
    other = torch.where(torch.isin(labels, torch.from_numpy(held_out)).unsqueeze(1), -importances, importances)
    first, second = (train_map(knowledge, alphas, labels, settings=settings) for alphas in (importances, other))
    assert torch.equal(first.curve[:, 0], second.curve[:, 0])
    torch.testing.assert_close(second.curve[:, 1], 2 - first.curve[:, 1])


def test_seed_and_sizes():
    knowledge, importances, labels = world()
    settings = MapSettings(learning_rate=0.02, epochs=2)
    runs = [train_map(knowledge, importances, labels, settings=settings, seed=seed).weight for seed in (0, 0, 1)]
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])
    assert runs[0].shape == (KNOWLEDGE, NEURONS)
    assert len(held_out_classes(4, MapSettings(), seed=0)) == 1  # a quarter at most
    with pytest.raises(NiwtError, match="2 classes cannot carry a map"):
        train_map(knowledge[:2], importances[:18], labels[:18])
