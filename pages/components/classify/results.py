"""Many pictures: each with what the network says of it, to choose from and to take away as a table."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st
import torch

from niwt_core import Classifier
from niwt_core.classify.classifier import Candidate
from niwt_core.knowledge.class_names import display_name
from niwt_core.report.explanation_data import as_csv
from niwt_core.report.fragments import percent
from pages.components.shared import style
from pages.components.shared.intake import tile
from pages.components.shared.pictures import address, crop
from pages.components.shared.uploads import Held, Tray

PAGE = 12  # tiles


@dataclass(frozen=True)
class Verdict:
    """The two best classes of a picture and their shares."""

    held: Held
    best: Candidate
    share: float
    second: Candidate | None
    second_share: float


def verdicts(classifier: Classifier, tray: Tray) -> list[Verdict]:
    """What the classifier says now of every picture, the last one first: one product for all of them."""
    items = list(tray.items.values())[::-1]
    candidates = classifier.candidates
    shares, order = torch.softmax(classifier.logits(torch.stack([item.features for item in items])), 1).topk(
        min(2, len(candidates))
    )  # (n, 2)
    out = []
    for item, share, places in zip(items, shares.tolist(), order.tolist(), strict=True):
        second = candidates[places[1]] if len(places) > 1 else None
        out.append(Verdict(item, candidates[places[0]], share[0], second, share[1] if second else 0.0))
    return out


def show(classifier: Classifier, tray: Tray) -> None:
    """The pictures of the tray, if there are several."""
    if len(tray.items) < 2:
        return
    told = verdicts(classifier, tray)
    style.heading("Your pictures", f"{len(told)} pictures, each with the best class for it. Choose one to explain.")
    pages = -(-len(told) // PAGE)
    page = st.pagination(pages, key=f"results-{pages}") if pages > 1 else 1
    with st.container(key="results"):
        for verdict in told[(page - 1) * PAGE : page * PAGE]:
            _tile(verdict, tray)
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Results (CSV)",
            lambda: results_csv(told),
            "results.csv",
            "text/csv",
            icon=":material/table:",
            on_click="ignore",
            key="results_csv",
        )
        st.button(
            "Remove this picture",
            icon=":material/close:",
            type="tertiary",
            on_click=tray.remove,
            args=(tray.chosen,),
            key="remove_picture",
        )
        st.button(
            "Remove all",
            icon=":material/delete_sweep:",
            type="tertiary",
            on_click=_remove_all,
            args=(tray,),
            key="remove_pictures",
        )


def _tile(verdict: Verdict, tray: Tray) -> None:
    held, best = verdict.held, verdict.best
    said = style.chip(best.kind, best.display)
    markup = (
        crop(address(held.thumb), alt="")
        + f'<p>{said}</p><p class="cls-file">{style.text(held.name)}, {percent(verdict.share)}</p>'
    )
    label = f"Explain {held.name}: {best.display}, {best.kind}"
    tile(f"held-{held.key}", markup, label, tray.chosen == held.key, tray.choose, held.key)


def _remove_all(tray: Tray) -> None:
    for key in list(tray.items):
        tray.remove(key)


def results_csv(told: list[Verdict]) -> str:
    """One row a picture."""
    rows = (
        (
            item.held.name,
            item.best.display,
            item.best.kind,
            item.share,
            item.second.display if item.second else "",
            item.second.kind if item.second else "",
            item.second_share,
            display_name(item.held.truth) if item.held.truth else "",
        )
        for item in told
    )
    return as_csv(
        ("picture", "class", "kind", "share", "runner_up", "runner_up_kind", "runner_up_share", "truth"), rows
    )
