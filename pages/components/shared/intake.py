"""Where pictures come from: the study's own samples, files, the camera."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, Literal, cast

import numpy as np
import streamlit as st
import torch
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from niwt_core import Classifier, NiwtError, Study
from niwt_core.evaluation.metrics import calibrated
from niwt_core.knowledge.class_names import display_name
from pages.components.shared import session, style
from pages.components.shared.batches import MOST, batches
from pages.components.shared.language import N_, tr
from pages.components.shared.markdown import escape_markdown
from pages.components.shared.pictures import address, crop
from pages.components.shared.session import per_study
from pages.components.shared.uploads import Uploads, most_kept, sample_key, take_in

SOURCES = {
    "samples": N_(":material/photo_library: Samples"),
    "upload": N_(":material/upload: Upload"),
    "camera": N_(":material/photo_camera: Camera"),
}
TYPES = ("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff", "avif", "jp2", "heic", "heif")
SAMPLES = 8  # shown at once
BESIDE = "side-by-side"  # whether two are compared, in the session's state


def choose(classifier: Classifier, session_uploads: Uploads) -> None:
    """The widgets that bring pictures into the uploads."""
    st.session_state.setdefault("picture_source", "samples")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        source = st.segmented_control(
            tr("Where pictures come from"), list(SOURCES), format_func=lambda source: tr(SOURCES[source]), required=True,
            key="picture_source", label_visibility="collapsed",
        )  # fmt: skip
        if source == "samples":
            st.button(
                tr("Other samples"),
                icon=":material/refresh:",
                type="tertiary",
                on_click=_next_samples,
                key="other_samples",
            )
        st.toggle(
            tr("Side by side"),
            key=BESIDE,
            help=tr("Two pictures, classes or methods on one screen; two classes by what they fight over"),
        )
    if source == "upload":
        upload(
            classifier, session_uploads, label=tr("Pictures, up to {most} at a time", most=most_kept()), key="upload"
        )
    elif source == "camera":
        _camera(classifier, session_uploads)
    else:
        _samples(classifier, session_uploads)
    errors()


def errors() -> None:
    """What could not be read of the files that came last."""
    session.show_errors(st.session_state.get("picture_errors", []))


def start_with_a_sample(classifier: Classifier, session_uploads: Uploads) -> None:
    """A picture to begin with: of a class that the network was never trained on, and that it recognises."""
    items = first_samples(classifier.study)
    if items:
        choose_sample(classifier, session_uploads, items[0])


def choose_sample(classifier: Classifier, session_uploads: Uploads, item: int) -> None:
    """Takes gallery picture ``item`` into the uploads and looks at it."""
    study = classifier.study
    key = sample_key(item)
    ground_truth = study.classes[study.labels[study.gallery.pictures[item]]]
    if key in session_uploads.items:
        session_uploads.choose(key)
    else:
        picture = classifier.encode(study.gallery.jpeg(item))
        session_uploads.hold(
            key, tr("Sample {number}", number=item + 1), picture, study.preprocess, ground_truth=ground_truth
        )
    st.session_state["picture_errors"] = []


@per_study
def first_samples(study: Study) -> list[int]:
    """Gallery pictures of unseen and of seen classes in turn, a class at a time, the most probable of their classes first; at the very first one that
    is recognised, of an unseen class if there is such a one: what is shown first is what most people see, and it should not be a mistake."""
    gallery = study.gallery
    labels = study.labels[gallery.pictures]
    logits = study.full_head.logits(study.features[torch.from_numpy(gallery.pictures)].float())  # (M, C)
    of_class = Classifier(study).probabilities(calibrated(logits, study.seen, study.gamma)).numpy()
    probable = of_class[np.arange(len(labels)), labels]  # (M,) of a picture's own class
    order = {False: [], True: []}  # type: dict[bool, list[int]]
    by_class = {c: gallery.of_class(study.labels, c) for c in range(len(study.classes))}
    for turn in range(max((len(pictures) for pictures in by_class.values()), default=0)):
        at_turn = [int(pictures[turn]) for pictures in by_class.values() if turn < len(pictures)]
        for item in sorted(at_turn, key=lambda item: -probable[item]):
            order[bool(study.seen[labels[item]])].append(item)
    mixed = [item for pair in zip_longest(order[False], order[True]) for item in pair if item is not None]
    recognised = [item for item in mixed if of_class[item].argmax() == labels[item]]
    first = next((item for item in recognised if not study.seen[labels[item]]), next(iter(recognised), None))
    return mixed if first is None else [first, *(item for item in mixed if item != first)]


def _samples(classifier: Classifier, session_uploads: Uploads) -> None:
    items, study = first_samples(classifier.study), classifier.study
    if not items:
        st.caption(tr("This study keeps no sample pictures: upload one."))
        return
    page = st.session_state.get("sample_page", 0) % max(1, -(-len(items) // SAMPLES))
    with st.container(key="samples"):
        for item in items[page * SAMPLES : (page + 1) * SAMPLES]:
            c = int(study.labels[study.gallery.pictures[item]])
            kind, name = "seen" if study.seen[c] else "unseen", display_name(study.classes[c])
            markup = crop(address(study.gallery.jpeg(item)), alt="") + f"<p>{style.chip(kind, name)}</p>"
            tile(
                sample_key(item),
                markup,
                tr("Classify a picture of {name}, {kind}", name=name, kind=style.kind_name(kind)),
                session_uploads.chosen == sample_key(item),
                choose_sample,
                classifier,
                session_uploads,
                item,
            )


def _next_samples() -> None:
    st.session_state["sample_page"] = st.session_state.get("sample_page", 0) + 1


def tile(key: str, markup: str, label: str, chosen: bool, on_click: Any, *args: Any) -> None:
    """A picture that is a button; ``label`` is what screen readers say."""
    with st.container(key=f"card-pick-{key}", gap=None):
        st.html(f'<div class="cyn-card cls-tile{" cls-on" if chosen else ""}" aria-hidden="true">{markup}</div>')
        st.button(
            escape_markdown(tr("{label}, chosen", label=label) if chosen else label),
            key=f"pick-{key}",
            on_click=on_click,
            args=args,
        )


def upload(
    classifier: Classifier,
    session_uploads: Uploads,
    *,
    label: str,
    key: str,
    alone: bool = False,
) -> list[str]:
    """Takes files in and empties the uploader; ``alone``: only the fragment that it stands in runs again once they are in.

    Returns the keys of the pictures that came in the run before, once: for the page that asked for them.
    """
    nonce = st.session_state.setdefault(f"{key}-nonce", 0)
    files = st.file_uploader(label, type=list(TYPES), accept_multiple_files=True, key=f"{key}-{nonce}")
    batches(key, nonce)
    if files:
        bar = st.progress(0.0, tr("Reading pictures")) if len(files) > 2 else None

        def report(done: int) -> None:
            if bar is not None:
                bar.progress(done / len(files), tr("Reading picture {done} of {files}", done=done, files=len(files)))

        taken, errors = take_in(
            ((file.name, file.getvalue()) for file in files), classifier, session_uploads, progress=report
        )
        errors = [*st.session_state.pop(f"{key}-errors", []), *errors]  # of the files before, where more follow
        if len(files) == MOST:
            st.session_state[f"{key}-errors"] = errors
        _finish(errors)
        let_go(files)
        st.session_state[f"{key}-nonce"] = nonce + 1
        st.session_state[f"{key}-taken"] = taken
        st.rerun(scope=scope(alone))
    return cast(list[str], st.session_state.pop(f"{key}-taken", []))


def scope(alone: bool) -> Literal["app", "fragment"]:
    """A fragment may run by itself only while it does."""
    context = get_script_run_ctx()
    return "fragment" if alone and context is not None and context.fragment_ids_this_run else "app"


def _camera(classifier: Classifier, session_uploads: Uploads) -> None:
    nonce = st.session_state.setdefault("camera_nonce", 0)
    photo = st.camera_input(tr("Take a picture"), key=f"camera-{nonce}")
    if photo is not None:
        count = st.session_state["camera_count"] = st.session_state.get("camera_count", 0) + 1
        _finish(take_in([(tr("Photo {count}", count=count), photo.getvalue())], classifier, session_uploads)[1])
        let_go([photo])
        st.session_state["camera_nonce"] = nonce + 1
        st.rerun()


def let_go(files: Sequence[UploadedFile]) -> None:
    """Streamlit would keep the files until the session ends, whatever becomes of their widget."""
    context = get_script_run_ctx()
    if context is None:
        return
    manager: Any = context.uploaded_file_mgr
    for file in files:
        manager.remove_file(context.session_id, file.file_id)


def _finish(errors: list[NiwtError]) -> None:
    st.session_state["picture_errors"] = errors
