"""Words about another word, not about the thing: read with the table that ships."""

from pathlib import Path

import numpy as np
import pytest

from niwt_core.data.imagenet import read_attribute_table
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.from_text.modifiers import of_parts, without_places
from niwt_core.knowledge.from_text.reading import read_attributes
from niwt_core.knowledge.from_text.things import ENOUGH, implied

TABLE = read_attribute_table(Path(__file__).resolve().parents[2] / "assets" / "imagenet-attributes").knowledge


def spoken(text: str) -> set[str]:
    """What is granted, without what goes with it."""
    return {item.label for item in read_attributes(TABLE, text)[0] if item.present and item.source == "said"}


@pytest.mark.parametrize(
    ("text", "there", "not_there"),
    [
        ("a bird with a large, hooked bill", {"head: hooked bill"}, {"size: large"}),
        ("a dog with small triangular ears", {"creature: dog", "shape: pointed"}, {"size: small"}),
        ("a duck with a large orange and yellow bill", {"color: orange", "color: yellow"}, {"size: large"}),
        ("a small brown dog with large eyes", {"size: small", "head: large eyes"}, {"size: large"}),
        ("a large bear with small ears", {"size: large"}, {"size: small"}),
        ("a big red door", {"size: large", "part: door"}, set()),
        ("an insect with long hind legs", {"limbs: long legs"}, {"build: elongated"}),
        ("a dark red liquid", {"color: red"}, {"color: black"}),
        ("a bright blue butterfly", {"color: blue"}, set()),
        ("a dark bird", {"color: black"}, set()),
        ("a small brown bird with a white belly", {"pattern: light belly", "color: white", "color: brown"}, set()),
        ("a light brown loaf", {"color: tan"}, {"color: brown"}),
        ("a black bird, about the size of a chicken", {"creature: bird", "color: black"}, {"creature: game bird"}),
        ("a mammal hanging upside down", {"creature: mammal"}, {"covering: feathers"}),
        ("a glass with white foam on top", {"material: glass", "part: cream or sauce"}, set()),
        ("an animal on dry grassland", {"setting: grassland"}, {"use: drying"}),
        ("a red sports car", {"object: car", "color: red"}, {"use: playing sport"}),
        ("an insect sitting on a leaf", {"context: at rest", "part: leaves"}, {"use: sitting"}),
    ],
)
def test_a_modifier_is_not_said_of_the_thing(text, there, not_there):
    actual = spoken(text)
    assert there <= actual
    assert not not_there & actual


def test_places_are_no_things():
    assert without_places("a bat hanging upside down in a cave").split() == ["a", "bat", "hanging", "in", "a", "cave"]


def test_which_words_are_said_of_a_part_by_hand():
    groups = {"small": "size", "large": "size", "red": "color", "yellow": "color", "bird": "creature"}
    fragments = [["a", "small", "red", "bird"], ["a", "large", "red"], ["yellow", "bill"], ["a", "small", "bird"]]
    aside = of_parts(fragments, groups.get)
    assert {(fragments[f][i], f) for f, i in aside} == {("large", 1)}


def test_in_a_large_table_one_class_that_fits_is_enough():
    values = np.zeros((ENOUGH, 4), np.float32)
    values[0] = 1
    values[1:, 3] = 1
    names = ("color::red", "color::blue", "kind::a", "size::b")
    large = Knowledge("attributes", tuple(f"class {c}" for c in range(ENOUGH)), names, values, 1.0)
    small = large.restrict(large.classes[: ENOUGH // 2])
    assert set(implied(large, {0: True, 1: True})) == {2, 3}
    assert implied(small, {0: True, 1: True}) == {}
