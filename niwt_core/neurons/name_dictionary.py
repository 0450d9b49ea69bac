"""Names for the neurons of a prepared set: pictures are the units where each has its own truth, classes where the table is of classes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from niwt_core.data.dataset import Dataset
from niwt_core.method.mapping import LinearMap
from niwt_core.neurons.naming import LIVE_SPREAD, NeuronNames, all_aurocs, name_neurons, name_scores, ranks_of, unnamed
from niwt_core.neurons.naming_by_class_means import ClassMeans, class_means, name_by_class_means


def name_dictionary(dataset: Dataset, targets: Tensor, inverse: LinearMap, pooled: Tensor, *, seed: int) -> NeuronNames:
    """Names the neurons of a prepared set and tests the names on its held-out pictures.

    Args:
        targets: (Cs,N) importances of the seen classes, which the ``inverse`` map was fitted on.
        pooled: (n,N) mean activations of all pictures.

    Knowledge without words names nothing.
    """
    train, activations = dataset.train, pooled.float().numpy()
    if dataset.knowledge.kind != "attributes":
        return unnamed(activations[~train].std(0) > LIVE_SPREAD)
    values = dataset.knowledge.values
    if dataset.picture_attributes is None:
        trained, held_out = (
            class_means(activations, dataset.labels, chosen, classes=len(dataset.classes)) for chosen in (train, ~train)
        )
        means = ClassMeans(targets, dataset.seen, trained, held_out, values, dataset.knowledge.presence())
        return name_by_class_means(means, ridge=inverse.ridge, seed=seed)
    spread = torch.from_numpy(values[dataset.seen].std(0))
    has = dataset.picture_attributes > 0
    training_fit = all_aurocs(ranks_of(activations[train]), has[train])
    scores = np.asarray(name_scores(inverse, spread))
    return name_neurons(scores, activations[~train], has[~train], seed=seed, training_fit=training_fit)
