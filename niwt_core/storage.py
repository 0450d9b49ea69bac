"""Reads and writes a Study: a folder of JSON, CSV and safetensors, hashed, versioned, replaced as a whole.

    study.json            schema version, provenance, hyper-parameters, network structure, SHA-256 of every other file
    classes.csv           class, role, pictures, predictability
    attributes.csv        class x knowledge table, raw values
    neurons.csv           name, status, AUROC, p, q of every neuron
    pictures.csv          path, class, role
    network.safetensors   weights of the network
    model.safetensors     head, targets, maps, operator, affine form
    pictures.safetensors  features and pooled activations, half precision
    gallery.safetensors   small JPEG pictures, and each neuron's favourites

Opening verifies every hash, then maps the tensors into memory: nothing is copied until it is used.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from niwt_core.backbones.graph import network_from_dict, network_to_dict
from niwt_core.backbones.preprocess import Preprocess
from niwt_core.class_names import display_name
from niwt_core.errors import NiwtError
from niwt_core.files import digest, file_hash, unwritable
from niwt_core.gallery import Gallery
from niwt_core.head import Head
from niwt_core.kernel import Kernel
from niwt_core.knowledge import Knowledge
from niwt_core.mapping import LinearMap
from niwt_core.neurons import Neuron
from niwt_core.study import Choices, Study
from niwt_core.texts import Texts
from niwt_core.transfer.exact import AffineForm

SCHEMA = 1
TABLES = ("classes.csv", "attributes.csv", "neurons.csv", "pictures.csv")
TENSORS = ("network.safetensors", "model.safetensors", "pictures.safetensors", "gallery.safetensors")
AGAIN = "prepare the study again, or restore the file"


def is_study(folder: Path) -> bool:
    """The folder holds a study, whole or not."""
    return (folder / "study.json").is_file()


def check_target(out: Path) -> None:
    """Raises NiwtError unless a study may be written to ``out``: a new folder, an empty one, or one that holds a study."""
    try:
        taken = out.exists() and not out.is_dir()
    except OSError as error:  # a name that no folder can have
        raise unwritable(out, error) from None
    if taken:
        raise NiwtError("a file is in the way", where=str(out), fix="choose a folder for --out")
    if out.is_dir() and not is_study(out) and any(out.iterdir()):
        raise NiwtError(
            "the folder holds other things", where=str(out), fix="choose an empty or a new folder for --out"
        )
    parent = out.resolve().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir() or not os.access(parent, os.W_OK) or (out.is_dir() and not os.access(out, os.W_OK)):
        raise NiwtError("cannot write there", where=str(out), fix="choose a folder that you may write to")


def save_study(study: Study, out: Path) -> Study:
    """Writes ``study`` to the folder ``out``, replacing a study there as a whole; returns the study as loaded from there."""
    check_target(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.parent / f".{out.name}.{uuid.uuid4().hex[:8]}.new"
    try:
        fresh.mkdir()
        contents = {**_tables(study), **_tensors(study)}
        hashes = {}
        for name, data in contents.items():
            (fresh / name).write_bytes(data)
            hashes[name] = file_hash(fresh / name)
        (fresh / "study.json").write_text(
            json.dumps(_manifest(study, hashes), indent=1, ensure_ascii=False) + "\n", "utf-8"
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


def load_study(folder: str | Path) -> Study:
    """Opens a study and verifies it.

    Raises:
        NiwtError: no study there, another schema version, a file missing or changed since it was written.
    """
    folder = Path(folder)
    manifest = _read_manifest(folder)
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
    try:
        return _assemble(folder, manifest)
    except (KeyError, TypeError, ValueError, IndexError, RuntimeError, SafetensorError) as error:
        raise NiwtError(
            f"the study cannot be read ({type(error).__name__}: {error})", where=str(folder), fix=AGAIN
        ) from error


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / "study.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise NiwtError(
            "no study there", where=str(folder), fix="make one with `niwt prepare`, or check the path"
        ) from None
    except OSError as error:
        raise NiwtError(
            f"cannot read study.json ({error.strerror})", where=str(folder), fix="check its permissions"
        ) from None
    except (ValueError, RecursionError):
        raise NiwtError("study.json is damaged: not valid JSON", where=str(folder), fix=AGAIN) from None
    if not isinstance(manifest, dict) or "schema" not in manifest:
        raise NiwtError("study.json is not a study's", where=str(folder), fix=AGAIN)
    if manifest["schema"] != SCHEMA:
        raise NiwtError(
            f"the study has schema {manifest['schema']}, this program reads {SCHEMA}",
            where=str(folder),
            fix="prepare it again with this version",
        )
    if manifest.get("seal") != _seal(manifest) or set(manifest.get("hashes", {})) != {*TABLES, *TENSORS}:
        raise NiwtError("study.json is damaged: it has changed since it was written", where=str(folder), fix=AGAIN)
    return manifest


def _seal(manifest: Mapping[str, Any]) -> str:
    return digest(json.dumps({key: value for key, value in manifest.items() if key != "seal"}, sort_keys=True))


def _manifest(study: Study, hashes: Mapping[str, str]) -> dict[str, Any]:
    content = {
        "schema": SCHEMA,
        "name": study.name,
        "kind": study.kind,
        "knowledge": {
            "kind": study.knowledge.kind,
            "scale": study.knowledge.scale,
            "encoding": study.encoding,
            **({"texts": _texts_facts(study.texts)} if study.texts is not None else {}),
        },
        "split_hash": study.split_hash,
        "seed": study.seed,
        "preprocess": study.preprocess.to_dict(),
        "choices": asdict(study.choices),
        "maps": {"ridge": study.mapping.ridge, "inverse_ridge": study.inverse.ridge, "norm": study.affine.norm},
        "network": network_to_dict(study.network),
    }
    identity = digest(json.dumps(content, sort_keys=True), json.dumps(dict(hashes), sort_keys=True))
    whole = {**content, "id": identity, "provenance": dict(study.provenance), "hashes": dict(hashes)}
    whole = json.loads(json.dumps(whole))  # the seal is of what a reader will see
    return {**whole, "seal": _seal(whole)}


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue().encode()


def _rows(folder: Path, name: str) -> tuple[list[str], list[list[str]]]:
    with open(folder / name, encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def _tables(study: Study) -> dict[str, bytes]:
    predictability = study.predictability
    count = {
        role: np.bincount(study.labels[study.roles == role], minlength=len(study.classes))
        for role in ("train", "test_seen", "test_unseen")
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
        (path, study.classes[label], role)
        for path, label, role in zip(study.paths, study.labels, study.roles, strict=True)
    ]
    return {
        "classes.csv": _csv(
            ("class", "display_name", "role", "training_pictures", "test_pictures", "predictability"), classes
        ),
        "attributes.csv": _csv(("class", *knowledge.names), values),
        "neurons.csv": _csv([field.name for field in fields(Neuron)], neurons),
        "pictures.csv": _csv(("path", "class", "role"), pictures),
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{float(value):.9g}"  # nine digits bring every float32 back exactly


def _tensors(study: Study) -> dict[str, bytes]:
    network = {name: value.detach().float().cpu().contiguous() for name, value in study.network.state_dict().items()}
    model: dict[str, Tensor] = {
        "head.rows": study.head.rows,
        "head.biases": study.head.biases,
        "head.mean": study.head.mean,
        "targets": study.targets,
        "affine.P": study.affine.P,
        "affine.q": study.affine.q,
        **_map_tensors("mapping", study.mapping),
        **_map_tensors("inverse", study.inverse),
    }
    if study.operator is not None:
        model["operator"] = study.operator
    if study.kernel is not None:
        model |= study.kernel.tensors("kernel")
    if study.texts is not None:
        model["texts.values"] = torch.from_numpy(study.texts.knowledge.values)
        model |= study.texts.kernel.tensors("texts.kernel") if study.texts.kernel is not None else {}
    pictures = {"features": study.features.half()}
    if study.pooled is not study.features:
        pictures["pooled"] = study.pooled.half()
    gallery = {
        "jpegs": study.gallery.jpegs,
        **{
            name: torch.from_numpy(np.ascontiguousarray(getattr(study.gallery, name)))
            for name in ("offsets", "pictures", "top", "maps", "peaks")
        },
    }
    whole = {"network": network, "model": model, "pictures": pictures, "gallery": gallery}
    return {
        f"{name}.safetensors": safetensors_bytes({key: value.contiguous() for key, value in tensors.items()})
        for name, tensors in whole.items()
    }


def _texts_facts(texts: Texts) -> Mapping[str, Any]:
    return {"kind": texts.knowledge.kind, "encoding": texts.encoding, "weight": texts.weight}


def _read_texts(
    facts: Mapping[str, Any] | None, tensors: Mapping[str, Tensor], classes: tuple[str, ...], seen: np.ndarray
) -> Texts | None:
    if facts is None:
        return None
    values = tensors["texts.values"].numpy()
    names = tuple(str(k) for k in range(values.shape[1]))
    knowledge = Knowledge(facts["kind"], classes, names, values, scale=1.0)
    kernel = Kernel.from_tensors("texts.kernel", tensors)
    return Texts(knowledge, facts["encoding"], kernel, seen, facts["weight"])


def _map_tensors(name: str, item: LinearMap) -> dict[str, Tensor]:
    return {
        f"{name}.{field}": getattr(item, field)
        for field in ("weight", "x_mean", "y_mean", "predictability", "held_out")
    }


def _read_map(name: str, tensors: Mapping[str, Tensor], ridge: float) -> LinearMap:
    parts = {
        field: tensors[f"{name}.{field}"] for field in ("weight", "x_mean", "y_mean", "predictability", "held_out")
    }
    return LinearMap(**parts, ridge=ridge)


def _read_tensors(path: Path) -> dict[str, Tensor]:
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def _assemble(folder: Path, manifest: Mapping[str, Any]) -> Study:
    _, class_rows = _rows(folder, "classes.csv")
    header, value_rows = _rows(folder, "attributes.csv")
    _, picture_rows = _rows(folder, "pictures.csv")
    classes = tuple(row[0] for row in class_rows)
    index = {name: c for c, name in enumerate(classes)}
    values = np.array([[float(cell) for cell in row[1:]] for row in value_rows], dtype=np.float32).reshape(
        len(classes), -1
    )
    model, pictures = _read_tensors(folder / "model.safetensors"), _read_tensors(folder / "pictures.safetensors")
    gallery = _read_tensors(folder / "gallery.safetensors")
    maps = manifest["maps"]
    seen = np.array([row[2] == "seen" for row in class_rows])
    features = pictures["features"]
    choices = manifest["choices"]
    return Study(
        id=manifest["id"],
        name=manifest["name"],
        kind=manifest["kind"],
        folder=folder,
        classes=classes,
        seen=seen,
        knowledge=Knowledge(
            manifest["knowledge"]["kind"], classes, tuple(header[1:]), values, manifest["knowledge"]["scale"]
        ),
        encoding=manifest["knowledge"]["encoding"],
        network=network_from_dict(manifest["network"], _read_tensors(folder / "network.safetensors")),
        preprocess=Preprocess.from_dict(manifest["preprocess"]),
        head=Head(model["head.rows"], model["head.biases"], model["head.mean"]),
        targets=model["targets"],
        mapping=_read_map("mapping", model, maps["ridge"]),
        inverse=_read_map("inverse", model, maps["inverse_ridge"]),
        operator=model.get("operator"),
        affine=AffineForm(model["affine.P"], model["affine.q"], maps["norm"]),
        choices=Choices(**{**choices, "trials": tuple(choices["trials"])}),
        neurons=_read_neurons(folder),
        features=features,
        pooled=pictures.get("pooled", features),
        labels=np.array([index[row[1]] for row in picture_rows], dtype=np.int64),
        roles=np.array([row[2] for row in picture_rows]),
        paths=tuple(row[0] for row in picture_rows),
        gallery=Gallery(
            gallery["jpegs"], *(gallery[name].numpy() for name in ("offsets", "pictures", "top", "maps", "peaks"))
        ),
        split_hash=manifest["split_hash"],
        seed=manifest["seed"],
        provenance=manifest["provenance"],
        kernel=Kernel.from_tensors("kernel", model),
        texts=_read_texts(manifest["knowledge"].get("texts"), model, classes, seen),
    )


def _read_neurons(folder: Path) -> tuple[Neuron, ...]:
    header, rows = _rows(folder, "neurons.csv")
    if header != [field.name for field in fields(Neuron)]:
        raise ValueError("neurons.csv has other columns")
    out = []
    for row in rows:
        cells = dict(zip(header, row, strict=True))
        auroc, p, q, strength = (float(cells[key] or "nan") for key in ("auroc", "p", "q", "strength"))
        out.append(
            Neuron(int(cells["index"]), cells["attribute"], cells["label"], cells["status"], auroc, p, q, strength)
        )
    return tuple(out)
