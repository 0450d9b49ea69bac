"""The state of a training between two epochs, as one safetensors file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from niwt_core.files import write_tensors


def _optimiser_state(model: nn.Module, optimiser: torch.optim.Optimizer) -> Iterator[tuple[str, Tensor]]:
    """What the optimiser remembers, as "optimiser.<what>.<parameter>" -> tensor."""
    for name, parameter in model.named_parameters():
        for key, value in optimiser.state.get(parameter, {}).items():
            if isinstance(value, Tensor):
                yield f"optimiser.{key}.{name}", value


def save_training(model: nn.Module, optimiser: torch.optim.Optimizer, path: Path, epochs: int) -> None:
    """Writes the checkpoint after ``epochs`` epochs, atomically."""
    tensors = model.state_dict() | dict(_optimiser_state(model, optimiser))
    tensors["epochs"] = torch.tensor(epochs)
    write_tensors(path, {name: value.detach().cpu().contiguous() for name, value in tensors.items()})


def resume_training(model: nn.Module, optimiser: torch.optim.Optimizer, path: Path) -> int:
    """Restores the checkpoint if there is a whole one; returns the number of epochs done."""
    try:
        tensors = load_file(path)
    except (FileNotFoundError, SafetensorError):
        return 0
    model.load_state_dict({name: tensors[name] for name in model.state_dict()})
    parameters = dict(model.named_parameters())
    for name, value in tensors.items():
        if name.startswith("optimiser."):
            _, key, parameter_name = name.split(".", 2)
            parameter = parameters[parameter_name]
            optimiser.state[parameter][key] = value if key == "step" else value.to(parameter)
    return int(tensors["epochs"])
