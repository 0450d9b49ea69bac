"""A set of labelled pictures with its classes, split and domain knowledge: what every reader returns."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from niwt_core.errors import NiwtError
from niwt_core.images import open_image
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.class_names import same_names

FEWEST_SEEN = 4  # three carry a map, one is held out to choose by


@dataclass(frozen=True)
class Skipped:
    """A picture that was left out, and why."""

    path: str
    reason: str


@dataclass(frozen=True, eq=False)
class Parts:
    """Part locations: `locations` is (n, P, 3) float32: x, y in pixels of the whole picture, and 1 if visible."""

    names: tuple[str, ...]
    locations: np.ndarray


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures of seen and unseen classes.

    Attributes:
        name: what it is called, such as "cub".
        root: the folder that `paths` are relative to.
        classes: C names, in the official order.
        seen: (C,) bool.
        paths: n picture paths relative to `root`, with forward slashes.
        labels: (n,) int64, index into `classes`.
        train: (n,) bool, true only for training pictures of seen classes; all others are test pictures.
        knowledge: class x attribute table; row c describes `classes[c]`.
        captions: class -> sentences; may be empty.
        texts: a second table of the classes beside attributes, of captions or embeddings, or None.
        boxes: (n, 4) float32 x, y, width, height in pixels, or None.
        parts: part locations, or None.
        picture_attributes: (n, K) truth for each picture, or None.
        skipped: pictures that were left out.
        crop: pictures are to be cropped to their boxes (`picture` does it).
        validation_classes: the seen classes that a published split holds out for validation; may be empty.
        split_source: in words, where the split comes from.
        trained_elsewhere: the classifier was trained before, on other pictures: no class needs one here, and none need be unseen.
        notices: what was assumed of the tables, in sentences.

    Raises:
        NiwtError: if there are too few seen classes, or one has no picture that it needs. Unseen classes need none, and need not be.
        ValueError: if the lengths disagree (a programmer's mistake).
    """

    name: str
    root: Path
    classes: tuple[str, ...]
    seen: np.ndarray
    paths: tuple[str, ...]
    labels: np.ndarray
    train: np.ndarray
    knowledge: Knowledge
    captions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    boxes: np.ndarray | None = None
    parts: Parts | None = None
    picture_attributes: np.ndarray | None = None
    skipped: tuple[Skipped, ...] = ()
    crop: bool = False
    validation_classes: tuple[str, ...] = ()
    split_source: str = ""
    texts: Knowledge | None = None
    trained_elsewhere: bool = False
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "seen", np.asarray(self.seen, dtype=bool))
        object.__setattr__(self, "labels", np.asarray(self.labels, dtype=np.int64))
        object.__setattr__(self, "train", np.asarray(self.train, dtype=bool))
        n, C = len(self.paths), len(self.classes)
        locations = None if self.parts is None else self.parts.locations
        for array in (self.labels, self.train, self.boxes, self.picture_attributes, locations):
            if array is not None and len(array) != n:
                raise ValueError(f"an array of {len(array)} rows for {n} pictures")
        if self.seen.shape != (C,) or self.knowledge.classes != self.classes:
            raise ValueError(f"seen and knowledge must have one row for each of the {C} classes, in their order")
        if n and (self.labels.min() < 0 or self.labels.max() >= C):
            raise ValueError("labels must be indices into classes")
        if (self.train & ~self.seen[self.labels]).any():
            raise ValueError("training pictures must be of seen classes")
        self._check_usable()

    def _check_usable(self) -> None:
        for alike in same_names(self.classes)[:1]:
            what = f"classes {' and '.join(repr(name) for name in alike[:3])} have the same name but for signs and case"
            raise NiwtError(what, where=self.root, fix="give them names that differ, or merge them")
        if self.trained_elsewhere:
            return
        if self.seen.sum() < 2:
            what = f"{self.seen.sum()} seen classes are too few"
            raise NiwtError(what, where=self.root, fix=f"keep at least {FEWEST_SEEN} classes seen")
        training = np.bincount(self.labels[self.train], minlength=len(self.classes))  # (C,)
        few = np.flatnonzero(self.seen & (training < 2))
        if len(few):
            what = f"class {self.classes[few[0]]} has {training[few[0]]} training pictures that can be used"
            raise NiwtError(what, where=self.root, fix="give it at least 2, or name it as unseen")

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def seen_classes(self) -> tuple[str, ...]:
        return tuple(name for name, seen in zip(self.classes, self.seen, strict=True) if seen)

    @property
    def unseen_classes(self) -> tuple[str, ...]:
        return tuple(name for name, seen in zip(self.classes, self.seen, strict=True) if not seen)

    @cached_property
    def split(self) -> np.ndarray:
        """(n,) str: "train", "test_seen" or "test_unseen"."""
        return np.where(self.train, "train", np.where(self.seen[self.labels], "test_seen", "test_unseen"))

    @cached_property
    def split_hash(self) -> str:
        """The first 16 hex digits of SHA-256 over the sorted lines "class<TAB>path<TAB>role"; order does not matter."""
        rows = zip(self.labels, self.paths, self.split, strict=True)
        lines = sorted(f"{self.classes[label]}\t{path}\t{part}" for label, path, part in rows)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]

    def picture(self, index: int, *, at_least: int | None = None) -> Image.Image:
        """Open picture `index` as RGB, cropped to its box if `crop`.

        `at_least` is the side that will be used; a larger JPEG then decodes at a fraction of its size. Not used with
        `crop`, since boxes are in pixels of the whole picture. Raises NiwtError if it cannot be read.
        """
        path = self.root / self.paths[index]
        if not self.crop or self.boxes is None:
            return open_image(path, at_least=at_least)
        image = open_image(path)
        x, y, width, height = (float(value) for value in self.boxes[index])
        left, top = max(0, int(x)), max(0, int(y))
        right, bottom = min(image.width, round(x + width)), min(image.height, round(y + height))
        if right <= left or bottom <= top:
            what = f"box {x:g} {y:g} {width:g} {height:g} lies outside the picture"
            raise NiwtError(what, where=path, fix="correct the box")
        return image.crop((left, top, right, bottom))

    def keep(self, mask: np.ndarray, skipped: Sequence[Skipped] = ()) -> Dataset:
        """The same set with only the pictures where `mask` (n,) is true, and `skipped` added to the list."""
        index = np.flatnonzero(np.asarray(mask, dtype=bool))
        return replace(
            self,
            paths=tuple(self.paths[i] for i in index),
            labels=self.labels[index],
            train=self.train[index],
            boxes=None if self.boxes is None else self.boxes[index],
            parts=None if self.parts is None else replace(self.parts, locations=self.parts.locations[index]),
            picture_attributes=None if self.picture_attributes is None else self.picture_attributes[index],
            skipped=self.skipped + tuple(skipped),
        )
