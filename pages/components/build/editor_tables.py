"""What a study's editor knows from the start: its attributes by part, classes, sample pictures, and the matrices, packed as bytes."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from niwt_core import Study, inert_attributes
from niwt_core.classify.live_tables import (
    EditorTables,
    HeldOut,
    discriminative_neurons,
    editor_tables,
    held_out,
    sample_pictures,
)
from niwt_core.data.aviary import PART_OF_GROUP
from niwt_core.evaluation.bias_by_row import NEAREST
from niwt_core.files import digest
from niwt_core.knowledge.attributes import readable
from niwt_core.knowledge.class_names import display_name
from niwt_core.neurons.exemplars import jpeg_bytes
from niwt_core.neurons.neuron import Neuron
from niwt_core.neurons.search import other_words
from niwt_core.neurons.user_names import UserNames
from niwt_core.study.translated_names import TranslatedNames
from pages.components.build.editor_words import editor_words
from pages.components.build.swatches import swatch
from pages.components.shared import language, names, style
from pages.components.shared.language import tr

THUMB_SIDE = 192  # pixels of a sample picture
SENT = (
    "transform",
    "origin",
    "rows",
    "row_lengths",
    "row_offsets",
    "mean_row",
    "pictures",
    "logits",
    "importance",
    "importance_offset",
    "spread",
    "typical",
)
FEATURE = re.compile(r" ?\b(colou?r|shape|pattern|length|size)$")  # what a group tells of its part: "upper tail color"


@dataclass(frozen=True, eq=False)
class Tables:
    """The study's id, the bytes for the browser, and the matrices that later pictures are projected with."""

    id: str
    payload: bytes
    matrices: EditorTables
    held_out: HeldOut


@st.cache_resource(show_spinner=False, max_entries=8, hash_funcs={Study: lambda study: study.id})
def prepare(
    study: Study,
    text: np.ndarray | None = None,
    own_names: tuple[tuple[int, str], ...] = (),
    spoken: str = language.ENGLISH,
) -> Tables:
    """The tables of a study; its knowledge must be attributes. ``text`` (K',) is what is said of the class beside them, ``own_names`` a person's for
    neurons (the items of `UserNames`), ``spoken`` the session's language."""
    items = sample_pictures(study)
    pictures = study.gallery.pictures[items]
    matrices = editor_tables(
        study, study.features[pictures].float(), neurons=discriminative_neurons(study).tolist(), text=text
    )
    key = study.id if text is None else digest(study.id, np.ascontiguousarray(text, "<f4").tobytes())
    personal = UserNames(dict(own_names))
    if own_names:
        key = digest(key, repr(own_names))
    if spoken != language.ENGLISH:
        key = digest(key, spoken)
    header = {
        "id": key,
        "encoding": study.encoding,
        "scale": study.knowledge.scale,
        "floor": study.knowledge.floor,
        "attributes": len(study.knowledge.names),
        "all": list(range(len(study.knowledge.names))),
        "norm": matrices.norm,
        "bias": matrices.bias,
        "mean_square": matrices.mean_square,
        "by_row": None
        if matrices.by_row is None
        else {"before": matrices.bias_before, "weights": matrices.by_row, "near": NEAREST},
        "seen": np.flatnonzero(study.seen).tolist() if matrices.by_row is not None else [],
        "parts": parts(study, spoken),
        "words": editor_words(),
        "kinds": {kind: style.kind_name(kind) for kind in style.KIND_NAMES},
        "classes": [_class(study, c) for c in range(len(study.classes))],
        "pictures": [
            _class(study, int(study.labels[p])) | {"c": int(study.labels[p]), "src": _thumb(study, int(item))}
            for item, p in zip(items, pictures, strict=True)
        ],
        "neurons": [_neuron(personal.of(names.of_neuron(study, study.neurons[int(n)]))) for n in matrices.neurons],
    }
    arrays = {name: getattr(matrices, name) for name in SENT}
    payload = pack(header, arrays)
    return Tables(key, payload, matrices, held_out(study, matrices))


def pack(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Header and arrays as bytes: [uint32 length][JSON][padding to 4][float32 ...]."""
    places, blocks, offset = {}, [], 0
    for name, array in arrays.items():
        block = np.ascontiguousarray(array, dtype="<f4")
        places[name] = (offset, block.size)
        blocks.append(block.tobytes())
        offset += block.size
    data = b"".join(blocks)
    text = json.dumps({**header, "arrays": places}, separators=(",", ":")).encode()
    return len(text).to_bytes(4, "little") + text + b"\0" * (-len(text) % 4) + data


def parts(study: Study, spoken: str = language.ENGLISH) -> list[dict[str, Any]]:
    """Parts -> groups -> values, as the editor shows them; attributes without groups are one list of sliders."""
    knowledge, inert = study.knowledge, set(inert_attributes(study))
    called = names.in_language(study, spoken)
    by_part: dict[str, list[dict[str, Any]]] = {}
    loose: list[dict[str, Any]] = []
    for group, columns in knowledge.groups.items():
        values = [
            {
                "k": int(k),
                "label": called.value(knowledge.names[k]) if called else _value(knowledge.labels[k]),
                "inert": knowledge.names[k] in inert,
                "also": " ".join(
                    (
                        *other_words(knowledge.labels[k], knowledge.synonyms.get(knowledge.names[k], ())),
                        *([knowledge.labels[k]] if called else []),
                    )
                ),
            }
            for k in columns
        ]
        if "::" not in knowledge.names[columns[0]]:
            loose += values
            continue
        label = readable(group)
        for value in values:
            value["swatch"] = (
                swatch(_value(knowledge.labels[int(str(value["k"]))])) if "color" in label or "colour" in label else ""
            )
        part = PART_OF_GROUP.get(group) or FEATURE.sub("", label) or "whole"
        first = not by_part and len(columns) > 1
        entry = {
            "label": _capital(called.group(group) if called else label),
            "short": _capital(_translated_short(called, group, part) if called else _short(label, part)),
            "exclusive": len(values) > 1,
            "values": values,
            "open": first,
        }
        by_part.setdefault(_whole(part), []).append(entry)
    out = [
        {"label": _capital(called.group(part) if called else part), "groups": groups}
        for part, groups in by_part.items()
    ]
    if loose:
        out.append(
            {
                "label": tr("Attributes"),
                "groups": [{"label": tr("Attributes"), "short": "", "exclusive": False, "values": loose, "open": True}],
            }
        )
    return out


def _whole(part: str) -> str:
    """One name for all that is said of the animal as a whole."""
    return "body" if part in ("primary", "whole", "") else part


def _short(label: str, part: str) -> str:
    """A group's name beside its part's: "bill shape" under "bill" is "shape"."""
    return label.removeprefix(f"{part} ").removeprefix(f"{part.removesuffix('s')} ")


def _translated_short(called: TranslatedNames, group: str, part: str) -> str:
    """The same in another language: the word for what it tells, else the whole group, but not the part again: a blank keeps its place."""
    short = called.word(_short(readable(group), part)) or called.group(group)
    return "\u00a0" if short == called.group(part) else short


def _value(label: str) -> str:
    return label.split(": ", 1)[-1]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _class(study: Study, c: int) -> dict[str, str]:
    return {
        "name": display_name(study.classes[c]),
        "label": display_name(study.classes[c]),
        "kind": "seen" if study.seen[c] else "unseen",
    }


def _neuron(neuron: Neuron) -> dict[str, Any]:
    label = neuron.label if neuron.is_named else tr("neuron {index}", index=neuron.index)
    return {"index": neuron.index, "label": label, "status": neuron.status, "trust": style.trust_name(neuron.status)}


def _thumb(study: Study, item: int) -> str:
    return data_url(jpeg_bytes(study.gallery.image(item), side=THUMB_SIDE, quality=80))


def data_url(jpeg: bytes) -> str:
    """A JPEG as an address that an image element takes."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
