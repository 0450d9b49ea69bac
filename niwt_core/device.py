"""Choose the device to compute on."""

import torch

from niwt_core.errors import NiwtError


def pick_device(name: str = "auto") -> torch.device:
    """The device called `name`: "auto" (CUDA, else MPS, else CPU), "cpu", "cuda", "cuda:1", "mps".

    Raises NiwtError when the name is unknown or the machine has no such device.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda", "mps") or (":" in name and not index.isdecimal()):
        raise NiwtError(f"unknown device '{name}'", where="--device", fix="use auto, cpu, cuda or mps")
    count = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}[kind]
    if int(index or 0) >= count:
        raise NiwtError(f"this machine has no device '{name}'", where="--device", fix="use auto or cpu")
    return torch.device(name)


def has_bfloat16() -> bool:
    """The processor multiplies bfloat16 by itself; elsewhere it is slower there than float32."""
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
