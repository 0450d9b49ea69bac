"""Why no neuron has a name: said in the unit that the names were tested in."""

from dataclasses import replace

import numpy as np
import pytest

from niwt_core.study.naming_notice import what_names_were_tested_on, why_unnamed
from tests.support.small_study import small_study


def unnamed(unit: str):
    study = small_study()
    neurons = tuple(replace(neuron, status="unnamed") for neuron in study.neurons)
    return replace(study, neurons=neurons, provenance={**study.provenance, "names_unit": unit})


@pytest.mark.parametrize(("unit", "text"), [("pictures", "held-out pictures"), ("classes", "classes")])
def test_the_reason_is_in_the_unit_of_the_test(unit, text):
    assert text in why_unnamed(unnamed(unit))


def test_classes_are_counted_with_and_without():
    study = unnamed("classes")
    constant = replace(study.knowledge, values=np.ones_like(study.knowledge.values))
    assert "too few to test one (2 with an attribute and 2 without are needed); add classes" in why_unnamed(
        replace(study, knowledge=constant)
    )
    presence, testable = study.knowledge.presence(), 0
    for k in range(presence.shape[1]):
        sides = [(int(part[:, k].sum()), int((~part[:, k]).sum())) for part in (presence[study.seen], presence)]
        testable += min(min(side) for side in sides) >= 2
    assert f"of {testable} attributes" in why_unnamed(study)


def test_a_study_with_a_name_needs_no_reason():
    study = unnamed("classes")
    named = replace(
        study.neurons[0], status="weak", attribute=study.knowledge.names[0], label=study.knowledge.labels[0]
    )
    assert why_unnamed(replace(study, neurons=(named, *study.neurons[1:]))) == ""


def test_what_names_were_tested_on_is_said_in_the_unit_of_the_test():
    study = small_study()
    by_classes = replace(study, provenance={**study.provenance, "names_unit": "classes"})
    by_pictures = replace(study, provenance={**study.provenance, "names_unit": "pictures"})
    assert what_names_were_tested_on(by_pictures) == "held-out pictures"
    assert what_names_were_tested_on(by_classes) == "held-out pictures, averaged by class"
    assert what_names_were_tested_on(replace(by_classes, kind="classifier")) == "classes that had no part in it"
