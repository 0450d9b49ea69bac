"""None of these: distances against brute force, and pictures that are no birds against birds that nobody trained on."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.metrics import roc_auc_score

from niwt_core import Classifier, load_study
from niwt_core.classify.novelty import NEAREST, HeadNovelty, Novelty, fit_head_novelty, fit_novelty, novelty_of
from niwt_core.data.aviary import draw
from niwt_core.data.strange_pictures import clouds, noise, patterns
from niwt_core.explain.sentence import UNFAMILIAR
from pages.serving.arguments import SHIPPED
from tests.support.small_study import small_study
from tests.support.tiny_aviary import shipped_aviary


def test_the_limit_is_that_of_pictures_whose_class_is_left_out():
    generator = torch.Generator().manual_seed(0)
    pooled = torch.rand(60, 9, generator=generator) ** 3
    labels = np.repeat(np.arange(6), 10)
    actual = fit_novelty(pooled, labels, accepted=0.9)
    unit = pooled.numpy() / np.linalg.norm(pooled.numpy(), axis=1, keepdims=True)
    left_out = []
    for i in range(60):
        others = np.sort(np.linalg.norm(unit[labels != labels[i]] - unit[i], axis=1))
        left_out.append(others[:NEAREST].mean())
    assert actual.limit == pytest.approx(np.quantile(left_out, 0.9), abs=1e-5)
    picture = torch.rand(9, generator=generator)
    away = np.sort(np.linalg.norm(unit - (picture / picture.norm()).numpy(), axis=1))[:NEAREST].mean()
    assert actual.distance(picture) == pytest.approx(away, abs=1e-5)
    assert actual.distance(7 * picture) == pytest.approx(away, abs=1e-5)  # contrast and brightness do not count


def test_test_pictures_play_no_part():
    study = small_study()
    train = torch.from_numpy(np.flatnonzero(study.split == "train"))
    spoiled = torch.full_like(study.pooled, 7.0)
    spoiled[train] = study.pooled[train]
    other = Novelty.of(replace(study, pooled=spoiled))
    assert other.limit == Novelty.of(study).limit
    assert torch.equal(other.reference, Novelty.of(study).reference)
    assert Novelty.of(study) is Novelty.of(study)


def test_a_study_without_training_pictures_calls_everything_familiar():
    study = small_study()
    bare = replace(study, split=np.full(len(study.split), "test_seen"))
    answer = bare.classifier().classify(study.gallery.jpeg(0))
    assert math.isnan(answer.novelty)
    assert answer.familiar


def other_things() -> list[Image.Image]:
    """Noise, plain colours, stripes and blocks: nothing of the Aviary."""
    random = np.random.default_rng(0)
    pictures = [random.integers(0, 256, (128, 128, 3)) for _ in range(6)]
    pictures += [np.broadcast_to(random.integers(0, 256, 3), (128, 128, 3)) for _ in range(6)]
    for _ in range(6):
        pictures.append(np.kron(random.integers(0, 256, (8, 8, 3)), np.ones((16, 16, 1))))
        pictures.append(np.broadcast_to(random.integers(0, 256, (128, 1, 3)), (128, 128, 3)))
    return [Image.fromarray(np.asarray(picture, np.uint8)) for picture in pictures]


def test_birds_are_told_from_other_things():
    study = shipped_aviary()
    classifier = study.classifier()
    others = list(classifier.classify_many(other_things()))
    kind = study.unseen_classes[0]
    row = study.knowledge.of(kind)
    described = dict(study.knowledge.names[k].split("::") for k in np.flatnonzero(row))
    drawn = list(classifier.classify_many([draw(described, seed=s, size=128).image for s in range(24)]))
    scores = [answer.novelty for answer in (*drawn, *others)]
    assert roc_auc_score([0] * len(drawn) + [1] * len(others), scores) >= 0.99
    assert np.mean([answer.familiar for answer in drawn]) >= 0.95
    assert np.mean([answer.familiar for answer in others]) <= 0.1
    strange = next(answer for answer in others if not answer.familiar)
    assert strange.explain().sentence.startswith(UNFAMILIAR)
    assert UNFAMILIAR not in next(answer for answer in drawn if answer.familiar).explain().sentence


def test_held_out_birds_are_familiar():
    study = shipped_aviary()
    novelty = Novelty.of(study)
    for split in ("test_seen", "test_unseen"):
        at = np.flatnonzero(study.split == split)[::10]
        assert np.mean([novelty.is_familiar(study.pooled[int(i)]) for i in at]) >= 0.97


def test_by_the_head_alone_against_plain_sums():
    random = np.random.default_rng(0)
    targets, pooled = random.normal(size=(7, 12)), random.random((30, 12))
    labels = np.arange(30) % 7
    novelty, distances = fit_head_novelty(
        torch.from_numpy(targets).float(), torch.from_numpy(pooled).float(), labels, accepted=0.9
    )

    def away(picture, rows):
        use, roots = np.sqrt(np.maximum(rows, 0).mean(0)), np.sqrt(picture)
        return 1 - use @ roots / np.linalg.norm(use) / np.linalg.norm(roots)

    expected = [away(pooled[i], np.delete(targets, labels[i], 0)) for i in range(30)]  # each without its own class
    np.testing.assert_allclose(distances.numpy(), expected, atol=1e-6)
    assert novelty.limit == pytest.approx(np.quantile(expected, 0.9), abs=1e-6)
    assert novelty.distance(torch.from_numpy(pooled[3])) == pytest.approx(away(pooled[3], targets), abs=1e-6)
    assert novelty.distance(torch.from_numpy(9 * pooled[3])) == pytest.approx(away(pooled[3], targets), abs=1e-6)


def test_the_shipped_study_refuses_what_shows_nothing_and_keeps_its_samples():
    study = load_study(SHIPPED)
    assert isinstance(novelty_of(study), HeadNovelty)
    classifier = Classifier(study)
    samples = [study.gallery.image(i) for i in range(len(study.gallery))]
    assert all(answer.familiar for answer in classifier.classify_many(samples))
    for kind, pictures in (("noise", noise), ("textures", clouds), ("patterns", patterns)):
        answers = list(classifier.classify_many(pictures(224, count=20, seed=9)))  # other ones than it was measured on
        refused = np.mean([not answer.familiar for answer in answers])
        measured = study.provenance["novelty"]["refused"][kind] / 100
        assert refused >= measured - 0.25
    assert study.provenance["novelty"]["accepted"] >= 98
