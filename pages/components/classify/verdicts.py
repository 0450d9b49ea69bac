"""What the classifier says of each of many pictures: one product for all of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from niwt_core import Classifier
from niwt_core.classify.answer import Candidate
from pages.components.shared.uploads import Upload, Uploads


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
