"""Studies whose seal is right and whose content is not: each is refused in one line, before anything is computed."""

import csv
import io
import json
import random
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from niwt_core import NiwtError, Study, load_study
from niwt_core.files import file_hash
from niwt_core.study.storage import TABLES, TENSORS
from niwt_core.study.storage.manifest import seal
from tests.support.small_study import small_study


@pytest.fixture
def copy(tmp_path) -> Path:
    return Path(shutil.copytree(small_study(layer="second.1").folder, tmp_path / "study"))


def resealed(copy: Path, change: Callable[[dict], None] = lambda manifest: None) -> Path:
    """The study with its manifest changed, every hash and the seal made right."""
    manifest = json.loads((copy / "study.json").read_text())
    manifest["hashes"] = {name: file_hash(copy / name) for name in manifest["hashes"]}
    change(manifest)
    (copy / "study.json").write_text(json.dumps({**manifest, "seal": seal(manifest)}))
    return copy


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """The path of every entry of a manifest, but deep inside the network and tables of trials."""
    actual = []
    if isinstance(value, Mapping):
        for key, item in value.items():
            actual += [(*path, key), *places(item, (*path, key))]
    elif isinstance(value, list) and value:
        actual += [(*path, 0), *places(value[0], (*path, 0))]
    return actual


def opened(copy: Path) -> Study | None:
    """The study, or None where one line says why not. Any other exception fails the test."""
    try:
        study = load_study(copy)
    except NiwtError as error:
        lines = str(error).splitlines()
    else:
        return study
    assert len(lines) == 1
    return None


def test_a_resealed_study_opens(copy):
    assert load_study(resealed(copy)).classes == small_study(layer="second.1").classes


@pytest.mark.parametrize(
    "wrong", [None, True, -1, 10**400, "x", "\ud800", 1.5, float("nan"), [], [1], {}, {"a": 1}], ids=repr
)
def test_entries_of_another_type_are_refused_or_mean_the_same(copy, wrong):
    """Every entry is replaced in turn. Whatever is let through gives a study that can be asked."""
    manifest = json.loads((copy / "study.json").read_text())
    original = json.dumps(manifest)
    for path in places(manifest):
        changed = json.loads(original)
        parent = changed
        for key in path[:-1]:
            parent = parent[key]
        parent[path[-1]] = wrong
        changed["seal"] = seal(changed)
        (copy / "study.json").write_text(json.dumps(changed))
        if (study := opened(copy)) is not None:
            assert study.encoder.encoded.shape[0] == len(study.classes)
            repr(study), study.source, study.full_head, study.provenance.get("captions", {}).get("notice")


def rows_of(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text())))


def write_rows(path: Path, rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    path.write_text(text.getvalue())


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    "what", ["drop", "double", "swap", "cut", "empty", "header", "column", "nan", "word", "surplus"]
)
def test_tables_of_other_rows(copy, name, what):
    rows = rows_of(copy / name)
    if what == "drop":
        rows.pop(2)
    elif what == "double":
        rows.insert(2, rows[2])
    elif what == "swap":
        rows[1], rows[2] = rows[2], rows[1]
    elif what == "cut":
        rows[2] = rows[2][:-1]
    elif what == "empty":
        rows = []
    elif what == "header":
        rows = rows[1:]
    elif what == "column":
        rows = [row[1:] for row in rows]
    elif what == "surplus":
        rows[1].append("1")
    else:
        rows[1] = [rows[1][0], *([("nan", "many")[what == "word"]] * (len(rows[1]) - 1))]
    write_rows(copy / name, rows)
    if (name, what) == ("pictures.csv", "swap"):  # two pictures of one class: another study, and a whole one
        load_study(resealed(copy))
        return
    with pytest.raises(NiwtError) as caught:
        load_study(resealed(copy))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "row", "column", "cell", "text"),
    [
        ("pictures.csv", 1, 0, "../../etc/passwd", "leads out"),
        ("pictures.csv", 1, 0, "/etc/passwd", "leads out"),
        ("pictures.csv", 1, 1, "nobody", "no class or split"),
        ("pictures.csv", 1, 2, "training", "no class or split"),
        ("pictures.csv", -1, 2, "train", "training picture of an unseen class"),
        ("classes.csv", 1, 2, "built", "neither seen nor unseen"),
        ("classes.csv", 1, 2, "unseen", "cannot be read"),
        ("classes.csv", 1, 0, "a\x07b", "cannot be read"),
        ("neurons.csv", 1, 0, "7", "row 0 is of neuron 7"),
        ("neurons.csv", 1, 1, "no attribute", "a name that is no attribute"),
        ("neurons.csv", 1, 3, "great", "status 'great'"),
        ("neurons.csv", 1, 4, "2.5", "AUROC 2.5 of neuron 0"),
        ("neurons.csv", 1, 5, "-1", "p -1 of neuron 0"),
        ("attributes.csv", 1, 1, "inf", "cannot be read|not a number"),
        ("attributes.csv", 1, 1, "1e39", "cannot be read|not a number"),
        ("attributes.csv", 1, 1, "-1", "negative amount"),
    ],
)
def test_cells_that_cannot_be(copy, name, row, column, cell, text):
    rows = rows_of(copy / name)
    rows[row][column] = cell
    write_rows(copy / name, rows)
    with pytest.raises(NiwtError, match=text):
        load_study(resealed(copy))


def tensors() -> list[tuple[str, str]]:
    folder = small_study(layer="second.1").folder
    return [(name, key) for name in TENSORS if name != "network.safetensors" for key in load_file(folder / name)]


@pytest.mark.parametrize(("name", "key"), tensors())
def test_tensors_of_another_shape_or_content(copy, name, key):
    content = load_file(copy / name)
    value = content[key]
    changes: list[torch.Tensor | None] = [
        None,
        value[..., None].clone(),
        value.reshape(-1)[:-1].clone(),
        value.to(torch.bool),
    ]
    if value.dim():
        changes.append(torch.cat([value, value[:1]]))
    if value.is_floating_point():
        changes.append(torch.full_like(value, float("nan")))
    elif key != "jpegs" and key != "maps":
        changes += [value - 10**6, value + 10**6]
    for change in changes:
        spoiled = {**content, key: change} if change is not None else {k: v for k, v in content.items() if k != key}
        (copy / name).unlink()
        save_file(spoiled, copy / name)
        if key in ("pooled", "mapping.held_out") and change is None:
            continue  # the features then are the pooled activations, where there are as many; what is held out is predicted again
        with pytest.raises(NiwtError) as caught:
            load_study(resealed(copy))
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["[1]", '{"schema": 2, "hashes": 5}', '{"schema": true}', '{"schema": 2, "hashes": [], "seal": []}', "1" * 5000],
)
def test_a_seal_that_is_no_table(copy, text):
    (copy / "study.json").write_text(text)
    with pytest.raises(NiwtError, match=r"study\.json|schema True"):
        load_study(copy)


def test_made_studies_are_answered(copy):
    """A hundred random flips of bytes and bits in resealed files: an error in one line, or a study that can be asked."""
    draw = random.Random(0)
    originals = {name: (copy / name).read_bytes() for name in (*TABLES, *TENSORS)}
    for _ in range(100):
        name = draw.choice(list(originals))
        data = bytearray(originals[name])
        for _ in range(draw.randint(1, 3)):
            data[draw.randrange(min(len(data), 4000))] = draw.randrange(256)
        (copy / name).unlink()  # a study that is open maps the old file
        (copy / name).write_bytes(data)
        if (study := opened(resealed(copy))) is not None:
            assert np.isfinite(study.encoder.encoded).all()
        (copy / name).unlink()
        (copy / name).write_bytes(originals[name])
