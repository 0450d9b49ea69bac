"""The network of a study as a backbone for another: no library is asked for it, and nothing is downloaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file

from niwt_core.backbones.graph import network_from_dict
from niwt_core.backbones.preprocess import InputOptions, Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.errors import NiwtError
from niwt_core.files import file_hash

PREFIX = "study:"


def load_from_study(
    name: str, *, layer: str | None = None, inputs: InputOptions | None = None
) -> tuple[SplitNetwork, Preprocess]:
    """The network of the study in the folder after ``study:``, with weights of its own, and what it expects of its input.

    Args:
        name: "study:FOLDER".
        layer: the dictionary layer; None for the study's.
        inputs: what is said in place of the study's preprocessing.

    Raises:
        NiwtError: there is no study, or its network is damaged.
    """
    folder = Path(name.removeprefix(PREFIX)).expanduser()
    manifest = _manifest(folder)
    weights = folder / "network.safetensors"
    try:
        if file_hash(weights) != manifest["hashes"][weights.name]:
            raise NiwtError("the network of the study is damaged", where=weights, fix="get the study again")
        network = network_from_dict(manifest["network"], load_file(weights), trainable=True)
        preprocess = Preprocess.from_dict(manifest["preprocess"])
    except (OSError, SafetensorError, KeyError, TypeError) as error:
        what = f"the network of the study cannot be read ({type(error).__name__})"
        raise NiwtError(what, where=folder, fix="get the study again, or name another backbone") from error
    return network.at(layer) if layer else network, (inputs or InputOptions()).over(preprocess)


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        values = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        values = None
    if not isinstance(values, dict):
        fix = "name the folder of a study after study:, such as study:assets/photographs"
        raise NiwtError("no study there to take the network from", where=folder, fix=fix)
    return values
