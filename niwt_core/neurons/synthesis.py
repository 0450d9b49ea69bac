"""A picture of what excites a neuron, or of what a class stands for, that no photograph went into.

Activation maximisation (Olah, Mordvintsev, Schubert, "Feature Visualization", Distill 2017): ascend from noise, in Fourier space, in colours that are
as independent as those of photographs, while the picture is shifted and zoomed at random, so that only what survives that can grow. Nothing here
says that photographs look like this: it is what the network would like best.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.program import Program, Ref
from niwt_core.backbones.split import SplitNetwork

# Square root of the covariance of the colours of ImageNet's pixels, as the authors publish it (Lucid).
_COVARIANCE_ROOT = torch.tensor([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
COLOURS = _COVARIANCE_ROOT / _COVARIANCE_ROOT.norm(dim=0).max()
_CLIPS_BELOW = (nn.ReLU, nn.ReLU6, nn.Hardswish, nn.SiLU, nn.GELU)
_SMALLEST = 32  # pixels; a picture is never zoomed below this

Goal = Callable[[Tensor], Tensor]  # pictures as the network takes them (B,3,s,s) -> (B,) what to ascend
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Synthesis:
    """How a picture is made.

    side: pixels; steps, rate: of Adam; decay: power of the frequency at which a wave starts and moves slower (1: as natural images; more is
    smoother); smooth: cycles a pixel above which waves fade; jitter: pixels; zoom: least and most; centre: width in half sides of the Gaussian window
    over positions, so that one thing grows in the middle (0: everywhere alike); seed: of noise, shifts and zooms.

    The defaults were chosen on a sheet of 24 neurons of EfficientNet-Lite0, where most pictures show something; one takes about 2 s of one core.
    """

    side: int = 128
    steps: int = 72
    rate: float = 0.05
    decay: float = 1.2
    smooth: float = 0.35
    jitter: int = 12
    zoom: tuple[float, float] = (0.85, 1.25)
    centre: float = 1.0
    seed: int = 0


OF_CLASS = Synthesis(side=160, steps=128)  # a class is wanted once, and larger: 10 to 12 s of one core


def neuron_goal(network: SplitNetwork, neurons: Sequence[int], *, centre: float = Synthesis.centre) -> Goal:
    """The mean over positions of each picture's own neuron, before the dictionary layer's activation function: behind it a silent neuron gives no
    direction to go. ``neurons`` has one index a picture."""
    stem = _without_clipping(network)
    index = torch.tensor(list(neurons))

    def goal(x: Tensor) -> Tensor:
        maps = stem.spatial(stem.stem(x))  # (B, N, h, w)
        pooled = (maps * _window(maps, centre)).sum((2, 3))  # (B, N)
        return pooled[torch.arange(len(index)), index]

    return goal


def class_goal(network: SplitNetwork, row: Tensor, others: Tensor, levels: Tensor | None = None) -> Goal:
    """The score of a head row (D,) less the soft maximum of the ``others``' (C,D): what tells this class from all of them.

    Less their mean alone, pictures of a school bus grew a pig's face; less their soft maximum they keep to yellow and windows.

    Args:
        levels: (C,) what the others' scores are at features of zero, less that of ``row``; zeros by default.
    """
    fused = fused_for_inference(network)
    weights = torch.cat([row[None], others]).to(network.head.weight)  # (1 + C, D)
    offsets = torch.zeros(len(others)) if levels is None else levels

    def goal(x: Tensor) -> Tensor:
        scores = fused.tail(fused.stem(x)) @ weights.T  # (B, 1 + C)
        return scores[:, 0] - (scores[:, 1:] + offsets.to(scores)).logsumexp(1)

    return goal


def synthesise(
    goal: Goal,
    preprocess: Preprocess,
    *,
    count: int = 1,
    settings: Synthesis | None = None,
    progress: Progress | None = None,
    like: Tensor | None = None,
) -> np.ndarray:
    """(count, side, side, 3) uint8 pictures that ascend ``goal``, each for itself; all start from the same noise.

    Args:
        preprocess: mean and std that the network expects.
        progress: called with (step, steps); what it raises stops the work.
        like: a weight of the network, for its device and precision.
    """
    how = settings or Synthesis()
    anchor = torch.zeros(()) if like is None else like
    random = torch.Generator().manual_seed(how.seed)
    scale = _spectrum_scale(how).to(anchor)  # (side, side // 2 + 1)
    colours, mean, std = (torch.as_tensor(v).to(anchor) for v in (COLOURS, preprocess.mean, preprocess.std))
    start = 0.01 * torch.randn(1, 3, *scale.shape, 2, generator=random)
    waves = start.to(anchor).repeat(count, 1, 1, 1, 1).requires_grad_()
    optimiser = torch.optim.Adam([waves], lr=how.rate)

    def pixels() -> Tensor:  # (count, 3, side, side) in 0..1
        plane = torch.fft.irfft2(torch.view_as_complex(waves) * scale, s=(how.side, how.side))
        return torch.sigmoid(torch.einsum("cd,bdhw->bchw", colours, plane))

    for step in range(how.steps):
        moved = _shifted_and_zoomed(pixels(), how, random)
        loss = -goal((moved - mean.view(3, 1, 1)) / std.view(3, 1, 1)).sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        if progress:
            progress(step + 1, how.steps)
    with torch.no_grad():
        return (pixels().permute(0, 2, 3, 1) * 255).round().to(torch.uint8).cpu().numpy()


def imagine_class(
    network: SplitNetwork,
    preprocess: Preprocess,
    row: Tensor,
    others: Tensor,
    *,
    levels: Tensor | None = None,
    settings: Synthesis = OF_CLASS,
    progress: Progress | None = None,
) -> np.ndarray:
    """(side, side, 3) uint8: what the network imagines of a class by its head row (D,), built or trained, among the ``others`` (C,D)."""
    goal = class_goal(network, row, others, levels)
    return synthesise(goal, preprocess, settings=settings, progress=progress, like=network.head.weight)[0]


def fused_for_inference(network: SplitNetwork) -> SplitNetwork:
    """A copy without gradients for its weights, batch norms folded into the convolutions before them: the same values, a third faster."""
    fused = copy.deepcopy(network).eval().requires_grad_(False)
    for program in fused.chain:
        assert isinstance(program, Program)
        for step, (_, target, args, _) in enumerate(program.steps):
            norm = _module(program, step)
            if not isinstance(norm, nn.BatchNorm2d) or not isinstance(args[0], Ref) or args[0].step == 0:
                continue
            before = args[0].step - 1  # a value's number is its step's, plus one
            conv = _module(program, before)
            if isinstance(conv, nn.Conv2d) and _readers(program, before) == 1:
                program.set_submodule(program.steps[before][1], fuse_conv_bn_eval(conv, norm))
                program.set_submodule(target, nn.Identity())
    return fused


def _without_clipping(network: SplitNetwork) -> SplitNetwork:
    """A fused copy whose dictionary layer ends before its activation function, where it ends in one."""
    linear = fused_for_inference(network)
    last = len(linear.dictionary.steps) - 1
    if isinstance(_module(linear.dictionary, last), _CLIPS_BELOW):
        linear.dictionary.set_submodule(linear.dictionary.steps[last][1], nn.Identity())
    return linear


def _module(program: Program, step: int) -> nn.Module | None:
    kind, target = program.steps[step][:2]
    return program.get_submodule(target) if kind == "module" else None


def _readers(program: Program, step: int) -> int:
    """How many steps read the result of a step, or run the same module."""
    value, target = Ref(step + 1), program.steps[step][1]
    reads = sum(value in args or value in kwargs.values() for _, _, args, kwargs in program.steps)
    again = sum(kind == "module" and name == target for kind, name, _, _ in program.steps) - 1
    return reads + 2 * again


def _window(maps: Tensor, centre: float) -> Tensor:
    """(h,w) weights over positions, of sum one."""
    height, width = maps.shape[2:]
    if not centre:
        return torch.full((height, width), 1 / (height * width)).to(maps)
    y, x = torch.linspace(-1, 1, height)[:, None], torch.linspace(-1, 1, width)[None]
    weights = torch.exp(-(y**2 + x**2) / (2 * centre**2))
    return (weights / weights.sum()).to(maps)


def _spectrum_scale(how: Synthesis) -> Tensor:
    """What each wave is multiplied by: low ones more, as in photographs; those above ``smooth`` fade."""
    frequency = (torch.fft.fftfreq(how.side)[:, None] ** 2 + torch.fft.rfftfreq(how.side)[None] ** 2).sqrt()
    scale = how.side / 4 * frequency.clamp(min=1 / how.side) ** -how.decay
    return scale * torch.exp(-((frequency / how.smooth) ** 4))


def _shifted_and_zoomed(pictures: Tensor, how: Synthesis, random: torch.Generator) -> Tensor:
    """The pictures after one random zoom and shift; never larger than ``side``."""
    padded = F.pad(pictures, (how.jitter,) * 4, mode="reflect")
    least, most = how.zoom
    if most > least:
        zoom = least + (most - least) * torch.rand((), generator=random).item()
        to = max(_SMALLEST, round(padded.shape[-1] * zoom / 16) * 16)  # few sizes: memory is used again
        padded = F.interpolate(padded, size=(to, to), mode="bilinear", align_corners=False)
    spare = padded.shape[-1] - how.side
    if spare <= 0:
        return padded
    down, right = torch.randint(0, spare + 1, (2,), generator=random).tolist()
    return padded[:, :, down : down + how.side, right : right + how.side]
