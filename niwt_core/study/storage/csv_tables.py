"""The tables of a Study as CSV files: classes, attributes, neurons, pictures."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from niwt_core.knowledge.class_names import display_name
from niwt_core.neurons.neuron import Neuron
from niwt_core.study.storage.migration import migrated_header
from niwt_core.study.study import Study

TABLES = ("classes.csv", "attributes.csv", "neurons.csv", "pictures.csv")


def write_tables(study: Study) -> dict[str, bytes]:
    """File name -> bytes of every table."""
    predictability = study.predictability
    count = {
        part: np.bincount(study.labels[study.split == part], minlength=len(study.classes))
        for part in ("train", "test_seen", "test_unseen")
    }
    classes = [
        (
            name,
            display_name(name),
            "seen" if study.seen[c] else "unseen",
            count["train"][c],
            (count["test_seen"] + count["test_unseen"])[c],
            _number(predictability.get(name)),
        )
        for c, name in enumerate(study.classes)
    ]
    knowledge = study.knowledge
    values = [
        (name, *(_number(value) for value in row))
        for name, row in zip(knowledge.classes, knowledge.values, strict=True)
    ]
    neurons = [
        tuple(_number(value) if isinstance(value, float) else value for value in asdict(neuron).values())
        for neuron in study.neurons
    ]
    pictures = [
        (path, study.classes[label], part)
        for path, label, part in zip(study.paths, study.labels, study.split, strict=True)
    ]
    return {
        "classes.csv": _csv(
            ("class", "display_name", "role", "training_pictures", "test_pictures", "predictability"), classes
        ),
        "attributes.csv": _csv(("class", *knowledge.names), values),
        "neurons.csv": _csv([field.name for field in fields(Neuron)], neurons),
        "pictures.csv": _csv(("path", "class", "role"), pictures),
    }


def read_rows(folder: Path, name: str) -> tuple[list[str], list[list[str]]]:
    """(header, rows) of a table."""
    with open(folder / name, encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def read_neurons(folder: Path) -> tuple[Neuron, ...]:
    """The dictionary from neurons.csv. Raises ValueError if it has other columns."""
    header, rows = read_rows(folder, "neurons.csv")
    header = migrated_header(header)
    if header != [field.name for field in fields(Neuron)]:
        raise ValueError("neurons.csv has other columns")
    out = []
    for row in rows:
        cells = dict(zip(header, row, strict=True))
        auroc, p, q, score = (float(cells[key] or "nan") for key in ("auroc", "p", "q", "score"))
        out.append(Neuron(int(cells["index"]), cells["attribute"], cells["label"], cells["status"], auroc, p, q, score))
    return tuple(out)


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue().encode()


def _number(value: float | None) -> str:
    return "" if value is None else f"{float(value):.9g}"  # nine digits bring every float32 back exactly
