"""Questions to the neuron dictionary of a study."""

from __future__ import annotations

import torch
from torch import Tensor

from niwt_core.method.importance import unit
from niwt_core.study.study import Study


def class_importance(study: Study, name: str) -> Tensor:
    """(N,) unit importance of every neuron for a class: measured for a seen class, predicted from its description for an unseen one.

    Raises NiwtError when there is no such class.
    """
    c = study.class_index(name)
    if study.seen[c]:
        return unit(study.targets[study.seen_classes.index(study.classes[c])])
    return unit(study.mapping(torch.from_numpy(study.encoded_knowledge[c]).float()))
