"""The table of a trained classifier's study: rows for the classes of its head, and for classes that are only described."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from niwt_core.classify.recipe import Recipe
from niwt_core.errors import NiwtError
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.class_names import class_key, listing, match_classes
from niwt_core.knowledge.from_text import attributes_from_text


def described_table(
    table: Knowledge, classes: Sequence[str], described: Mapping[str, np.ndarray]
) -> tuple[Knowledge, np.ndarray]:
    """(table of the head's classes and of described ones, seen (C,) bool): rows of ``table`` are matched to ``classes`` by name.

    What the table has beyond the head's classes is described too; ``described`` maps further names to rows (K,). Raises NiwtError.
    """
    matched, missing = match_classes(classes, table.classes)
    if missing:
        raise NiwtError(
            f"{listing(missing)} not in the table of words",
            where="--knowledge",
            fix="add a row for each class of the head",
        )
    positions = [table.classes.index(matched[name]) for name in classes]
    extra = [c for c in range(len(table.classes)) if c not in set(positions)]
    taken = {class_key(name) for name in classes}
    for name in (*(table.classes[c] for c in extra), *described):
        if class_key(name) in taken:
            raise NiwtError(
                f"class {name!r} is described twice, or is one of the head's",
                where="described classes",
                fix="keep one of them",
            )
        taken.add(class_key(name))
    values = [table.values[positions], table.values[extra], *(row[None] for row in described.values())]
    names = (*classes, *(table.classes[c] for c in extra), *described)
    knowledge = replace(table, classes=names, values=np.concatenate(values))
    return knowledge, np.arange(len(names)) < len(classes)


def described_row(table: Knowledge, recipe: Recipe) -> np.ndarray:
    """The row (K,) that a recipe means in a table: its attributes, over those that its caption means, over ``like``, over nothing.

    Raises NiwtError: it names what the table does not know, or says nothing.
    """
    where = f"recipe {recipe.name}"
    row = np.zeros(len(table.names), np.float32)
    if recipe.like:
        row = table.of(match_classes((recipe.like,), table.classes)[0].get(recipe.like, recipe.like))
    if recipe.caption.strip():
        row = attributes_from_text(table, recipe.caption, base=row, where=where).values
    if recipe.attributes:
        row = table.describe(recipe.attributes, base=row)
    if not row.any():
        raise NiwtError("nothing describes the class", where=where, fix="give at least one attribute")
    return np.asarray(row, np.float32)
