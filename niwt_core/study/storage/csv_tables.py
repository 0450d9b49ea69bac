"""The tables of a Study as CSV files: classes, attributes, neurons, pictures."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.class_names import display_name
from niwt_core.neurons.neuron import Neuron
from niwt_core.study.storage.migration import migrated_neurons
from niwt_core.study.study import Study

TABLES = ("classes.csv", "attributes.csv", "neurons.csv", "pictures.csv")
CLASS_COLUMNS = ("class", "display_name", "role", "training_pictures", "test_pictures", "predictability")
PICTURE_COLUMNS = ("path", "class", "role")
NEURON_COLUMNS = tuple(field.name for field in fields(Neuron))


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
        "classes.csv": _csv(CLASS_COLUMNS, classes),
        "attributes.csv": _csv(("class", *knowledge.names), values),
        "neurons.csv": _csv(NEURON_COLUMNS, neurons),
        "pictures.csv": _csv(PICTURE_COLUMNS, pictures),
    }


def read_rows(folder: Path, name: str, header: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a table by the names of its columns. Raises ValueError if it has other columns or a row of another length."""
    columns, rows = _read(folder, name)
    if columns != list(header):
        raise ValueError(f"{name} has other columns")
    return [dict(zip(header, row, strict=True)) for row in rows]


def _read(folder: Path, name: str) -> tuple[list[str], list[list[str]]]:
    with open(folder / name, encoding="utf-8", newline="") as file:
        table = list(csv.reader(file, strict=True))
    if not table:
        raise ValueError(f"{name} is empty")
    header, *rows = table
    for row in rows:
        if len(row) != len(header):
            raise ValueError(f"{name} has a row of {len(row)} cells under {len(header)} columns")
    return migrated_neurons(header, rows) if name == "neurons.csv" else (header, rows)


def read_classes(folder: Path) -> tuple[tuple[str, ...], np.ndarray]:
    """(C names, (C,) bool of the seen). Raises ValueError."""
    rows = read_rows(folder, "classes.csv", CLASS_COLUMNS)
    for row in rows:
        if row["role"] not in ("seen", "unseen"):
            raise ValueError(f"classes.csv: {row['class']!r} is neither seen nor unseen")
    return tuple(row["class"] for row in rows), np.array([row["role"] == "seen" for row in rows], dtype=bool)


def read_knowledge(folder: Path, classes: Sequence[str], facts: Mapping[str, Any]) -> Knowledge:
    """The table of attributes.csv, whose rows are ``classes`` in their order; its kind, scale, other words and what is shown are ``facts``.

    Raises ValueError.
    """
    header, rows = _read(folder, "attributes.csv")
    if header[:1] != ["class"] or [row[0] for row in rows] != list(classes):
        raise ValueError("attributes.csv has other classes than classes.csv")
    values = np.array([[float(cell) for cell in row[1:]] for row in rows], dtype=np.float64)
    with np.errstate(over="ignore"):
        single = values.astype(np.float32).reshape(len(classes), len(header) - 1)
    synonyms = {name: tuple(words) for name, words in facts.get("synonyms", {}).items()}
    return Knowledge(
        facts["kind"], tuple(classes), tuple(header[1:]), single, facts["scale"], synonyms, facts.get("shown", {})
    )


def read_pictures(folder: Path, classes: Sequence[str]) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """(n paths, (n,) labels, (n,) splits) of pictures.csv. Raises ValueError."""
    rows = read_rows(folder, "pictures.csv", PICTURE_COLUMNS)
    index = {name: c for c, name in enumerate(classes)}
    for row in rows:
        if row["class"] not in index or row["role"] not in ("train", "test_seen", "test_unseen", "sample"):
            raise ValueError(f"pictures.csv: picture {row['path'][:80]!r} is of no class or split of the study")
    labels = np.array([index[row["class"]] for row in rows], dtype=np.int64)
    return tuple(row["path"] for row in rows), labels, np.array([row["role"] for row in rows], dtype=np.str_)


def read_neurons(folder: Path) -> tuple[Neuron, ...]:
    """The dictionary from neurons.csv. Raises ValueError if it has other columns or a cell that is no number."""
    out = []
    for cells in read_rows(folder, "neurons.csv", NEURON_COLUMNS):
        auroc, p, q, score = (float(cells[key] or "nan") for key in ("auroc", "p", "q", "score"))
        out.append(
            Neuron(
                int(cells["index"]),
                cells["attribute"],
                cells["label"],
                cells["status"],
                auroc,
                p,
                q,
                score,
                cells["better"],
                cells["better_label"],
                float(cells["better_auroc"] or 0),
            )
        )
    return tuple(out)


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue().encode()


def _number(value: float | None) -> str:
    return "" if value is None else f"{float(value):.9g}"  # nine digits bring every float32 back exactly
