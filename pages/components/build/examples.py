"""Examples that test a built class: pictures that show it and pictures that do not, dropped, drawn or found in the study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from niwt_core import BuiltClass, Classifier, Study
from niwt_core.audit.simulate import fresh_pictures
from niwt_core.classify.answer import Candidate
from niwt_core.classify.confirm import MOST, Confirmed
from niwt_core.knowledge.class_names import class_key, display_name
from niwt_core.neurons.exemplars import jpeg_bytes
from pages.components.shared import drawing
from pages.components.shared.language import tr
from pages.components.shared.uploads import THUMB_SIDE, Uploads, is_mine

DRAWN, FOUND = 8, 8  # pictures at a press
LOOKALIKES = 4  # classes that look-alikes are taken from


@dataclass(frozen=True, eq=False)
class TestPicture:
    """A picture among the examples: ``belongs`` says whether it shows the class; features (D,); thumb is a JPEG."""

    key: str
    name: str
    features: Tensor
    thumb: bytes
    belongs: bool


@dataclass
class Examples:
    """The pictures that test one class, in the order they came; ``removed`` keys do not come back by themselves."""

    pictures: dict[str, TestPicture] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)

    def add(self, pictures: Iterable[TestPicture]) -> None:
        """Takes pictures in, up to MOST; one that is there keeps what was said of it."""
        for picture in pictures:
            if len(self.pictures) < MOST:
                self.pictures.setdefault(picture.key, picture)

    def add_uploads(self, uploads: Uploads, keys: Iterable[str], *, belongs: bool) -> None:
        """Takes in uploads as pictures that show the class, or do not; what is said now counts."""
        for key in keys:
            upload = uploads.items.get(key)
            if upload is not None:
                self.pictures.pop(key, None)
                self.removed.discard(key)
                self.add([TestPicture(key, upload.name, upload.features, upload.thumb, belongs)])

    def turn(self, key: str) -> None:
        """The picture shows the class, or does not, after all."""
        picture = self.pictures[key]
        self.pictures[key] = replace(picture, belongs=not picture.belongs)

    def remove(self, key: str) -> None:
        """Takes a picture out."""
        self.pictures.pop(key, None)
        self.removed.add(key)

    def clear(self) -> None:
        """Takes all pictures out."""
        self.removed |= set(self.pictures)
        self.pictures.clear()


@dataclass(frozen=True, eq=False)
class Test:
    """What the classifier says of the examples, in their order: best (the winning class) and its probability, right, best_other (the best score of
    all other classes)."""

    pictures: tuple[TestPicture, ...]
    best: tuple[Candidate, ...]
    probability: tuple[float, ...]
    own_probability: tuple[float, ...]
    right: tuple[bool, ...]
    best_other: np.ndarray

    @property
    def taken_for(self) -> tuple[tuple[Candidate, int], ...]:
        """The classes that pictures of this one go to, most first."""
        lost = Counter(
            best
            for best, picture, right in zip(self.best, self.pictures, self.right, strict=True)
            if picture.belongs and not right
        )
        return tuple(lost.most_common())

    @property
    def stolen(self) -> int:
        """Pictures that do not show the class and go to it."""
        return sum(not picture.belongs and not right for picture, right in zip(self.pictures, self.right, strict=True))

    def confirmed(self) -> Confirmed:
        """The pictures and what was said of them, for the engine."""
        features = torch.stack([picture.features for picture in self.pictures])
        return Confirmed(features.float(), np.array([picture.belongs for picture in self.pictures]), self.best_other)


def examples_of(study: Study, name: str) -> Examples:
    """This session's examples for a class."""
    of_classes: dict[tuple[str, str], Examples] = st.session_state.setdefault("test_examples", {})
    return of_classes.setdefault((study.id, class_key(name)), Examples())


def marks_of(study: Study) -> dict[str, dict[str, bool]]:
    """What this session says of a person's own pictures: class -> picture -> whether it shows the class."""
    of_classes: dict[tuple[str, str], Examples] = st.session_state.get("test_examples", {})
    return {
        name: {key: picture.belongs for key, picture in examples.pictures.items() if is_mine(key)}
        for (study_id, name), examples in of_classes.items()
        if study_id == study.id
    }


def test_of(classifier: Classifier, item: BuiltClass, examples: Examples) -> Test | None:
    """Puts a class to the test; None where there are no examples."""
    pictures = tuple(examples.pictures.values())
    if not pictures:
        return None
    logits = classifier.logits(torch.stack([picture.features for picture in pictures]))  # (n, C)
    candidates = classifier.candidates
    column = next(
        c for c, candidate in enumerate(candidates) if candidate.name == item.name and candidate.kind == "built"
    )
    shares = classifier.probabilities(logits)
    best = logits.argmax(1).tolist()
    best_other = logits.clone()
    best_other[:, column] = -torch.inf
    return Test(
        pictures,
        tuple(candidates[c] for c in best),
        tuple(shares.max(1).values.tolist()),
        tuple(shares[:, column].tolist()),
        tuple((c == column) == picture.belongs for c, picture in zip(best, pictures, strict=True)),
        best_other.max(1).values.double().numpy(),
    )


def drawn(study: Study, classifier: Classifier, item: BuiltClass, *, seed: int) -> list[TestPicture]:
    """Fresh drawings of the class, where it can be drawn."""
    pictures = fresh_pictures(study, item.values, n=DRAWN, seed=seed)
    encoded = classifier.encode_many([picture.image for picture in pictures])
    return [
        TestPicture(
            drawing.key_of(item.values, DRAWN * seed + number),
            tr("drawn {number}", number=DRAWN * (seed - 1) + number),
            picture.features,
            jpeg_bytes(picture.image, side=THUMB_SIDE),
            True,
        )
        for number, picture in enumerate(encoded, 1)
    ]


def look_alikes(study: Study, item: BuiltClass, examples: Examples) -> list[TestPicture]:
    """Pictures that the study keeps of the classes most like this one: they do not show it. Some more at every call."""
    near = [study.class_index(name) for name, _ in item.nearest if class_key(name) != class_key(item.name)][:LOOKALIKES]
    turns = [study.gallery.of_class(study.labels, c).tolist() for c in near]
    similar: list[TestPicture] = []
    for turn in range(max(map(len, turns), default=0)):
        for c, items in zip(near, turns, strict=True):
            key = f"found-{items[turn]}" if turn < len(items) else ""
            if key and key not in examples.pictures and key not in examples.removed and len(similar) < FOUND:
                features = study.features[int(study.gallery.pictures[items[turn]])].float()
                similar.append(
                    TestPicture(key, display_name(study.classes[c]), features, study.gallery.jpeg(items[turn]), False)
                )
    return similar
