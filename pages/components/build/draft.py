"""The class that a person is describing at the moment, before it is built: theirs alone, one a study."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from niwt_core import Recipe, Study
from niwt_core.classify.build import describe, describe_text
from niwt_core.classify.live_tables import attributes_between
from niwt_core.classify.recipe import LONGEST_NAME
from niwt_core.knowledge.class_names import class_key
from niwt_core.knowledge.from_text import LONGEST_TEXT, Proposals, attributes_from_text

AVERAGE = ""  # the start that is no class: the mean of the seen ones


@dataclass
class Draft:
    """``like`` is the class it starts from; ``changes`` column -> amount; ``editing`` the built class that it will replace.

    ``epoch`` counts the times that the page moved the sliders, ``revision`` the person's changes since; ``loads`` counts descriptions that
    came from elsewhere (a recipe, a link, an edit), so that the widgets of the name and the start are made anew. ``caption`` is kept where the
    study reads captions; ``parsed`` is what was last understood of words that set the sliders, ``worded`` the amounts that it set.
    """

    name: str = ""
    like: str = AVERAGE
    changes: dict[int, float] = field(default_factory=dict)
    editing: str = ""
    caption: str = ""
    share: float | None = None
    parsed: Proposals | None = None
    worded: dict[int, float] = field(default_factory=dict)
    epoch: int = 0
    revision: int = 0
    loads: int = 0

    def base(self, study: Study) -> np.ndarray:
        """(K,) float32 where the sliders start."""
        values = study.knowledge.values
        return values[study.class_index(self.like)] if self.like else study.encoder.average

    def values(self, study: Study) -> np.ndarray:
        """(K,) float32 where the sliders are."""
        values = np.array(self.base(study), np.float32)
        for k, amount in self.changes.items():
            values[k] = amount
        return values

    def recipe(self, study: Study, *, name: str = "") -> Recipe:
        """The recipe of what the sliders say. Raises NiwtError: no name, or nothing said."""
        attributes = attributes_between(study.knowledge, self.base(study), self.values(study))
        return Recipe(
            name or self.name, attributes, caption=self.caption, like=self.like, study=study.id, share=self.share
        )

    def text(self, study: Study, *, name: str) -> np.ndarray | None:
        """(K',) what its caption or its start says in a study with texts beside attributes, or None. Raises NiwtError."""
        if study.texts is None or not (self.like or self.caption.strip()):
            return None
        return describe_text(study, Recipe(self.name or name, caption=self.caption, like=self.like))

    def hear(self, study: Study, text: str) -> bool:
        """Sets the sliders of what ``text`` speaks of. What words before had set goes back, unless a hand has moved it since; True if there was any.

        Raises NiwtError, and nothing has changed, if it says nothing known.
        """
        stays = {k: amount for k, amount in self.changes.items() if self.worded.get(k) != amount}
        values = np.array(self.base(study), np.float32)
        for k, amount in stays.items():
            values[k] = amount
        parsed = attributes_from_text(study.knowledge, text, base=values)
        base = self.base(study)
        replaced = len(stays) < len(self.changes)
        self.changes = {int(k): float(str(parsed.values[k])) for k in np.flatnonzero(parsed.values != base)}
        self.worded = {k: amount for k, amount in self.changes.items() if stays.get(k) != amount}
        self.parsed, self.epoch, self.revision = parsed, self.epoch + 1, 0
        return replaced

    def says_something(self) -> bool:
        """It differs from the average class."""
        return bool(self.changes or self.like or self.caption.strip())

    def start_from(self, like: str) -> None:
        """Another start; what was changed stays changed."""
        self.like, self.epoch, self.revision = like, self.epoch + 1, 0

    def clear(self) -> None:
        """A blank sheet."""
        self._load(Draft())

    def load(self, study: Study, recipe: Recipe, *, editing: str = "") -> None:
        """Takes over a recipe. Raises NiwtError if the study cannot say it; the draft then stays as it was."""
        like = study.classes[study.class_index(recipe.like)] if recipe.like else AVERAGE
        loaded = Draft(
            name=recipe.name,
            like=like,
            editing=editing,
            caption=recipe.caption if study.encoder.reads_captions else "",
            share=recipe.share,
        )
        values = describe(study, recipe)
        if study.knowledge.kind == "attributes" or not recipe.caption:
            base = loaded.base(study)
            loaded.changes = {int(k): float(str(values[k])) for k in np.flatnonzero(values != base)}
        self._load(loaded)

    def take(self, other: Draft) -> None:
        """Takes over another draft; the widgets are made anew."""
        self._load(other)

    def _load(self, other: Draft) -> None:
        self.name, self.like, self.editing, self.caption = other.name, other.like, other.editing, other.caption
        self.share = other.share
        self.changes, self.revision, self.parsed, self.worded = other.changes, 0, other.parsed, other.worded
        self.epoch, self.loads = self.epoch + 1, self.loads + 1

    def answer(self, epoch: int, revision: int, changes: Mapping[int, float]) -> bool:
        """Takes what the editor sent; False if it is about an earlier epoch or known already."""
        if epoch != self.epoch or revision <= self.revision:
            return False
        self.changes, self.revision = dict(changes), revision
        return True


def to_text(study: Study, draft: Draft) -> str:
    """A draft as JSON, for the browser to keep; "" for a blank sheet."""
    if not draft.says_something() and not draft.name:
        return ""
    names = study.knowledge.names
    values = {
        "name": draft.name,
        "like": draft.like,
        "caption": draft.caption,
        "editing": draft.editing,
        "changes": {names[k]: amount for k, amount in draft.changes.items()} if draft.changes else {},
    }
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def load_text(study: Study, draft: Draft, text: str) -> bool:
    """Lays a kept draft on the editor; False, and nothing has changed, if it is not one of this study."""
    knowledge = study.knowledge
    try:
        values = json.loads(text)
        name, like, caption, editing = (values[key] for key in ("name", "like", "caption", "editing"))
        changes = {knowledge.names.index(key): float(amount) for key, amount in values["changes"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return False
    if not all(isinstance(one, str) for one in (name, like, caption, editing)) or not (name + editing).isprintable():
        return False
    if (
        max(len(name), len(editing)) > LONGEST_NAME
        or len(caption) > LONGEST_TEXT
        or (like and like not in study.classes)
    ):
        return False
    if not all(knowledge.floor <= amount <= knowledge.scale for amount in changes.values()):
        return False
    draft.take(Draft(name=name, like=like, caption=caption, editing=editing, changes=changes))
    return True


def current_draft(study: Study) -> Draft:
    """This session's draft for a study."""
    drafts: dict[str, Draft] = st.session_state.setdefault("drafts", {})
    draft = drafts.setdefault(study.id, Draft())
    kept = st.session_state.get("kept-drafts", {}).pop(study.id, "")  # by the browser, from before this session
    if kept and not draft.name and not draft.says_something():
        load_text(study, draft, kept)
    return draft


def replaced(study: Study, name: str) -> int:
    """The unseen class that a built class of this name takes the place of, or -1."""
    key = class_key(name)
    return next(
        (c for c, other in enumerate(study.classes) if key and not study.seen[c] and class_key(other) == key), -1
    )
