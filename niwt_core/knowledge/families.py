"""Classes in families: so that a thousand of them can be looked through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.class_names import display_name

# Groups whose name ends in one of these words say what kind of thing a class is, the finer kinds first: "dog type", "creature", "kind".
KINDS = ("type", "species", "breed", "creature", "object", "family", "kind", "category")
SMALLEST = 3  # classes of a family; smaller ones join a coarser kind
FEWEST = 40  # classes that need families at all
NAMED_ALIKE = 0.5  # of all classes must share the last word of their names with others, for names to make families
OTHERS = "Others"


@dataclass(frozen=True)
class Family:
    """Related classes by their index, and a name for people."""

    name: str
    classes: tuple[int, ...]


def families(knowledge: Knowledge) -> tuple[Family, ...]:
    """The families of the classes by name, each class in one; none where there are few classes, or nothing tells families.

    By what the table says of the kind of thing: the finest value that a class surely has and shares with enough others. Where the table says
    nothing of kinds, by the last word of the classes' names (warblers, sparrows).
    """
    if len(knowledge.classes) < FEWEST:
        return ()
    names = _by_kind(knowledge) or _by_name(knowledge.classes)
    members: dict[str, list[int]] = {}
    for c, name in enumerate(names):
        members.setdefault(name, []).append(c)
    rest = members.pop(OTHERS, [])
    ordered = [Family(name, tuple(members[name])) for name in sorted(members, key=str.casefold)]
    return (*ordered, Family(OTHERS, tuple(rest))) if rest and ordered else tuple(ordered)


def _by_kind(knowledge: Knowledge) -> list[str]:
    """The family of each class by the table's kinds; empty where it has none."""
    if knowledge.kind != "attributes":
        return []
    groups = [(group, columns) for group, columns in knowledge.groups.items() if group.split()[-1] in KINDS]
    groups.sort(key=lambda item: KINDS.index(item[0].split()[-1]))
    if not groups:
        return []
    sure = knowledge.values >= 0.99 * knowledge.scale  # (C, K)
    # What a class surely is, finest first: (place of the group, column).
    kinds = [
        [(place, int(columns[np.argmax(sure[c, columns])])) for place, (_, columns) in enumerate(groups) if sure[c, columns].any()]
        for c in range(len(knowledge.classes))
    ]  # fmt: skip
    return _settled(kinds, knowledge, len(groups))


def _settled(kinds: list[list[tuple[int, int]]], knowledge: Knowledge, groups: int) -> list[str]:
    """Each class goes to the finest kind that has enough members; whoever is left over joins the next coarser one."""
    level = [0] * len(kinds)

    def at(c: int) -> tuple[int, int] | None:
        return kinds[c][level[c]] if level[c] < len(kinds[c]) else None

    for place in range(groups):
        counts = Counter(at(c) for c in range(len(kinds)))
        for c in range(len(kinds)):
            kind = at(c)
            if kind is not None and kind[0] == place and counts[kind] < SMALLEST:
                level[c] += 1
    return [_name(at(c), knowledge) for c in range(len(kinds))]


def _name(kind: tuple[int, int] | None, knowledge: Knowledge) -> str:
    label = OTHERS if kind is None else knowledge.labels[kind[1]].rpartition(": ")[2]
    return label[:1].upper() + label[1:]


def _by_name(classes: Sequence[str]) -> list[str]:
    """The family of each class by the last word of its name; all one where too few share theirs."""
    words = [display_name(name).split()[-1].casefold() for name in classes]
    counts = Counter(words)
    names = [word[:1].upper() + word[1:] if counts[word] >= SMALLEST else OTHERS for word in words]
    return names if sum(name != OTHERS for name in names) >= NAMED_ALIKE * len(names) else [OTHERS] * len(names)
