"""Names made anew through shuffled weights: the control collapses, and it is the weights that make it collapse."""

from dataclasses import replace

import numpy as np
import pytest

from niwt_core import NiwtError
from niwt_core.audit import shuffled_names
from niwt_core.audit.audits import Audits, audits_json
from niwt_core.audit.lines import audit_lines
from niwt_core.audit.shuffled_names import audit_shuffled_names
from tests.support.small_study import small_dataset, small_study
from tests.support.tiny_aviary import shipped_aviary


def with_verified_names(layer: str = "third.1"):
    """The small study, all of whose named neurons count as verified: some names to follow."""
    study = small_study(layer=layer)
    neurons = tuple(replace(n, status="verified" if n.attribute else n.status) for n in study.neurons)
    return replace(study, neurons=neurons)


def test_names_of_the_shipped_study_collapse_with_its_weights():
    actual = audit_shuffled_names(shipped_aviary(), to_name=3, to_test=3)
    assert actual is not None
    assert actual.pictures == 45 * 6 + 15 * 3
    assert actual.verified > 80
    assert actual.verified_shuffled < 10
    assert actual.auroc > 0.95
    assert actual.auroc_shuffled == pytest.approx(0.5, abs=0.05)
    (line,) = audit_lines(Audits(None, (), None, None, None, actual))
    assert f"with shuffled weights {actual.verified_shuffled:.1f} %" in line
    written = audits_json(Audits(None, (), None, None, None, actual))
    assert written["names_shuffled_network"]["auroc_shuffled"] == actual.auroc_shuffled


@pytest.mark.parametrize("layer", ["third.1", "second.1"])
def test_without_shuffling_both_networks_say_the_same(layer, monkeypatch):
    study = with_verified_names(layer)
    truly = audit_shuffled_names(study, pictures=small_dataset())
    monkeypatch.setattr(shuffled_names, "shuffled_network", lambda network, seed: network)
    actual = audit_shuffled_names(study, pictures=small_dataset())
    assert truly is not None
    assert actual is not None
    assert actual.auroc_shuffled == pytest.approx(actual.auroc, abs=0.005)  # stored activations are in half precision
    assert actual.verified_shuffled == pytest.approx(actual.verified, abs=100 * 2 / len(study.neurons))
    assert truly.auroc == actual.auroc > truly.auroc_shuffled


def test_only_training_pictures_name_and_the_others_test():
    study = small_study()
    chosen = shuffled_names.pictures_of_classes(study, 2, 3, 0)
    for c in range(len(study.classes)):
        split = study.split[chosen][study.labels[chosen] == c]
        assert (split == "train").sum() == (2 if study.seen[c] else 0)
        assert (split != "train").sum() == 3
    assert (np.diff(chosen) > 0).all()


def test_pictures_are_needed_and_must_be_the_study_s_own():
    study = small_study()
    assert audit_shuffled_names(study) is None
    others = replace(small_dataset(), paths=tuple(f"other-{path}" for path in small_dataset().paths))
    with pytest.raises(NiwtError, match="no picture"):
        audit_shuffled_names(study, pictures=others)
