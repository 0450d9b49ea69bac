"""How many pictures of other classes a built class may take away, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st
import torch

from niwt_core import BuiltClass, Study
from niwt_core.evaluation.metrics import calibrated
from niwt_core.knowledge.class_names import class_key
from niwt_core.study.calibration import share_curve
from pages.components.build.draft import Draft
from pages.components.shared import glossary, session
from pages.components.shared.language import tr
from pages.components.shared.session import per_study

PERCENTS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0)


@dataclass(frozen=True)
class Cost:
    """Of held-out pictures: ``taken`` of the ``others`` go to the class; ``recognised`` percent of described classes' pictures are, at that share."""

    taken: int
    others: int
    recognised: float | None


def can_be_set(study: Study) -> bool:
    """Whether the study keeps what a share is counted on."""
    return study.stolen_share is not None and study.calibration != "gamma" and bool(len(study.stolen_share.best_seen))


def own_percent(study: Study) -> float:
    """The study's own share, in percent."""
    return 100 * study.stolen_share.share if study.stolen_share is not None else 0.0


@per_study
def recognised(study: Study) -> dict[float, float]:
    """U, in percent, where all described classes may take so many percent; nothing in a study without their pictures."""
    if not (study.split == "test_unseen").any():
        return {}
    points = share_curve(study, [percent / 100 for percent in PERCENTS])
    return {percent: point.metrics.U for percent, point in zip(PERCENTS, points, strict=True)}


def cost(study: Study, item: BuiltClass) -> Cost:
    """What the class takes of the held-out pictures of other classes, as it is."""
    others = [c for c, name in enumerate(study.classes) if class_key(name) != class_key(item.name)]
    held_out = np.flatnonzero((study.split != "train") & np.isin(study.labels, others))
    features = study.features[torch.from_numpy(held_out)].float()
    best = calibrated(study.full_head.logits(features), study.seen, session.classifier().gamma)[:, others].max(1).values
    wins = (features - study.head.mean) @ item.weights + item.bias >= best
    at = recognised(study).get(item.recipe.share) if item.recipe.share is not None else None
    return Cost(int(wins.sum()), len(held_out), at)


def setting(study: Study, item: BuiltClass, row: Any, *, key: str, draft: Draft) -> None:
    """A slider in the class's row, and beside it what it costs."""
    if not can_be_set(study):
        return
    with row.popover(tr("May take away"), icon=":material/balance:"), session.shown_errors():
        studys = own_percent(study)
        marks = sorted({*PERCENTS, *([item.recipe.share] if item.recipe.share else [])})
        now = item.recipe.share or min(PERCENTS, key=lambda percent: abs(percent - studys))
        st.select_slider(
            tr("It may take away"),
            marks,
            now,
            format_func=lambda percent: f"{percent:g} %",
            key=f"share-{key}-{item.recipe.share}",
            on_change=_set,
            args=(item, f"share-{key}-{item.recipe.share}", draft),
            help=tr(
                "Of the pictures of other classes. The more it may take, the more of its own pictures are recognised.  \n"
            )
            + glossary.help_for("stolen share"),
        )
        paid = cost(study, item)
        part = f"{100 * paid.taken / paid.others:.1f} %" if paid.others else tr("none")
        lines = [
            tr(
                "It takes {taken:,} of {others:,} held-out pictures of other classes ({part}).",
                taken=paid.taken,
                others=paid.others,
                part=part,
            )
        ]
        if paid.recognised is not None:
            lines.append(
                tr(
                    "Described classes of this study are recognised {recognised:.0f} % at this share.",
                    recognised=paid.recognised,
                )
            )
        if item.recipe.share is None:
            lines.append(tr("The study's own share, {studys:.2g} %, is in use.", studys=studys))
        st.caption(" ".join(lines))
        if item.recipe.share is not None:
            st.button(
                tr("Use the study's own, {studys:.2g} %", studys=studys),
                key=f"share-own-{key}",
                on_click=_set,
                args=(item, "", draft),
            )


def _set(item: BuiltClass, key: str, draft: Draft) -> None:
    """Builds the class anew with the share of the slider ``key``, or with the study's own; one step that can be undone."""
    share = float(st.session_state[key]) if key else None
    session.add_class(replace(item.recipe, share=share))
    if draft.editing == item.name:
        draft.share = share
