"""What names of neurons were tested on, and why a study's neurons have none, where none has one."""

from __future__ import annotations

import numpy as np

from niwt_core.neurons.naming import MIN_PICTURES
from niwt_core.neurons.naming_by_class_means import fewest_classes
from niwt_core.study.study import Study


def what_names_were_tested_on(study: Study) -> str:
    """What the names were tested on, for "... confirm the name": pictures, where each has its own truth; classes, where the table is of classes."""
    if study.kind == "classifier":
        return "classes that had no part in it"
    if study.provenance.get("names_unit") == "classes":
        return "held-out pictures, averaged by class"
    return "held-out pictures"


def why_unnamed(study: Study) -> str:
    """The reason in one sentence; empty where a neuron has a name, or the knowledge has no words to name any by."""
    if study.knowledge.kind != "attributes" or any(neuron.name != "unnamed" for neuron in study.neurons):
        return ""
    if study.kind == "classifier":
        return "no neuron has a name that stands the test on classes which did not make it"
    held_out = np.flatnonzero(study.split != "train")
    if study.provenance.get("names_unit") == "classes":
        return _of_classes(study, np.unique(study.labels[held_out]))
    has = study.knowledge.presence()[study.labels[held_out]]  # (n, K)
    fewer = np.minimum(has.sum(0), len(has) - has.sum(0))  # (K,) on the smaller side
    testable = int((fewer >= MIN_PICTURES).sum())
    if not testable:
        return (
            f"no neuron has a name: {len(held_out)} held-out pictures are too few to test one "
            f"({MIN_PICTURES} with an attribute and {MIN_PICTURES} without are needed); add pictures"
        )
    return f"no neuron has a name: of {testable} attributes, none stands the test on {len(held_out)} held-out pictures"


def _of_classes(study: Study, tested: np.ndarray) -> str:
    """The reason where names are tested with classes as units; ``tested`` are those with held-out pictures."""
    presence, fewest = study.knowledge.presence(), fewest_classes(len(study.classes))
    parts = [presence[study.seen], presence[tested]]
    testable = np.logical_and.reduce([np.minimum(part.sum(0), (~part).sum(0)) >= fewest for part in parts])
    if not testable.any():
        return (
            f"no neuron has a name: {len(study.seen_classes)} seen classes and {len(tested)} with held-out pictures are too few to test one "
            f"({fewest} with an attribute and {fewest} without are needed); add classes"
        )
    return f"no neuron has a name: of {int(testable.sum())} attributes, none stands the test on {len(tested)} classes with held-out pictures"
