"""Importance maps of a class for a picture, by Captum, and maps of single neurons.

Every method explains the same score: ``row . phi(x)``, one class's logit without its bias. Methods that start at the dictionary layer
(Grad-CAM, neurons) run on the activations of the encoded picture, through the tail only. Captum is imported with the first map of a class.
"""

from __future__ import annotations

from typing import Literal, get_args

from torch import Tensor

from niwt_core.backbones.split import SplitNetwork
from niwt_core.classify.answer import EncodedPicture
from niwt_core.errors import NiwtError
from niwt_core.explain.attribution.importance_map import ImportanceMap, enlarged, neuron_map, weighted_map

__all__ = ["METHODS", "ImportanceMap", "Method", "class_map", "enlarged", "neuron_map", "weighted_map"]

Method = Literal["grad-cam", "integrated-gradients", "occlusion"]
METHODS: tuple[Method, ...] = get_args(Method)


def class_map(
    network: SplitNetwork, picture: EncodedPicture, row: Tensor, *, method: Method = "grad-cam"
) -> ImportanceMap:
    """The importance map of one head row (D,) for an encoded picture.

    "grad-cam" (Selvaraju et al., 2017) at the dictionary layer; "integrated-gradients" (Sundararajan et al., 2017) from a grey picture, summed over
    colours; "occlusion" (Zeiler and Fergus, 2014) by grey windows. Raises NiwtError on an unknown method.
    """
    from niwt_core.explain.attribution import captum_methods

    methods = {
        "grad-cam": captum_methods.grad_cam,
        "integrated-gradients": captum_methods.integrated_gradients,
        "occlusion": captum_methods.occlusion,
    }
    if method not in methods:
        raise NiwtError(f"no method {method!r}", where="importance map", fix=f"use {', '.join(METHODS)}")
    return methods[method](network, picture, row)
