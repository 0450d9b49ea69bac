"""study.json: schema version, provenance, hyper-parameters, network structure, and the hash of every other file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from niwt_core.backbones.graph import network_to_dict
from niwt_core.errors import NiwtError
from niwt_core.files import digest, read_bytes
from niwt_core.knowledge.texts import Texts
from niwt_core.study.storage.csv_tables import TABLES
from niwt_core.study.storage.manifest_schema import check_manifest
from niwt_core.study.storage.migration import SCHEMA, migrated
from niwt_core.study.storage.tensors import TENSORS
from niwt_core.study.study import Study

LARGEST = 64 * 2**20  # bytes
AGAIN = "prepare the study again, or restore the file"


def make_manifest(study: Study, hashes: Mapping[str, str]) -> dict[str, Any]:
    """The manifest of ``study``, whose files have these SHA-256; its id is that of all content."""
    content = {
        "schema": SCHEMA,
        "name": study.name,
        "kind": study.kind,
        "knowledge": {
            "kind": study.knowledge.kind,
            "scale": study.knowledge.scale,
            "encoding": study.encoding,
            **(
                {"synonyms": {name: list(words) for name, words in study.knowledge.synonyms.items()}}
                if study.knowledge.synonyms
                else {}
            ),
            **({"shown": dict(study.knowledge.shown)} if study.knowledge.shown else {}),
            **({"texts": _texts_facts(study.texts)} if study.texts is not None else {}),
        },
        "split_hash": study.split_hash,
        "seed": study.seed,
        "preprocess": study.preprocess.to_dict(),
        "choices": asdict(study.choices),
        **({"stolen_share": dict(study.stolen_share.facts())} if study.stolen_share is not None else {}),
        "maps": {"ridge": study.mapping.ridge, "inverse_ridge": study.inverse.ridge, "norm": study.affine.norm},
        "network": network_to_dict(study.network),
    }
    identity = digest(json.dumps(content, sort_keys=True), json.dumps(dict(hashes), sort_keys=True))
    manifest = {**content, "id": identity, "provenance": dict(study.provenance), "hashes": dict(hashes)}
    if study.temperature is not None:
        manifest["temperature"] = study.temperature  # follows from the content, so the id does not depend on it
    if study.novelty_limit is not None:
        manifest["novelty_limit"] = study.novelty_limit
    manifest = json.loads(json.dumps(manifest))  # the seal is of what a reader will see
    return {**manifest, "seal": seal(manifest)}


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest in ``folder``, verified against itself. Raises NiwtError."""
    path = folder / "study.json"
    if not path.is_file():
        raise NiwtError("no study there", where=str(folder), fix="make one with `niwt prepare`, or check the path")
    try:
        manifest = json.loads(read_bytes(path, LARGEST))
    except NiwtError as error:
        raise NiwtError(
            error.what.replace("the file", "study.json"), where=str(folder), fix="check its permissions"
        ) from None
    except (ValueError, RecursionError):
        raise NiwtError("study.json is damaged: not valid JSON", where=str(folder), fix=AGAIN) from None
    if not isinstance(manifest, dict) or "schema" not in manifest:
        raise NiwtError("study.json is not a study's", where=str(folder), fix=AGAIN)
    if type(manifest["schema"]) is not int or manifest["schema"] not in range(1, SCHEMA + 1):
        raise NiwtError(
            f"the study has schema {manifest['schema']}, this program reads {SCHEMA}",
            where=str(folder),
            fix="prepare it again with this version",
        )
    hashes = manifest.get("hashes")
    listed = isinstance(hashes, dict) and set(hashes) == {*TABLES, *TENSORS}
    if not listed or manifest.get("seal") != seal(manifest):
        raise NiwtError("study.json is damaged: it has changed since it was written", where=str(folder), fix=AGAIN)
    try:
        manifest = migrated(manifest)
        check_manifest(manifest)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise NiwtError(f"study.json cannot be read ({error})", where=str(folder), fix=AGAIN) from None
    return manifest


def seal(manifest: Mapping[str, Any]) -> str:
    """The digest of everything else in the manifest."""
    return digest(json.dumps({key: value for key, value in manifest.items() if key != "seal"}, sort_keys=True))


def _texts_facts(texts: Texts) -> Mapping[str, Any]:
    return {"kind": texts.knowledge.kind, "encoding": texts.encoding, "weight": texts.weight}
