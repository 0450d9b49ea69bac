"""Why a study's neurons have no names, where none has one."""

from __future__ import annotations

import numpy as np

from niwt_core.neurons.naming import MIN_PICTURES
from niwt_core.study.study import Study


def why_unnamed(study: Study) -> str:
    """The reason in one sentence; empty where a neuron has a name, or the knowledge has no words to name any by."""
    if study.knowledge.kind != "attributes" or any(neuron.name != "unnamed" for neuron in study.neurons):
        return ""
    if study.kind == "classifier":
        return "no neuron has a name that stands the test on classes which did not make it"
    held_out = np.flatnonzero(study.split != "train")
    has = study.knowledge.presence()[study.labels[held_out]]  # (n, K)
    fewer = np.minimum(has.sum(0), len(has) - has.sum(0))  # (K,) on the smaller side
    testable = int((fewer >= MIN_PICTURES).sum())
    if not testable:
        return (
            f"no neuron has a name: {len(held_out)} held-out pictures are too few to test one "
            f"({MIN_PICTURES} with an attribute and {MIN_PICTURES} without are needed); add pictures"
        )
    return f"no neuron has a name: of {testable} attributes, none stands the test on {len(held_out)} held-out pictures"
