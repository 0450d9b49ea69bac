"""Many pictures: each with what the network says of it, to choose from and to take away as a table."""

from __future__ import annotations

import streamlit as st

from niwt_core import Classifier
from niwt_core.knowledge.class_names import display_name
from niwt_core.report.explanation_data import as_csv
from niwt_core.report.numbers import percent
from pages.components.classify.facts import evidence, novelties
from pages.components.classify.verdicts import Verdict, verdicts
from pages.components.shared import style
from pages.components.shared.intake import tile
from pages.components.shared.language import tr
from pages.components.shared.pictures import address, crop
from pages.components.shared.uploads import Uploads

PAGE = 12  # tiles


def show(classifier: Classifier, session_uploads: Uploads) -> None:
    """The pictures of the uploads, if there are several."""
    if len(session_uploads.items) < 2:
        return
    answered = verdicts(classifier, session_uploads)
    far, words = novelties(classifier, [item.upload for item in answered]), evidence(classifier, answered)
    with st.container(key="results-head", horizontal=True, vertical_alignment="center", gap="small"):
        style.heading(tr("Your pictures"), level=3)
        _buttons(answered, far, words, session_uploads)
    if st.session_state.get("as_table"):
        from pages.components.classify import results_table  # pandas, for those who have many pictures

        results_table.show(answered, far, words, session_uploads)
        return
    pages = -(-len(answered) // PAGE)
    with st.container(key="results"):
        chosen = next((i for i, verdict in enumerate(answered) if verdict.upload.key == session_uploads.chosen), 0)
        page = st.session_state.get(f"results-{pages}") or chosen // PAGE + 1
        for verdict in answered[(page - 1) * PAGE : page * PAGE]:
            _tile(verdict, session_uploads)
    if pages > 1:
        st.pagination(pages, key=f"results-{pages}")


def _buttons(verdicts_: list[Verdict], far: list[float], words: list[str], session_uploads: Uploads) -> None:
    if "as_table" not in st.session_state:
        st.session_state["as_table"] = len(verdicts_) > PAGE
    st.toggle(tr("As a table"), key="as_table")
    st.download_button(
        tr("Results (CSV)"),
        lambda: results_csv(verdicts_, far, words),
        "results.csv",
        "text/csv",
        icon=":material/table:",
        on_click="ignore",
        key="results_csv",
        type="tertiary",
    )
    st.button(
        tr("Remove this picture"),
        icon=":material/close:",
        type="tertiary",
        on_click=session_uploads.remove,
        args=(session_uploads.chosen,),
        key="remove_picture",
    )
    st.button(
        tr("Remove all"),
        icon=":material/delete_sweep:",
        type="tertiary",
        on_click=_remove_all,
        args=(session_uploads,),
        key="remove_pictures",
    )


def _tile(verdict: Verdict, session_uploads: Uploads) -> None:
    upload, best = verdict.upload, verdict.best
    chip = style.chip(best.kind, best.display)
    markup = (
        crop(address(upload.thumb), alt="")
        + f'<p>{chip}</p><p class="cls-file">{style.text(upload.name)}, {percent(verdict.probability)}</p>'
    )
    label = tr(
        "Explain {name}: {display}, {kind}", name=upload.name, display=best.display, kind=style.kind_name(best.kind)
    )
    tile(f"held-{upload.key}", markup, label, session_uploads.chosen == upload.key, session_uploads.choose, upload.key)


def _remove_all(session_uploads: Uploads) -> None:
    for key in list(session_uploads.items):
        session_uploads.remove(key)


def results_csv(listed: list[Verdict], far: list[float], words: list[str]) -> str:
    """One row a picture."""
    rows = (
        (
            item.upload.name,
            item.best.display,
            item.best.kind,
            item.probability,
            "" if one != one else "no" if one > 1 else "yes",
            one,
            word,
            item.second.display if item.second else "",
            item.second.kind if item.second else "",
            item.second_fraction,
            display_name(item.upload.ground_truth) if item.upload.ground_truth else "",
        )
        for item, one, word in zip(listed, far, words, strict=True)
    )
    head = (
        "picture", "class", "kind", "probability", "familiar", "novelty", "evidence", "runner_up", "runner_up_kind",
        "runner_up_probability", "true_class",
    )  # fmt: skip
    return as_csv(head, rows)
