"""The word that helps most: its gain against classes that are really built, who it parts from, and what is vague."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from niwt_core import NiwtError, Recipe
from niwt_core.classify import helpful_word as module
from niwt_core.classify.build import build_class
from niwt_core.classify.helpful_word import groups_said, helpful_word, is_vague
from tests.support.small_study import small_study

SAID = {"crown color": "red"}


def mean_features(study):
    """(Cs,D) of training pictures, about the feature mean, one class after the other."""
    features = (study.features.float() - study.head.mean).double().numpy()
    train = study.split == "train"
    return np.stack([features[train & (study.labels == c)].mean(0) for c in np.flatnonzero(study.seen)])


def looks_of(study, description, ridge):
    """What ridge from descriptions to mean features makes of a description, by the normal equations."""
    x, y = study.encoded_knowledge[study.seen], mean_features(study)
    xc, yc = x - x.mean(0), y - y.mean(0)
    added = ridge * np.linalg.eigvalsh(xc @ xc.T).clip(0).mean()
    weight = np.linalg.solve(xc.T @ xc + added * np.eye(x.shape[1]), xc.T @ yc)
    return (study.encoder.encode(description) - x.mean(0)) @ weight + y.mean(0)


def gain_by_building(study, group, ridge):
    """The mean growth of the margin, by building every class and scoring every class on every imagined look."""
    knowledge, gains = study.knowledge, []
    for lender in np.flatnonzero(study.seen):
        complete = knowledge.describe(SAID, base=knowledge.values[lender])
        looks = looks_of(study, complete, ridge)
        logits = study.full_head.rows.double().numpy() @ looks + study.full_head.biases.double().numpy()
        logits[study.seen] -= study.gamma
        best = np.delete(logits, lender).max()
        scores = []
        for words in (SAID, SAID | {knowledge.names[k]: float(complete[k]) for k in knowledge.groups[group]}):
            row = build_class(study, Recipe(name="It", attributes=words)).weights.double().numpy()
            scores.append(row @ looks + study.typical_bias)
        gains.append(scores[1] - best - (scores[0] - best))
    return float(np.mean(gains))


@pytest.mark.parametrize("layer", ["third.1", "second.1"])
def test_the_gain_is_that_of_classes_that_are_built(layer, monkeypatch):
    study = small_study(layer=layer)
    chosen = []
    original = module.fit_map
    monkeypatch.setattr(module, "_FITTED", {})
    monkeypatch.setattr(module, "fit_map", lambda x, y: (chosen.append(original(x, y)), chosen[-1])[1])
    actual = helpful_word(study, SAID, most=99)
    assert actual
    for word in actual[:3]:
        assert word.gain == pytest.approx(gain_by_building(study, word.group, chosen[0].ridge), rel=1e-3, abs=1e-5)
    assert [word.gain for word in actual] == sorted((word.gain for word in actual), reverse=True)


def test_what_is_said_is_not_asked_for_again():
    study = small_study()
    groups = {word.group for word in helpful_word(study, SAID, most=99)}
    assert groups
    assert "crown color" not in groups
    assert groups <= set(study.knowledge.groups)
    single = {study.knowledge.names[study.knowledge.column("bill shape: needle")]: True}
    assert "bill shape" not in {word.group for word in helpful_word(study, single, most=99)}
    everything = {
        group: study.knowledge.labels[columns[0]].split(": ")[1] for group, columns in study.knowledge.groups.items()
    }
    assert helpful_word(study, everything) == ()


def test_it_parts_from_a_known_class_and_says_so_for_people():
    study = small_study()
    for word in helpful_word(study, SAID):
        assert word.versus in study.classes
        assert word.label == word.group.replace("_", " ")
        assert np.isfinite(word.gain)


def test_groups_said_and_vague_descriptions():
    study = small_study()
    assert groups_said(study, {"Crown color": "red", "bill shape: needle": True}) == {"crown color", "bill shape"}
    assert is_vague(study, {})
    assert is_vague(study, {"crown color": "red", "bill shape": "needle"})
    assert not is_vague(study, {"crown color": "red", "bill shape": "needle", "tail shape": "forked"})
    with pytest.raises(NiwtError, match="no attribute 'crwn color'"):
        helpful_word(study, {"crwn color": "red"})


def test_a_study_without_words_is_refused(monkeypatch):
    study = small_study()
    without = replace(study, knowledge=replace(study.knowledge, kind="embedding"))
    with pytest.raises(NiwtError, match="no words to add"):
        helpful_word(without, SAID)


def test_a_study_that_keeps_no_pictures_has_no_advice():
    study = small_study()
    none = replace(study, split=np.where(study.split == "train", "test_seen", study.split))
    assert helpful_word(none, SAID) == ()
    assert torch.isfinite(study.features).all()
