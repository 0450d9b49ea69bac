"""The figures that the lesson speaks of: computed from this study and this photograph each time, never written down beforehand."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TypeVar, cast

import streamlit as st
import torch

from niwt_core import BuiltClass, Classifier, EncodedPicture, Study
from niwt_core.classify.answer import Answer, ClassKind, Ranked
from niwt_core.explain.contrast import contrast_classes
from niwt_core.explain.contributions import neuron_contributions
from niwt_core.explain.parts import Contrast
from niwt_core.knowledge.class_names import class_key
from pages.components.shared import session
from pages.components.shared.coach.progress import Progress
from pages.components.shared.coach.state import sample_of
from pages.components.shared.uploads import session_uploads

NAMED_AMONG = 5  # the loudest neurons, of which the first whose name can be trusted is shown
Kept = TypeVar("Kept")


@dataclass(frozen=True, eq=False)
class Before:
    """What the trained classes alone make of a photograph: the first two, what each neuron adds to the first (N,), logits, and the one to open."""

    best: Ranked
    second: Ranked
    contributions: torch.Tensor
    to_open: int

    def place(self, neuron: int) -> int:
        """How many neurons add at least as much, itself included."""
        return int((self.contributions >= self.contributions[neuron]).sum())


@dataclass(frozen=True, eq=False)
class After:
    """What the classifier makes of it now: the first two, and the class that was taught with its place;
    ``contrast``: why the first and not the second."""

    best: Ranked
    second: Ranked
    taught: Ranked
    place: int
    contrast: Contrast

    @property
    def recognised(self) -> bool:
        """The class that was taught comes first."""
        return self.place == 1


def encoded(study: Study, progress: Progress) -> EncodedPicture | None:
    """The lesson's photograph, as the network sees it; None where this session no longer has it."""
    uploads = session_uploads()
    if progress.picture in uploads.items:
        return uploads.encoded(uploads.items[progress.picture], session.classifier())
    item = sample_of(study, progress.picture)
    if item < 0:
        return None
    return _kept("coach-picture", (study.id, item), lambda: session.classifier().encode(study.gallery.jpeg(item)))


def before(study: Study, progress: Progress) -> Before | None:
    """What the trained classes alone say."""

    def look() -> Before | None:
        picture = encoded(study, progress)
        if picture is None:
            return None
        trained = Classifier(study, unseen=False)
        best, second = trained.answer(picture).ranking[:2]
        parts = neuron_contributions(study, picture, trained.candidate(best.name).row[None])[0][0]
        loudest = parts.argsort(descending=True)[:NAMED_AMONG].tolist()
        verified = [index for index in loudest if study.neurons[index].trust == "verified"]
        named = [index for index in loudest if study.neurons[index].is_named]
        return Before(best, second, parts, (verified or named or loudest)[0])

    return _kept("coach-before", (study.id, progress.picture), look)


def taught_class(progress: Progress) -> BuiltClass | None:
    """The class that was built under the lesson's word."""
    key = class_key(progress.name)
    return next((item for name, item in session.classifier().built.items() if key and class_key(name) == key), None)


def after(study: Study, progress: Progress) -> After | None:
    """What the classifier says by now; None before the class is built, or without the photograph."""
    taught, picture = taught_class(progress), encoded(study, progress)
    if taught is None or picture is None:
        return None
    answer: Answer = session.classifier().answer(picture)
    names = [(item.name, item.kind) for item in answer.ranking]
    place = names.index((taught.name, ClassKind.BUILT))
    best, second = answer.ranking[:2]

    def look() -> After:
        classifier = answer.classifier
        contrast = contrast_classes(answer, classifier.candidate(best.name), classifier.candidate(second.name))
        return After(best, second, answer.ranking[place], place + 1, contrast)

    scores = hash(tuple((item.name, item.kind, item.score) for item in answer.ranking))
    return _kept("coach-after", (study.id, progress.picture, scores), look)


def _kept(slot: str, asked: Hashable, make: Callable[[], Kept]) -> Kept:
    """What ``make`` gave for the same question before, in this session; the last question alone is kept."""
    known = st.session_state.get(slot)
    if not (isinstance(known, tuple) and known[0] == asked):
        known = st.session_state[slot] = (asked, make())
    return cast(Kept, known[1])
