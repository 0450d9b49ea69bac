"""What the paper's pipeline left for a study: head rows and a table, in ``paper.json`` and ``paper.safetensors`` beside the study's own files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from niwt_core.errors import NiwtError
from niwt_core.evaluation.metrics import Metrics, metrics, score
from niwt_core.files import file_hash, write_atomically
from niwt_core.method.head import Head
from niwt_core.study.study import Study

SCHEMA = 1
LOOP = "paper's loop"
EXACT = "exact transfer, same importances"
FIGURES = ("U", "S", "H", "zsl")


@dataclass(frozen=True)
class Transferred:
    """One way from importances to the rows of all unseen classes, and how it fared.

    loss is the paper's (eq. 4, mean over classes) and cosine its mean cosine, on the same random images for every way; norm is the mean length of
    the rows; seconds and iterations are for all classes together. gamma, in logits, is from the held-out seen classes, or None.
    """

    name: str
    rows: Tensor
    loss: float
    cosine: float
    norm: float
    seconds: float
    iterations: int
    stopped: str
    gamma: float | None


@dataclass(frozen=True, eq=False)
class PaperResult:
    """ways: the loop first; targets (U,N) the importances that the map predicted for the unseen classes; losses (T,) of the loop; map: how its
    training went, and the ridge map on the same pictures; settings: everything that was set; gamma_note says how gamma was chosen, or why not.
    """

    study_id: str
    ways: tuple[Transferred, ...]
    targets: Tensor
    losses: Tensor
    map: Mapping[str, Any]
    settings: Mapping[str, Any]
    gamma_note: str

    def way(self, name: str) -> Transferred:
        return next(way for way in self.ways if way.name == name)


def save_paper(result: PaperResult, folder: Path) -> None:
    """Writes the result into the study's folder, the table last."""
    tensors = {"targets": result.targets, "losses": result.losses}
    tensors |= {f"rows.{i}": way.rows for i, way in enumerate(result.ways)}
    path = folder / "paper.safetensors"
    write_atomically(path, safetensors_bytes({name: value.contiguous() for name, value in tensors.items()}))
    content = {
        "schema": SCHEMA,
        "study": result.study_id,
        "hash": file_hash(path),
        "ways": [{key: value for key, value in vars(way).items() if key != "rows"} for way in result.ways],
        "map": dict(result.map),
        "settings": dict(result.settings),
        "gamma_note": result.gamma_note,
    }
    write_atomically(folder / "paper.json", (json.dumps(content, indent=1) + "\n").encode())


def load_paper(study: Study) -> PaperResult | None:
    """The result beside a study; None where the pipeline was never run on it. Raises NiwtError if it is damaged or another study's."""
    again = "run `niwt paper` on the study again, or delete paper.json"
    if study.folder is None or not (study.folder / "paper.json").is_file():
        return None
    where = study.folder / "paper.json"
    try:
        content = json.loads(where.read_text(encoding="utf-8"))
        if content["study"] != study.id or content["schema"] != SCHEMA:
            raise NiwtError("the paper's result is for another study", where=where, fix=again)
        if file_hash(study.folder / "paper.safetensors") != content["hash"]:
            raise NiwtError("paper.safetensors has changed since it was written", where=where, fix=again)
        tensors = load_file(study.folder / "paper.safetensors")
        ways = tuple(Transferred(rows=tensors[f"rows.{i}"], **way) for i, way in enumerate(content["ways"]))
        parts = {key: content[key] for key in ("map", "settings", "gamma_note")}
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise NiwtError(f"the paper's result cannot be read ({type(error).__name__})", where=where, fix=again) from None
    return PaperResult(study.id, ways, tensors["targets"], tensors["losses"], **parts)


def head_with(study: Study, rows: Tensor) -> Head:
    """The study's head with ``rows`` (U,D) for its unseen classes, at the bias that the exact transfer gives them."""
    full = study.full_head
    both = full.rows.clone()
    both[torch.from_numpy(~study.seen)] = rows
    return Head(both, full.biases, full.mean)


def paper_metrics(study: Study, way: Transferred) -> tuple[Metrics, Metrics | None]:
    """Metrics on the study's test pictures without calibration, as the paper reports them, and at the way's gamma if it has one."""
    pictures = np.flatnonzero(study.split != "train")
    logits = head_with(study, way.rows).logits(study.features[pictures].float())
    scored = score(logits, study.labels[pictures], study.seen)
    return metrics(scored, 0.0), None if way.gamma is None else metrics(scored, way.gamma)


def paper_json(study: Study, result: PaperResult) -> dict[str, Any]:
    """What ``niwt paper --json`` and the key ``paper`` of ``niwt evaluate --json`` hold."""
    ways = []
    for way in result.ways:
        plain, calibrated = paper_metrics(study, way)
        facts = {key: value for key, value in vars(way).items() if key != "rows"}
        ways.append(
            {
                **facts,
                **{key: round(getattr(plain, key), 4) for key in FIGURES},
                "calibrated": None
                if calibrated is None
                else {key: round(getattr(calibrated, key), 4) for key in FIGURES},
            }
        )
    return {
        "ways": ways,
        "map": dict(result.map),
        "settings": dict(result.settings),
        "gamma_note": result.gamma_note,
        "last_loss": round(float(result.losses[-1]), 6) if len(result.losses) else None,
    }


def paper_table(paper: Mapping[str, Any]) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """(header, rows) of ``paper_json`` for people; a dash where there is no figure."""
    header = ("", "loss", "cosine", "norm", "seconds", *FIGURES, "gamma", "U cal.", "S cal.", "H cal.")
    rows = []
    for way in paper["ways"]:
        calibrated = way["calibrated"] or {}
        rows.append(
            (
                way["name"],
                *(way[key] for key in ("loss", "cosine", "norm", "seconds", *FIGURES)),
                "-" if way["gamma"] is None else way["gamma"],
                *(calibrated.get(key, "-") for key in ("U", "S", "H")),
            )
        )
    return header, rows
