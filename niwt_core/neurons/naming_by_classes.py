"""Names of neurons where there are no pictures: hypotheses from one half of the classes, tested on the other.

A neuron's name is what the inverse map says of it, fitted on the classes of one half; the test asks, on classes that did not make the name, whether
the neuron's importance for classes with the attribute is larger than for classes without (Mann-Whitney over classes, Benjamini-Hochberg over
neurons). The unit is the class, as the table's is.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from niwt_core.knowledge.attributes import Knowledge
from niwt_core.method.importance import unit
from niwt_core.method.mapping import fit_map
from niwt_core.neurons.naming import NeuronNames, name_neurons, name_scores, unnamed

SMALLEST = 12  # classes; with fewer no half can make names and the other test them
FEWEST = 5  # classes with an attribute, and without, that a test needs


def name_by_classes(targets: Tensor, knowledge: Knowledge, *, seed: int) -> NeuronNames:
    """Names N neurons from the unit importances (C,N) of the C classes that ``knowledge`` describes, in its order.

    Where there are too few classes, no neuron is named.
    """
    classes = len(targets)
    if knowledge.kind != "attributes" or classes < SMALLEST:
        return unnamed(targets.std(0).numpy() > 0)
    order = np.random.default_rng(seed).permutation(classes)
    made, tested = np.sort(order[: classes // 2]), np.sort(order[classes // 2 :])
    values = torch.from_numpy(knowledge.values[made])
    inverse = fit_map(unit(targets[made]), values)
    scores = name_scores(inverse, values.std(0)).numpy()
    return name_neurons(scores, targets[tested].numpy(), knowledge.presence()[tested], seed=seed, min_pictures=FEWEST)
