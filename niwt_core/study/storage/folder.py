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
import re
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
from niwt_core.files import file_hash, unwritable
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
from niwt_core.study.storage.tensors import (
    TENSORS,
    read_gallery,
    read_map,
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


def is_study(folder: Path) -> bool:
    """The folder holds a study, whole or not."""
    return (folder / "study.json").is_file()


def check_target(out: Path) -> None:
    """Raises NiwtError unless a study may be written to ``out``: a new folder, an empty one, or one that holds a study.

    What is done at the end is tried: a folder of the longest name that will be needed is made beside it, and a folder that is there is moved
    away and back.
    """
    try:
        target = out.resolve()
        taken = target.exists() and not target.is_dir()
    except (OSError, RuntimeError, ValueError) as error:  # a name that no folder can have, a link to itself
        raise _unwritable(out, error) from None
    if taken:
        raise NiwtError("a file is in the way", where=str(out), fix="choose a folder for --out")
    if target.is_dir() and not is_study(target) and any(target.iterdir()):
        raise NiwtError(
            "the folder holds other things", where=str(out), fix="choose an empty or a new folder for --out"
        )
    if target.is_dir() and os.path.ismount(target):
        raise NiwtError("a disk is mounted there", where=str(out), fix="choose a folder inside it")
    if Path.cwd().is_relative_to(target):
        raise NiwtError("that is the folder you are in", where=str(out), fix="choose a folder inside it")
    parent = target.parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir() or not os.access(parent, os.W_OK) or (target.is_dir() and not os.access(target, os.W_OK)):
        raise NiwtError("cannot write there", where=str(out), fix="choose a folder that you may write to")
    _try_to_write(target, parent)


def _try_to_write(target: Path, parent: Path) -> None:
    """Makes and removes a folder in ``parent``, and moves ``target`` away and back if it is there. Raises NiwtError."""
    trial = parent / f".{target.name}.{uuid.uuid4().hex[:8]}.new"
    try:
        trial.mkdir()
        trial.rmdir()
        if target.is_dir():
            os.rename(target, trial)
            os.rename(trial, target)
    except OSError as error:
        raise _unwritable(target, error) from None


def _unwritable(out: Path, error: Exception) -> NiwtError:
    if isinstance(error, PermissionError) and out.is_dir():
        return NiwtError(
            "cannot replace the study there",
            where=str(out),
            fix="close the app that has it open, or choose another folder",
        )
    return unwritable(out, error if isinstance(error, OSError) else OSError(0, "no possible name"))


def save_study(study: Study, out: Path) -> Study:
    """Writes ``study`` to the folder ``out``, replacing a study there as a whole; returns the study as loaded from there."""
    check_target(out)
    out = out.resolve()  # a link stays, and leads to the new study
    fresh = out.parent / f".{out.name}.{uuid.uuid4().hex[:8]}.new"
    try:
        fresh.mkdir(parents=True)
        contents = {**write_tables(study), **write_tensors(study)}
        hashes = {}
        for name, data in contents.items():
            (fresh / name).write_bytes(data)
            hashes[name] = file_hash(fresh / name)
        (fresh / "study.json").write_text(
            json.dumps(make_manifest(study, hashes), indent=1, ensure_ascii=False) + "\n", "utf-8"
        )
        _put_in_place(fresh, out)
    except OSError as error:
        raise unwritable(out, error) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return load_study(out)


def _put_in_place(fresh: Path, out: Path) -> None:
    """Moves the folder ``fresh`` to ``out``; a folder that was there goes once that is done, and comes back if it cannot be."""
    if not out.exists():
        os.replace(fresh, out)
        return
    old = out.parent / f".{out.name}.{uuid.uuid4().hex[:8]}.old"
    os.replace(out, old)
    try:
        os.replace(fresh, out)
    except BaseException:
        os.replace(old, out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def remove_leftovers(out: Path) -> None:
    """Removes what a process that was killed while it saved left beside ``out``; a study that it had moved away comes back.

    Only for who holds `only_writer` of ``out``.
    """
    out = out.resolve()
    beside = list(out.parent.iterdir()) if out.parent.is_dir() else []
    for old in (entry for entry in beside if _is_leftover(entry.name, out.name, "old")):
        if not out.exists() and is_study(old):
            os.replace(old, out)
        else:
            shutil.rmtree(old, ignore_errors=True)
    for new in (entry for entry in beside if _is_leftover(entry.name, out.name, "new")):
        shutil.rmtree(new, ignore_errors=True)


def _is_leftover(name: str, out: str, kind: str) -> bool:
    return re.fullmatch(rf"\.{re.escape(out)}\.[0-9a-f]{{8}}\.{kind}", name) is not None


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
            found = file_hash(path)
        except OSError as error:
            raise NiwtError(
                f"cannot read {name} ({error.strerror})", where=str(folder), fix="check its permissions"
            ) from None
        if found != expected:
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
    model, pictures = read_tensors(folder / "model.safetensors"), read_tensors(folder / "pictures.safetensors")
    maps = manifest["maps"]
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
        network=network_from_dict(manifest["network"], read_tensors(folder / "network.safetensors")),
        preprocess=Preprocess.from_dict(manifest["preprocess"]),
        head=Head(model["head.rows"], model["head.biases"], model["head.mean"]),
        targets=model["targets"],
        mapping=read_map("mapping", model, maps["ridge"]),
        inverse=read_map("inverse", model, maps["inverse_ridge"]),
        operator=model.get("operator"),
        affine=AffineForm(model["affine.P"], model["affine.q"], maps["norm"]),
        choices=read_choices(manifest["choices"]),
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
        kernel=Kernel.from_tensors("kernel", model),
        stolen_share=read_stolen_share(manifest.get("stolen_share"), model),
        texts=read_texts(manifest["knowledge"].get("texts"), model, classes, seen),
    )
