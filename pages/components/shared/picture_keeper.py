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
from typing import Any

import numpy as np
import streamlit as st
import torch
from PIL import Image

from niwt_core import Classifier, EncodedPicture
from pages.components.shared import keeper, session
from pages.components.shared.uploads import Uploads, input_of, session_uploads

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
    study, uploads = session.current_study(), session_uploads()
    mine = uploads.mine[-MOST:]
    key = f"keeper-pictures-{study.id}"
    acknowledged: set[str] = st.session_state.setdefault("pictures-kept", {}).setdefault(study.id, set())
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
    }

    def hear() -> None:
        state = st.session_state.get(key)
        _acknowledge(getattr(state, "have", None), study.id, acknowledged)
        _take(getattr(state, "kept", None), session.classifier(), uploads, acknowledged)

    _keeper(key=key, data=data, on_kept_change=hear, on_have_change=hear, height=1)


def _acknowledge(value: Any, study_id: str, acknowledged: set[str]) -> None:
    """The browser has these: they need not be sent again."""
    if _is_mine(value, study_id) and isinstance(value.get("keys"), list):
        acknowledged.update(key for key in value["keys"][: 2 * MOST] if isinstance(key, str))


def _is_mine(value: Any, study_id: str) -> bool:
    return isinstance(value, Mapping) and value.get("study") == study_id and value.get("session") == keeper.token()


def _take(value: Any, classifier: Classifier, uploads: Uploads, acknowledged: set[str]) -> None:
    """Pictures that the browser kept join the uploads; what was said of them waits for the test view."""
    if not _is_mine(value, classifier.study.id) or not isinstance(value.get("pictures"), list):
        return
    chosen = uploads.chosen
    for record in value["pictures"][:MOST]:
        upload = picture_from(record, classifier)
        if upload is not None and upload[0] not in uploads.items:
            key, name, picture = upload
            uploads.hold(key, name, picture, classifier.study.preprocess)
            acknowledged.add(key)
    if chosen:
        uploads.choose(chosen)
    if isinstance(value.get("marks"), Mapping):
        st.session_state.setdefault("kept-marks", {})[classifier.study.id] = value["marks"]


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
