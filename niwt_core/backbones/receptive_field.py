"""Where in the picture a place of the dictionary lies: the centres of receptive fields.

Place i of a map is centred on input pixel ``start + i * jump`` (Araujo, Norris and Sim, Distill 2019). With the usual padding of (k-1)/2 the first
centre is pixel 0 and not the middle of the first cell, so that a map that is simply stretched over the picture sits half a cell too far down and to
the right: on the Aviary a third of the word maps missed their part for that alone.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from niwt_core.backbones.program import Ref
from niwt_core.backbones.split import SplitNetwork


def centres(network: SplitNetwork) -> tuple[float, float]:
    """(start, jump) of the dictionary layer, in input pixels, along either side."""
    place = (0.0, 1.0)
    for program in network.chain[: network.layers.index(network.layer) + 1]:
        places = [place]
        for kind, target, args, _ in program.steps:  # type: ignore[union-attr]
            before = places[_first(args)]
            module = program.get_submodule(target) if kind == "module" else None
            places.append(_through(module, *before))
        place = places[-1]
    return place


def _first(value: Any) -> int:
    """The step that a step reads first: both branches of a residual block lie on the same grid."""
    if isinstance(value, Ref):
        return value.step
    if isinstance(value, tuple):
        for part in value:
            layer = _first(part)
            if layer >= 0:
                return layer
    return -1


def _through(module: nn.Module | None, start: float, jump: float) -> tuple[float, float]:
    if not isinstance(module, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
        return start, jump
    kernel, stride, padding = (_side(getattr(module, name)) for name in ("kernel_size", "stride", "padding"))
    dilation = _side(getattr(module, "dilation", 1))
    return start + (dilation * (kernel - 1) / 2 - padding) * jump, jump * stride


def _side(value: Any) -> int:
    return int(value[0] if isinstance(value, tuple | list) else value)


def enlarge(network: SplitNetwork, maps: Tensor, side: int) -> Tensor:
    """Maps (B,1,h,w) of the dictionary at (B,1,side,side), each place at the centre of its receptive field, bilinear between them."""
    start, jump = centres(network)
    pixels = torch.arange(side, dtype=torch.float32)
    axes = []
    for places in maps.shape[2:]:
        at = ((pixels - start) / jump).clamp(0, places - 1)  # in places
        axes.append(2 * at / max(1, places - 1) - 1)
    rows, columns = torch.meshgrid(axes[0], axes[1], indexing="ij")
    grid = torch.stack([columns, rows], -1).expand(len(maps), -1, -1, -1).to(maps)
    return F.grid_sample(maps.float(), grid.float(), mode="bilinear", padding_mode="border", align_corners=True)
