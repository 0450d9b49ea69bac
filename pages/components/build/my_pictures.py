"""A person's own pictures on the editor: encoded once on the server, scored in the browser while a slider moves.

A class that is being described scores a picture by a product with the picture's coordinates in the editor's basis (`EditorTables.project`), so a
picture travels once, as some hundred numbers and a small JPEG, and no drag asks the server for anything.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch
from PIL import Image

from niwt_core import BuiltClass, Study
from niwt_core.files import digest
from niwt_core.neurons.exemplars import jpeg_bytes
from pages.components.build.editor_tables import Tables, data_url, pack
from pages.components.shared import intake, session
from pages.components.shared.language import tr
from pages.components.shared.uploads import Upload, session_uploads

SHOWN = 24  # on the editor; the others are on the Classify page
SIDE = 320  # pixels


@dataclass(frozen=True, eq=False)
class PictureSet:
    """Pictures as the editor takes them: bytes for the browser, and their centred features (M,D)."""

    id: str
    payload: bytes
    centred: torch.Tensor

    def logits_of(self, others: Sequence[BuiltClass]) -> tuple[tuple[float, ...], ...]:
        """(M,b) logits of other built classes."""
        if not others:
            return tuple(() for _ in self.centred)
        rows = torch.stack([item.weights for item in others])
        biases = torch.tensor([item.bias for item in others])
        return tuple(map(tuple, (self.centred @ rows.T + biases).tolist()))


def pick(study: Study) -> None:
    """Where photographs are dropped, on the Build page; part of the editor's fragment."""
    uploads = session_uploads()
    with st.container(key="my-pictures", gap=None):
        intake.upload(
            session.classifier(),
            uploads,
            label=tr("Your pictures of it: drop some, and watch them climb"),
            key="build-upload",
            alone=True,
        )
        intake.errors()


def my_pictures(study: Study, tables: Tables) -> PictureSet | None:
    """The last of this session's own pictures, the newest first; None where there are none."""
    mine = session_uploads().mine[::-1][:SHOWN]
    if not mine:
        return None
    key = digest(tables.id, *(upload.key for upload in mine))
    made = st.session_state.get("my-pictures-packed")
    if not isinstance(made, PictureSet) or made.id != key:
        made = st.session_state["my-pictures-packed"] = packed(study, tables, mine, key)
    return made


def packed(study: Study, tables: Tables, mine: Sequence[Upload], key: str) -> PictureSet:
    """``mine`` for the browser: each with its address, coordinates and the logits of the study's classes, calibration left out."""
    features = torch.stack([upload.features for upload in mine])  # (M, D)
    centred = features - study.head.mean
    header = {
        "id": key,
        "kind": "pictures",
        "pictures": [{"id": upload.key, "label": upload.name, "src": _small(upload)} for upload in mine],
    }
    arrays = {
        "vectors": tables.matrices.project(centred.double().numpy()),
        "logits": np.asarray(study.full_head.logits(features)),
    }
    return PictureSet(key, pack(header, arrays), centred)


def _small(upload: Upload) -> str:
    with Image.open(io.BytesIO(upload.shown)) as image:
        return data_url(jpeg_bytes(image.convert("RGB"), side=SIDE, quality=80))
