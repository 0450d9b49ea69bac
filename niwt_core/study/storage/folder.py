"""Reads and writes a Study: a folder of JSON, CSV and safetensors, hashed, versioned, replaced as a whole.

    study.json            schema version, provenance, hyper-parameters, network structure, SHA-256 of every other file
    classes.csv           class, role, pictures, predictability
    attributes.csv        class x knowledge table, raw values
    neurons.csv           name, status, AUROC, p, q of every neuron
    pictures.csv          path, class, role
    network.safetensors   weights of the network
    model.safetensors     head, targets, maps, operator, affine form
    pictures.safetensors  features and pooled activations, half precision
    gallery.safetensors   small JPEG pictures, and each neuron's exemplars

Opening verifies every hash, then maps the tensors into memory: nothing is copied until it is used.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from safetensors import SafetensorError

from niwt_core.backbones.graph import network_from_dict
from niwt_core.backbones.preprocess import Preprocess
from niwt_core.errors import NiwtError
from niwt_core.files import file_hash, only_writer, unwritable
from niwt_core.knowledge.kernel import Kernel
from niwt_core.method.head import Head
from niwt_core.method.transfer.exact import AffineForm
from niwt_core.study.storage.csv_tables import (
    TABLES,
    read_classes,
    read_knowledge,
    read_neurons,
    read_pictures,
    write_tables,
)
from niwt_core.study.storage.manifest import AGAIN, make_manifest, read_manifest
from niwt_core.study.storage.manifest_schema import read_choices
from niwt_core.study.storage.target import check_target
from niwt_core.study.storage.tensors import (
    TENSORS,
    read_detectors,
    read_gallery,
    read_model,
    read_stolen_share,
    read_tensors,
    read_texts,
    write_tensors,
)
from niwt_core.study.storage.validation import check_study
from niwt_core.study.study import Study

# What reading a stranger's files may raise, beyond what is looked at one by one.
_FOREIGN = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    AttributeError,
    AssertionError,
    RuntimeError,
    SafetensorError,
    csv.Error,
)


_OPENED: WeakKeyDictionary[Study, tuple[tuple[int, ...], ...]] = WeakKeyDictionary()


def save_study(study: Study, out: Path) -> Study:
    """Writes ``study`` to the folder ``out``, replacing a study there as a whole; returns the study as loaded from there."""
    check_target(out)
    out = out.resolve()  # a link stays, and leads to the new study
    written = out.parent / f".{out.name}.{uuid.uuid4().hex[:8]}.new"
    with only_writer(out):  # as long as the lock is held, nobody takes ``written`` for what a killed process left
        try:
            written.mkdir(parents=True)
            contents = {**write_tables(study), **write_tensors(study)}
            hashes = {}
            for name, data in contents.items():
                (written / name).write_bytes(data)
                hashes[name] = file_hash(written / name)
            (written / "study.json").write_text(
                json.dumps(make_manifest(study, hashes), indent=1, ensure_ascii=False) + "\n", "utf-8"
            )
            _put_in_place(written, out)
        except OSError as error:
            raise unwritable(out, error) from None
        finally:
            shutil.rmtree(written, ignore_errors=True)
    return load_study(out)


def _put_in_place(written: Path, out: Path) -> None:
    """Moves the folder ``fresh`` to ``out``; a folder that was there goes once that is done, and comes back if it cannot be."""
    if not out.exists():
        os.replace(written, out)
        return
    old = out.parent / f".{out.name}.{uuid.uuid4().hex[:8]}.old"
    os.replace(out, old)
    try:
        os.replace(written, out)
    except BaseException:
        os.replace(old, out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def load_study(folder: str | Path) -> Study:
    """Opens a study and verifies it: its files by their hashes, their content by `check_study`.

    Raises:
        NiwtError: no study there, another schema version, a file missing or changed since it was written, parts that do not belong together.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    for name, expected in manifest["hashes"].items():
        path = folder / name
        if name not in (*TABLES, *TENSORS) or not path.is_file():
            raise NiwtError(f"{name} is missing", where=str(folder), fix=AGAIN)
        try:
            actual = file_hash(path)
        except OSError as error:
            raise NiwtError(
                f"cannot read {name} ({error.strerror})", where=str(folder), fix="check its permissions"
            ) from None
        if actual != expected:
            raise NiwtError(f"{name} is damaged: it has changed since it was written", where=str(folder), fix=AGAIN)
    stamps = _stamps(folder)
    try:
        study = _assemble(folder, manifest)
        check_study(study)
    except _FOREIGN as error:
        problem = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise NiwtError(f"the study cannot be read ({problem})", where=str(folder), fix=AGAIN) from error
    _OPENED[study] = stamps
    return study


def check_unchanged(study: Study) -> None:
    """Raises NiwtError where a file of an opened study is another one than then: its tensors are mapped, so what is read would be wrong."""
    stamps = _OPENED.get(study)
    if stamps is not None and study.folder is not None and stamps != _stamps(study.folder):
        raise NiwtError("the study's files changed since it was opened", where=str(study.folder), fix="open it again")


def _stamps(folder: Path) -> tuple[tuple[int, ...], ...]:
    """What tells each file from another one in its place; empty for one that is gone."""
    stamps: list[tuple[int, ...]] = []
    for name in ("study.json", *TABLES, *TENSORS):
        try:
            status = (folder / name).stat()
        except OSError:
            stamps.append(())
        else:
            stamps.append((status.st_ino, status.st_size, status.st_mtime_ns))
    return tuple(stamps)


def _assemble(folder: Path, manifest: Mapping[str, Any]) -> Study:
    classes, seen = read_classes(folder)
    paths, labels, split = read_pictures(folder, classes)
    network = network_from_dict(manifest["network"], read_tensors(folder / "network.safetensors"))
    maps, choices = manifest["maps"], read_choices(manifest["choices"])
    model, mapping, inverse = read_model(folder / "model.safetensors", network, maps, mu=choices.mu)
    pictures = read_tensors(folder / "pictures.safetensors")
    features = pictures["features"]
    return Study(
        id=manifest["id"],
        name=manifest["name"],
        kind=manifest["kind"],
        folder=folder,
        classes=classes,
        seen=seen,
        knowledge=read_knowledge(folder, classes, manifest["knowledge"]),
        encoding=manifest["knowledge"]["encoding"],
        network=network,
        preprocess=Preprocess.from_dict(manifest["preprocess"]),
        head=Head(model["head.rows"], model["head.biases"], model["head.mean"]),
        targets=model["targets"],
        mapping=mapping,
        inverse=inverse,
        operator=model.get("operator"),
        affine=AffineForm(model["affine.P"], model["affine.q"], maps["norm"]),
        choices=choices,
        neurons=read_neurons(folder),
        features=features,
        pooled=pictures.get("pooled", features),
        labels=labels,
        split=split,
        paths=paths,
        gallery=read_gallery(folder / "gallery.safetensors"),
        split_hash=manifest["split_hash"],
        seed=manifest["seed"],
        provenance=manifest["provenance"],
        temperature=manifest.get("temperature"),
        novelty_limit=manifest.get("novelty_limit"),
        kernel=Kernel.from_tensors("kernel", model),
        detectors=read_detectors(model),
        stolen_share=read_stolen_share(manifest.get("stolen_share"), model),
        texts=read_texts(manifest["knowledge"].get("texts"), model, classes, seen),
    )
