"""The words that set a class apart."""

from __future__ import annotations

import torch

from niwt_core import Study
from pages.components.shared import names
from pages.components.shared.session import per_study_and_language


@per_study_and_language
def discriminative_attributes(study: Study, class_index: int, count: int = 4) -> list[tuple[str, float]]:
    """The words that set a class apart from the average seen class, with their amounts (0..1), one a group; empty without attributes."""
    if study.knowledge.kind != "attributes":
        return []
    mean, spread = study.encoder.moments
    values = torch.from_numpy(study.knowledge.values[class_index])
    words: dict[str, tuple[str, float]] = {}
    for j in ((values - mean) / spread).argsort(descending=True).tolist():
        if values[j] > 0:
            words.setdefault(
                study.knowledge.names[j].split("::")[0],
                (names.label(study, j), float(values[j]) / study.knowledge.scale),
            )
    return list(words.values())[:count]
