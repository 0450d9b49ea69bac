"""What is claimed of pictures, counted by hand; strange pictures; and that all of it collapses where it should."""

from collections.abc import Sequence
from dataclasses import astuple, replace

import numpy as np
import pytest
from PIL import Image

from niwt_core.audit.audits import audit_study, audits_json
from niwt_core.audit.claims import audit_claims, audit_novelty, audit_shuffled, count_claims
from niwt_core.audit.ground_truth import redrawn
from niwt_core.audit.lines import audit_lines, calibration_line
from niwt_core.data.aviary import IN_VIEW, PART_OF_GROUP, Picture
from niwt_core.data.strange_pictures import noise, tiles
from niwt_core.explain.detector import PRESENT, Detectors
from niwt_core.explain.expected import expected_attributes
from niwt_core.study.evaluate import evaluate
from tests.support.small_study import small_study
from tests.support.tiny_aviary import shipped_aviary

CLAIMS = np.array([[1, -1, 0, 1], [1, 1, -1, -1]], np.int8)
TRUTH = np.array([[True, False, True, False], [True, False, True, False]])


def test_claims_are_counted():
    actual = count_claims(CLAIMS, TRUTH)
    assert actual.claims == 7
    assert actual.seen_true == pytest.approx(50)  # of four "seen", two are there
    assert actual.not_seen_true == pytest.approx(100 * 2 / 3)
    assert actual.decided == pytest.approx(100 * 7 / 8)
    assert actual.recall == pytest.approx(50)
    assert actual.not_seen == 3


def test_only_what_is_asked_is_counted():
    actual = count_claims(CLAIMS, TRUTH, TRUTH)
    assert (actual.claims, actual.seen_true, actual.not_seen_true) == (3, 100, 0)
    assert np.isnan(count_claims(CLAIMS, TRUTH, np.zeros_like(TRUTH)).seen_true)


def test_where_truth_is_of_classes_each_side_is_judged_by_the_table():
    study = small_study()
    detectors = Detectors.of(study)
    assert detectors is not None
    held_out = study.split != "train"
    table = study.knowledge.values / study.knowledge.scale >= PRESENT
    for item in audit_claims(study, per_class=99):
        at = np.flatnonzero(held_out & (study.seen[study.labels] == (item.side == "seen")))
        classifier, there = study.classifier(), table[study.labels[at]]
        probabilities = classifier.probabilities(classifier.logits(study.features[at].float()))
        claims = detectors.claims(study.pooled[at].float(), expected_attributes(classifier, probabilities))
        assert item.pictures == len(at)
        assert astuple(item.every) == pytest.approx(astuple(count_claims(claims, there)), nan_ok=True)
        assert item.there == pytest.approx(100 * there.mean())
        assert item.right.recited == 100  # the table is the truth here: reciting the right class is right
        assert item.random.recited < 100
        assert item.runner_up.recited < 100


def test_tiles_are_the_same_pixels_in_another_order():
    picture = Image.fromarray(np.arange(64 * 64 * 3, dtype=np.uint8).reshape(64, 64, 3))
    (mixed,) = tiles([picture], seed=0)
    before, after = np.asarray(picture), np.asarray(mixed)
    assert not np.array_equal(before, after)
    assert np.array_equal(np.sort(before, axis=None), np.sort(after, axis=None))
    assert np.array_equal(np.asarray(tiles([picture], seed=0)[0]), after)
    assert noise(16, count=2, seed=0)[1].size == (16, 16)


def test_strange_pictures_are_told_from_held_out_ones(tmp_path):
    study = small_study()
    for number in range(3):
        Image.new("RGB", (64, 64), (0, 90 * number, 255)).save(tmp_path / f"{number}.png")
    actual = audit_novelty(study, outside=sorted(tmp_path.iterdir()))
    assert actual is not None
    assert set(actual.auroc) == set(actual.refused) == {"noise", "tiles", "photographs"}
    assert all(0 <= value <= 1 for value in actual.auroc.values())


def test_everything_collapses_with_shuffled_weights_of_the_shipped_study():
    study = shipped_aviary()
    (_, unseen), shuffled = audit_claims(study, per_class=2), audit_shuffled(study)
    assert shuffled is not None
    assert min(unseen.every.seen_true, unseen.every.not_seen_true) >= 97
    assert unseen.every.decided >= 80
    for promised in (unseen.right, unseen.runner_up, unseen.random):
        assert promised.claims.seen_true >= 95  # whatever class is asked about
    assert unseen.random.recited < 50
    assert unseen.control.seen_true < 50
    assert shuffled.seen_true < 50


def test_what_is_denied_of_an_unseen_species_own_words_is_not_there():
    """Nearly all that a species promises is there: a denial of it is rare (49 in 450 pictures), and a bolder detector's are often wrong. On the few
    pictures of an audit one mistake is five points, so every held-out picture is looked at."""
    study = shipped_aviary()
    detectors = Detectors.of(study)
    assert detectors is not None
    at = np.flatnonzero(study.split == "test_unseen")
    there = np.array([in_view(picture, study.knowledge.names) for picture in redrawn(study, at)])
    promised = study.knowledge.presence()[study.labels[at]]
    pooled = study.pooled[at].float()
    denied, hidden = (detectors.claims(pooled) < 0) & promised, promised & ~there
    assert (denied & hidden).sum() >= 0.4 * hidden.sum()
    assert (denied & hidden).sum() >= 0.97 * denied.sum()
    bolder = replace(detectors, not_seen_below=40 * detectors.not_seen_below)
    denied = (bolder.claims(pooled) < 0) & promised
    assert (denied & hidden).sum() < 0.9 * denied.sum()


def in_view(picture: Picture, names: Sequence[str]) -> list[bool]:
    """(K,) which attributes the drawing shows."""
    shown = {g: value for g, value in picture.attributes.items() if picture.visibility[PART_OF_GROUP[g]] >= IN_VIEW}
    return [shown.get(group) == value for group, value in (name.split("::") for name in names)]


def test_all_audits_are_said_and_written():
    study = small_study()
    steps: list[tuple[int, int]] = []
    audits = audit_study(study, on_step=lambda done, total: steps.append((done, total)))
    assert steps[-1][0] == steps[-1][1]
    assert audits.parts is None  # no drawing to look at
    written = audits_json(audits)
    assert set(written) == {"claims", "names", "claims_shuffled_network", "novelty"}
    assert set(written["claims"]) == {"seen", "unseen"}
    text = "\n".join(audit_lines(audits))
    for word in ("names", "runner-up", "random net", "familiar", "reciting its description"):
        assert word in text
    assert "names " not in "\n".join(audit_lines(audits, names=False))
    assert "points before" in calibration_line(evaluate(study))
