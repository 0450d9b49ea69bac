"""Families of classes: by the kinds in the table, by names, or none; every class in one."""

from pathlib import Path

import numpy as np

from niwt_core.data.imagenet import read_attribute_table
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.families import OTHERS, SMALLEST, families

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("kind::animal", "kind::plant", "creature::bird", "creature::worm", "color::red", "color::blue")


def table(rows: list[tuple[int, ...]], classes: list[str] | None = None) -> Knowledge:
    values = np.zeros((len(rows), len(NAMES)), np.float32)
    for c, columns in enumerate(rows):
        values[c, list(columns)] = 1
    return Knowledge("attributes", tuple(classes or [f"c{c}" for c in range(len(rows))]), NAMES, values)


def test_the_finest_kind_that_is_large_enough() -> None:
    rows = [(0, 2, 4)] * 20 + [(0, 3, 5)] * 2 + [(0, 4)] * 3 + [(1, 5)] * 18 + [(4,)] * 2
    named = {family.name: family.classes for family in families(table(rows))}
    assert named["Bird"] == tuple(range(20))
    assert named["Animal"] == tuple(range(20, 25))  # two worms are no family
    assert named["Plant"] == tuple(range(25, 43))
    assert named[OTHERS] == (43, 44)


def test_what_a_class_may_be_is_no_kind() -> None:
    knowledge = table([(0, 2)] * 40)
    knowledge.values[7, 2] = 0.5
    assert {family.name: len(family.classes) for family in families(knowledge)} == {"Bird": 39, OTHERS: 1}


def test_by_names_where_the_table_has_no_kinds() -> None:
    classes = [f"{i:03}.Colour{i}_Warbler" for i in range(30)] + [f"Grey {i} Wren" for i in range(5)]
    classes += [f"{word} one{i}x" for i, word in enumerate("abcdef")]
    values = np.random.default_rng(0).random((len(classes), 2)).astype(np.float32)
    knowledge = Knowledge("attributes", tuple(classes), ("color::red", "color::blue"), values)
    assert [(family.name, len(family.classes)) for family in families(knowledge)] == [
        ("Warbler", 30), ("Wren", 5), (OTHERS, 6),
    ]  # fmt: skip


def test_none_where_few_classes_or_nothing_tells_them() -> None:
    assert families(table([(0, 2)] * 39)) == ()
    strangers = Knowledge(
        "attributes", tuple(f"w{i}" for i in range(50)), ("color::red",), np.ones((50, 1), np.float32)
    )
    assert families(strangers) == ()


def test_every_class_of_imagenet_is_in_one_family() -> None:
    knowledge = read_attribute_table(ROOT / "assets" / "imagenet-attributes").knowledge
    listed = families(knowledge)
    members = [c for family in listed for c in family.classes]
    assert sorted(members) == list(range(1000))
    assert 60 <= len(listed) <= 200
    assert max(len(family.classes) for family in listed) <= 70
    small = [family.name for family in listed if len(family.classes) < SMALLEST]
    assert not small
    of = {knowledge.classes[c]: family.name for family in listed for c in family.classes}
    assert (of["goldfish"], of["beagle"], of["cello"], of["lemon"]) == (
        "Fish",
        "Hound",
        "String instrument",
        "Juicy fruit",
    )
