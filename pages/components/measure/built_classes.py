"""What is known of the classes that a person built: how well such descriptions are predicted, and what they take of others' held-out pictures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch

from niwt_core import BuiltClass, Classifier
from niwt_core.knowledge.class_names import display_name
from pages.components.shared import style
from pages.components.shared.cards import open_class_button
from pages.components.shared.language import tr
from pages.components.shared.tables import table


@dataclass(frozen=True)
class Taken:
    """Of ``total`` held-out pictures of the study's classes a built one takes ``count``, most of class ``most`` (its index; -1: none)."""

    count: int
    total: int
    most: int


def show(classifier: Classifier) -> None:
    """A table of the built classes; nothing where there are none."""
    if not classifier.built:
        return
    style.heading(
        tr("Your classes"),
        tr(
            "Nobody has test pictures of what you built: what can be measured is how well descriptions like yours are "
            "predicted, and what your classes take away from others."
        ),
    )
    taken = taken_by(classifier)
    rows = [_row(classifier, item, taken[item.name]) for item in classifier.built.values()]
    st.html(
        table("minmax(0,1fr) auto auto minmax(0,1fr)", ("", tr("predictability"), tr("takes"), tr("most like")), rows)
    )
    with st.container(horizontal=True, gap="small"):
        for name in classifier.built:
            open_class_button(name)


def taken_by(classifier: Classifier) -> dict[str, Taken]:
    """What each built class takes of the study's held-out pictures, all classes of the session taken together."""
    study = classifier.study
    held_out = np.flatnonzero(np.char.startswith(study.split.astype(str), "test"))
    names = [candidate.name for candidate in classifier.candidates]
    if not len(held_out):
        return {name: Taken(0, 0, -1) for name in classifier.built}
    with torch.inference_mode():
        best = classifier.logits(study.features[torch.from_numpy(held_out)].float()).argmax(1).numpy()
    labels = study.labels[held_out]
    result = {}
    for name in classifier.built:
        original = next((c for c, known in enumerate(study.classes) if known == name), -1)
        mine = labels[(best == names.index(name)) & (labels != original)]
        most = Counter(mine.tolist()).most_common(1)
        result[name] = Taken(len(mine), int((labels != original).sum()), most[0][0] if most else -1)
    return result


def _row(classifier: Classifier, item: BuiltClass, taken: Taken) -> tuple[str, ...]:
    study = classifier.study
    claimed = (
        tr("no picture to tell")
        if not taken.total
        else tr("{count} of {total:,}", count=taken.count, total=taken.total)
    )
    if taken.most >= 0:
        kind = "seen" if study.seen[taken.most] else "unseen"
        claimed += f"<br>{style.chip(kind, display_name(study.classes[taken.most]))}"
    near = ""
    if item.nearest:
        name = item.nearest[0][0]
        near = style.chip("seen" if study.seen[study.class_index(name)] else "unseen", display_name(name))
    return style.chip("built", item.name), f"{item.expected_predictability:.2f}", claimed, near
