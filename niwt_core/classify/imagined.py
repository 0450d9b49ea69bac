"""What the network imagines of a class that was built: a picture that its own score likes, made from noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from niwt_core.backbones.split import SplitNetwork
from niwt_core.classify.build import BuiltClass
from niwt_core.neurons.synthesis import OF_CLASS, Synthesis, imagine_class
from niwt_core.study.study import Study


def imagined(study: Study, built: BuiltClass, *, progress: Callable[[int, int], None] | None = None) -> np.ndarray:
    """(side, side, 3) uint8: the picture that raises the class's score most above those of all the study's classes.

    It is no photograph, and no evidence that the class will be recognised: it shows what the weights reward. The class whose name the built one has
    does not compete. ``progress`` is called with (step, steps); what it raises stops the work.
    """
    head = study.full_head
    others = torch.tensor([name != built.name for name in study.classes])
    offset = built.bias - float(head.mean @ built.weights)  # the score at features of zero
    levels = head.biases[others] - head.rows[others] @ head.mean - offset
    return imagine_class(
        study.network,
        study.preprocess,
        built.weights,
        head.rows[others],
        levels=levels,
        settings=settings_for(study.network, study.preprocess.size),
        progress=progress,
    )


def settings_for(network: SplitNetwork, size: int) -> Synthesis:
    """How a picture is made for a network: small and zoomed where it takes any size, else at its own ``size``."""
    try:
        with torch.no_grad():
            for side in (OF_CLASS.side, OF_CLASS.side + 16):
                network.tail(network.stem(torch.zeros(1, 3, side, side, device=network.head.weight.device)))
    except (RuntimeError, ValueError, AssertionError):
        return replace(OF_CLASS, side=size, zoom=(1.0, 1.0))
    return OF_CLASS if size >= OF_CLASS.side else replace(OF_CLASS, side=size)
