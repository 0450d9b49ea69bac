"""Many pictures: each with what the network says of it, to choose from and to take away as a table."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
import torch

from niwt_core import Classifier
from niwt_core.classify.answer import Candidate
from niwt_core.knowledge.class_names import display_name
from niwt_core.report.explanation_data import as_csv
from niwt_core.report.numbers import percent
from pages.components.shared import style
from pages.components.shared.intake import tile
from pages.components.shared.pictures import address, crop
from pages.components.shared.uploads import Upload, Uploads

PAGE = 12  # tiles


@dataclass(frozen=True)
class Verdict:
    """The two best classes of a picture and their shares."""

    upload: Upload
    best: Candidate
    probability: float
    second: Candidate | None
    second_fraction: float


def verdicts(classifier: Classifier, session_uploads: Uploads) -> list[Verdict]:
    """What the classifier says now of every picture, the last one first: one product for all of them."""
    items = list(session_uploads.items.values())[::-1]
    candidates = classifier.candidates
    probabilities, order = classifier.probabilities(
        classifier.logits(torch.stack([item.features for item in items]))
    ).topk(min(2, len(candidates)))  # (n, 2)
    out = []
    for item, probability, places in zip(items, probabilities.tolist(), order.tolist(), strict=True):
        second = candidates[places[1]] if len(places) > 1 else None
        out.append(Verdict(item, candidates[places[0]], probability[0], second, probability[1] if second else 0.0))
    return out


def show(classifier: Classifier, session_uploads: Uploads) -> None:
    """The pictures of the uploads, if there are several."""
    if len(session_uploads.items) < 2:
        return
    told = verdicts(classifier, session_uploads)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        style.heading("Your pictures", level=3)
        _buttons(told, session_uploads)
    pages = -(-len(told) // PAGE)
    with st.container(key="results"):
        chosen = next((i for i, verdict in enumerate(told) if verdict.upload.key == session_uploads.chosen), 0)
        page = st.session_state.get(f"results-{pages}") or chosen // PAGE + 1
        for verdict in told[(page - 1) * PAGE : page * PAGE]:
            _tile(verdict, session_uploads)
    if pages > 1:
        st.pagination(pages, key=f"results-{pages}")


def _buttons(told: list[Verdict], session_uploads: Uploads) -> None:
    st.download_button(
        "Results (CSV)",
        lambda: results_csv(told),
        "results.csv",
        "text/csv",
        icon=":material/table:",
        on_click="ignore",
        key="results_csv",
        type="tertiary",
    )
    st.button(
        "Remove this picture",
        icon=":material/close:",
        type="tertiary",
        on_click=session_uploads.remove,
        args=(session_uploads.chosen,),
        key="remove_picture",
    )
    st.button(
        "Remove all",
        icon=":material/delete_sweep:",
        type="tertiary",
        on_click=_remove_all,
        args=(session_uploads,),
        key="remove_pictures",
    )


def _tile(verdict: Verdict, session_uploads: Uploads) -> None:
    upload, best = verdict.upload, verdict.best
    said = style.chip(best.kind, best.display)
    markup = (
        crop(address(upload.thumb), alt="")
        + f'<p>{said}</p><p class="cls-file">{style.text(upload.name)}, {percent(verdict.probability)}</p>'
    )
    label = f"Explain {upload.name}: {best.display}, {best.kind}"
    tile(f"held-{upload.key}", markup, label, session_uploads.chosen == upload.key, session_uploads.choose, upload.key)


def _remove_all(session_uploads: Uploads) -> None:
    for key in list(session_uploads.items):
        session_uploads.remove(key)


def results_csv(told: list[Verdict]) -> str:
    """One row a picture."""
    rows = (
        (
            item.upload.name,
            item.best.display,
            item.best.kind,
            item.probability,
            item.second.display if item.second else "",
            item.second.kind if item.second else "",
            item.second_fraction,
            display_name(item.upload.ground_truth) if item.upload.ground_truth else "",
        )
        for item in told
    )
    return as_csv(
        (
            "picture",
            "class",
            "kind",
            "probability",
            "runner_up",
            "runner_up_kind",
            "runner_up_probability",
            "true_class",
        ),
        rows,
    )
