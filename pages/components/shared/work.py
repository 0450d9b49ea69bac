"""A person's work on one study as one text: every built class, the pictures that moved it, the calibration. It goes to the browser, a file or a link.

Such a text comes back from strangers, so everything about it is bounded and checked: length, shape, and then each recipe, by the same code that reads
files.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from niwt_core import NiwtError, Recipe
from niwt_core.classify.confirm import MOST, Confirmed

FORMAT = 1
LARGEST = 3_000_000  # characters; browsers keep about 5 million a site
MOST_CLASSES, MOST_OFF = 200, 10_000
FIX = "give a file that this app saved"
Class = tuple[Recipe, Confirmed | None]


@dataclass(frozen=True, eq=False)
class Work:
    """Classes in their order, each with the confirmed pictures that moved it, gamma where it is not the study's own, and the study's described
    classes that are switched off."""

    study: str
    classes: tuple[Class, ...] = ()
    gamma: float | None = None
    off: tuple[str, ...] = ()

    @property
    def says_something(self) -> bool:
        """It differs from a session that has just begun."""
        return bool(self.classes or self.off) or self.gamma is not None

    def to_text(self, *, pictures: bool = True) -> str:
        """As JSON; without ``pictures`` the classes alone, as their words give them: small enough for a link."""
        values: dict[str, Any] = {"format": FORMAT, "study": self.study, "classes": []}
        for recipe, confirmed in self.classes:
            entry: dict[str, Any] = {"recipe": recipe.to_dict()}
            if confirmed is not None and pictures:
                entry["confirmed"] = _plain(confirmed)
            values["classes"].append(entry)
        if self.gamma is not None:
            values["gamma"] = self.gamma
        if self.off:
            values["off"] = list(self.off)
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def work_from_text(text: str, *, where: str) -> Work:
    """The work in a text. Raises NiwtError on anything else."""
    if len(text) > LARGEST:
        raise NiwtError("too large for saved classes", where=where, fix=FIX)
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise NiwtError("not saved classes", where=where, fix=FIX) from None
    if not isinstance(values, Mapping) or values.get("format") != FORMAT:
        raise NiwtError("not saved classes of this version", where=where, fix=FIX)
    study, entries, gamma = values.get("study"), values.get("classes"), values.get("gamma")
    if not isinstance(study, str) or not isinstance(entries, list) or len(entries) > MOST_CLASSES:
        raise NiwtError("not saved classes", where=where, fix=FIX)
    if gamma is not None and (
        isinstance(gamma, bool) or not isinstance(gamma, int | float) or not math.isfinite(gamma)
    ):
        raise NiwtError(f"gamma is {str(gamma)[:40]!r}", where=where, fix=FIX)
    off = values.get("off", [])
    if not isinstance(off, list) or len(off) > MOST_OFF or not all(isinstance(name, str) for name in off):
        raise NiwtError("what is switched off is no list of classes", where=where, fix=FIX)
    classes = tuple(_class(entry, where) for entry in entries)
    if len({recipe.name for recipe, _ in classes}) < len(classes):
        raise NiwtError("two classes have one name", where=where, fix=FIX)
    return Work(study, classes, None if gamma is None else float(gamma), tuple(off))


def _class(entry: Any, where: str) -> Class:
    if not isinstance(entry, Mapping) or not set(entry) <= {"recipe", "confirmed"}:
        raise NiwtError("an entry is no class", where=where, fix=FIX)
    recipe = Recipe.from_dict(entry.get("recipe"), where=where)
    return recipe, None if entry.get("confirmed") is None else _confirmed(entry["confirmed"], where)


def _plain(confirmed: Confirmed) -> dict[str, Any]:
    block = np.ascontiguousarray(confirmed.features.float().numpy(), "<f4")
    return {
        "features": base64.b64encode(block.tobytes()).decode(),
        "belongs": [bool(one) for one in confirmed.belongs],
        "rivals": [float(one) for one in confirmed.best_other],
    }


def _confirmed(values: Any, where: str) -> Confirmed:
    try:
        belongs, best_other = values["belongs"], values["rivals"]
        block = np.frombuffer(base64.b64decode(values["features"], validate=True), "<f4")
        if not 1 <= len(belongs) <= MOST or not all(isinstance(one, bool) for one in belongs):
            raise ValueError
        features = torch.from_numpy(block.reshape(len(belongs), -1).copy())
        return Confirmed(features, np.array(belongs), np.array([float(one) for one in best_other]))
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, binascii.Error):
        raise NiwtError("the confirmed pictures of a class are damaged", where=where, fix=FIX) from None


def merged(mine: Sequence[Class], theirs: Sequence[Class], base: Sequence[Class] = ()) -> tuple[Class, ...]:
    """Classes of two tabs, by name: what either added since ``base`` is there, what either removed is gone; where both changed one, mine stays."""
    ours, others, before = (
        {recipe.name: (recipe, confirmed) for recipe, confirmed in side} for side in (mine, theirs, base)
    )
    kept: dict[str, Class] = {}
    for name, entry in others.items():
        if name in ours:
            changed_here = name not in before or not same(ours[name], before[name])
            kept[name] = ours[name] if changed_here else entry
        elif name not in before or not same(entry, before[name]):
            kept[name] = entry
    for name, entry in ours.items():
        if name not in others and (name not in before or not same(entry, before[name])):
            kept[name] = entry
    return tuple(kept.values())


def same(one: Class, other: Class) -> bool:
    """The same recipe, moved by the same pictures."""
    if one[0] != other[0] or (one[1] is None) != (other[1] is None):
        return False
    return one[1] is None or other[1] is None or _plain(one[1]) == _plain(other[1])
