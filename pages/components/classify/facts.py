"""What is said of each of many pictures beside its class: how unlike the study's own it is, and which words speak for the class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
import torch

from niwt_core import Classifier
from niwt_core.classify.novelty import novelty_of
from niwt_core.explain.leading_evidence import leading_evidence
from pages.components.classify.verdicts import Verdict
from pages.components.shared import language, names
from pages.components.shared.uploads import Upload


def novelties(classifier: Classifier, items: Sequence[Upload]) -> list[float]:
    """How unlike the study's own each picture is: above 1 it is not one of these; NaN where the study cannot tell. Computed once a picture."""
    known: dict[tuple[str, str], float] = st.session_state.setdefault("novelties", {})
    study = classifier.study
    novelty = novelty_of(study)
    for item in items:
        if (study.id, item.key) not in known:
            far = float("nan") if novelty is None else novelty.distance(item.pooled) / max(novelty.limit, 1e-12)
            known[study.id, item.key] = far
    return [known[study.id, item.key] for item in items]


def evidence(classifier: Classifier, verdicts: Sequence[Verdict]) -> list[str]:
    """The words that say most for the class that each picture is given, with the logits that they add. Computed once a picture and class."""
    known: dict[tuple[str, str, str, int, str], str] = st.session_state.setdefault("evidence-words", {})
    study, built = classifier.study, classifier.built
    places = {name: c for c, name in enumerate(study.classes)}

    def key(item: Verdict) -> tuple[str, str, str, int, str]:
        row = (
            hash(item.best.row.numpy().tobytes()) if item.best.kind == "built" else 0
        )  # one built anew has the old name
        return study.id, item.upload.key, item.best.name, row, language.current()

    new = [item for item in verdicts if key(item) not in known]
    if new:
        descriptions = np.stack(
            [
                built[item.best.name].k
                if item.best.kind == "built"
                else study.encoded_knowledge[places[item.best.name]]
                for item in new
            ]
        )
        leading = leading_evidence(study, torch.stack([item.upload.features for item in new]), descriptions)
        for item, terms in zip(new, leading, strict=True):
            known[key(item)] = "; ".join(f"{names.label(study, j)} {value:+.1f}" for j, value in terms)
    return [known[key(item)] for item in verdicts]
