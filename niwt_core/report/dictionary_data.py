"""The whole dictionary of a study as one table: every neuron, its name, how far it can be trusted, and the classes it speaks for."""

from __future__ import annotations

import numpy as np

from niwt_core.knowledge.class_names import display_name
from niwt_core.neurons.user_names import NOTHING_SAID, UserNames
from niwt_core.report.explanation_data import as_csv
from niwt_core.study.class_importance import class_importance
from niwt_core.study.study import Study

SHOWN = 3  # classes that a neuron matters most to
COLUMNS = (
    "neuron",
    "layer",
    "name",
    "trust",
    "fits_better",
    "fits_better_auroc",
    "hypothesis",
    "auroc",
    "p",
    "q",
    "score",
    "classes",
    "your_name",
    "you_call_it_wrong",
)


def dictionary_csv(study: Study, names: UserNames = NOTHING_SAID) -> str:
    """One row a neuron, in their order; ``name`` is empty where none holds, the ``hypothesis`` stands beside it in any case.

    ``names`` are a person's own, in columns of their own.
    """
    importance = np.stack([class_importance(study, name).float().numpy() for name in study.classes])  # (C, N)
    order = np.argsort(-importance, axis=0, kind="stable")[:SHOWN]  # (SHOWN, N)
    rows = []
    for neuron in study.neurons:
        classes = "; ".join(display_name(study.classes[c]) for c in order[:, neuron.index])
        name = neuron.label if neuron.is_named else ""
        better = (neuron.better_label, neuron.better_auroc if neuron.contested else "")
        tested = (neuron.label, neuron.auroc, neuron.p, neuron.q, neuron.score)
        yours = (names.names.get(neuron.index, ""), "yes" if names.names.get(neuron.index) == "" else "")
        rows.append((neuron.index, study.network.layer, name, neuron.trust, *better, *tested, classes, *yours))
    return as_csv(COLUMNS, rows)
