"""Keeps a person's own pictures in their browser (IndexedDB), so that F5 and a lost connection lose none, nor what was said of them.

What is kept of a picture is what the network saw, without loss: it comes back with the same features to the last bit. The server believes nothing
of it: number, size and kind of what comes back are checked like a stranger's file.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import streamlit as st
import torch
from PIL import Image

from niwt_core import Classifier, EncodedPicture
from pages.components.shared import keeper, session
from pages.components.shared.uploads import input_of, session_uploads

MOST = 24  # pictures, the newest: as many as the editor shows
LARGEST = 600_000  # characters of one
LONGEST_NAME = 200
MOST_CLASSES = 200
_keeper = st.components.v2.component(
    "niwt_picture_keeper", js=Path(__file__).with_name("picture_keeper.js").read_text(encoding="utf-8")
)


Marks = Mapping[str, Mapping[str, bool]]  # class -> picture -> whether it shows the class


def keep_pictures(marks: Marks | None = None) -> None:
    """Hands this session's own pictures to the browser, and takes in those that it kept before; part of a page or a fragment.

    ``marks`` are kept with them; None where the page knows of none.
    """
    take_up()
    study, uploads = session.current_study(), session_uploads()
    mine = uploads.mine[-MOST:]
    acknowledged = _acknowledged(study.id)
    unsent = [
        {"key": upload.key, "name": upload.name, "data": base64.b64encode(upload.light().packed).decode()}
        for upload in mine
        if upload.key not in acknowledged
    ]
    data = {
        "study": study.id,
        "session": keeper.token(),
        "keys": [upload.key for upload in mine],
        "fresh": unsent,
        "marks": None if marks is None else {**kept_marks(study.id), **marks},
        "most": MOST,
        "taken": keeper.notes().get(_slot(study.id), ""),
    }
    _keeper(key=_key(study.id), data=data, on_kept_change=_nothing, on_have_change=_nothing, height=1)


def take_up() -> None:
    """Pictures that the browser kept join the uploads; what was said of them waits for the test view. Not a callback, and done in one go once
    nothing more is looked at in the session's state: see `keeper`."""
    study = session.current_study()
    state = st.session_state.get(_key(study.id))
    have, kept = (getattr(state, name, None) for name in ("have", "kept"))
    if _is_mine(have, study.id) and isinstance(
        have.get("keys"), list
    ):  # the browser has these: they need not be sent again
        _acknowledged(study.id).update(key for key in have["keys"][: 2 * MOST] if isinstance(key, str))
    if (
        not _is_mine(kept, study.id)
        or not isinstance(kept.get("pictures"), list)
        or not isinstance(kept.get("id"), str)
    ):
        return
    noted, slot = keeper.notes(), _slot(study.id)
    if noted.get(slot) == kept["id"]:
        return
    classifier, uploads, acknowledged = session.classifier(), session_uploads(), _acknowledged(study.id)
    marks: dict[str, Any] = st.session_state.setdefault("kept-marks", {})
    with uploads.lock:  # a run that is being broken off may still be here
        if noted.get(slot) == kept["id"]:
            return
        chosen = uploads.chosen
        for record in kept["pictures"][:MOST]:
            upload = picture_from(record, classifier)
            if upload is not None and upload[0] not in uploads.items:
                key, name, picture = upload
                uploads.hold(key, name, picture, classifier.study.preprocess)
                acknowledged.add(key)
        uploads.choose(chosen or uploads.awaited)
        uploads.awaited = ""
        if isinstance(kept.get("marks"), Mapping):
            marks[study.id] = kept["marks"]
        noted[slot] = kept["id"]


def _key(study_id: str) -> str:
    return f"keeper-{_slot(study_id)}"


def _slot(study_id: str) -> str:
    return f"pictures-{study_id}"


def _acknowledged(study_id: str) -> set[str]:
    """Keys of the pictures that the browser has."""
    by_study: dict[str, set[str]] = st.session_state.setdefault("pictures-kept", {})
    return by_study.setdefault(study_id, set())


def _is_mine(value: Any, study_id: str) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping) and value.get("study") == study_id and value.get("session") == keeper.token()


def _nothing() -> None:
    """Streamlit hands on a state that has a callback."""


def kept_marks(study_id: str) -> dict[str, dict[str, bool]]:
    """What was said of pictures before this session, as far as it makes sense."""
    kept = st.session_state.get("kept-marks", {}).get(study_id, {})
    return {
        str(name)[:LONGEST_NAME]: {str(key): belongs is True for key, belongs in of_class.items()}
        for name, of_class in list(kept.items())[:MOST_CLASSES]
        if isinstance(of_class, Mapping) and len(of_class) <= 2 * MOST
    }


def picture_from(record: Any, classifier: Classifier) -> tuple[str, str, EncodedPicture] | None:
    """(key, name, picture) of what a browser sent; None where it is anything else."""
    if not isinstance(record, Mapping):
        return None
    key, name, data = record.get("key"), record.get("name"), record.get("data")
    if not (isinstance(key, str) and isinstance(name, str) and isinstance(data, str)) or len(data) > LARGEST:
        return None
    if not re.fullmatch(r"[0-9a-f]{16}", key) or len(name) > LONGEST_NAME:
        return None
    study = classifier.study
    try:
        with Image.open(io.BytesIO(base64.b64decode(data, validate=True)), formats=("WEBP",)) as image:
            if image.size != (study.preprocess.size, study.preprocess.size):
                return None
            shown = image.convert("RGB")
    except (OSError, ValueError, binascii.Error, SyntaxError):
        return None
    values = input_of(torch.from_numpy(np.array(shown).transpose(2, 0, 1).copy()), study.preprocess)
    with torch.inference_mode():
        activations = study.network.stem(values)
        features = study.network.tail(activations)[0]
    return key, name, EncodedPicture(shown, values, activations.clone(), features.clone())
