"""Descriptions in words of whole things, in the table that ships: colours, materials, parts, setting; what goes with them; what is denied."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from niwt_core import NiwtError
from niwt_core.data.imagenet import read_attribute_table
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.from_text import attributes_from_text
from niwt_core.knowledge.from_text.lexicon import about_things
from niwt_core.knowledge.from_text.reading import read_attributes
from niwt_core.knowledge.from_text.things import implied, said_of_a_thing
from niwt_core.knowledge.from_text.words import singular

TABLE = read_attribute_table(Path(__file__).parents[2] / "assets" / "imagenet-attributes").knowledge
SMALL = Knowledge(
    "attributes",
    ("tomato", "cherry", "sea", "lake"),
    ("color::red", "color::blue", "shape::round", "shape::long", "place::sea", "place::wood"),
    np.array([[1, 0, 1, 0, 0, 0], [1, 0, 1, 0, 0, 0], [0, 1, 0, 1, 1, 0], [0, 1, 0, 0, 1, 0]], np.float32),
    scale=1.0,
)


def stated(text: str, table: Knowledge = TABLE) -> dict[str, bool]:
    return {item.label: item.present for item in read_attributes(table, text)[0] if item.source == "said"}


def goes_with(text: str, table: Knowledge = TABLE) -> set[str]:
    return {item.label for item in read_attributes(table, text)[0] if item.source == "implied"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "a grey marine mammal with a beak, leaping out of the sea",
            {"color: grey", "creature: marine mammal", "head: short bill", "context: in motion", "setting: sea"},
        ),
        (
            "a round red metal pot with a lid",
            {"build: round", "color: red", "material: metal", "object: pot or pan", "part: lid"},
        ),
        ("Two wooden shelves", {"material: wooden", "part: drawers or shelves"}),
        ("long brown fur and four legs", {"covering: long fur", "color: brown", "part: legs"}),
        ("a scarlet dome", {"color: red", "shape: dome"}),
        ("a horse-drawn cart in the savannah", {"object: cart or carriage", "setting: grassland"}),
    ],
)
def test_words_of_whole_things(text, wanted):
    actual = stated(text)
    assert wanted <= set(actual)
    assert all(actual.values())


@pytest.mark.parametrize(
    ("text", "granted", "denied"),
    [
        ("a red pot that is not round", {"color: red", "object: pot or pan"}, {"build: round"}),
        ("a boat with neither sails nor an engine", {"kind: boat"}, {"part: sail or mast", "part: engine"}),
        (
            "a round thing without a handle or a lid, made of metal",
            {"build: round", "material: metal"},
            {"part: handle", "part: lid"},
        ),
        ("it isn't striped but spotted", {"pattern: spotted"}, {"pattern: striped"}),
        ("blue instead of red", {"color: blue"}, {"color: red"}),
        ("a wingless insect", {"creature: insect"}, {"limbs: wings"}),
    ],
)
def test_what_is_denied_is_not_granted(text, granted, denied):
    actual = stated(text)
    assert granted <= {label for label, present in actual.items() if present}
    assert denied <= {label for label, present in actual.items() if not present}


@pytest.mark.parametrize(
    ("text", "wanted", "left"),
    [
        (
            "a seal swimming in cold water",
            {"context: in motion": True, "setting: pond or river": True},
            {"seal", "cold"},
        ),
        ("a hot red soup", {"color: red": True, "object: soup or stew": True}, {"hot"}),
        ("a monkey with arms", {"creature: monkey or ape": True}, {"arms"}),
        ("a basket hanging from a rope", {"object: basket": True, "part: rope or cord": True}, {"hanging"}),
        ("a thing that does the cleaning", {"use: cleaning": True}, set()),
        ("a red thing on top", {"color: red": True}, {"top"}),
        ("a lighthouse on the coast", {"object: tower or pillar": True, "setting: shore": True}, set()),
        ("snowy mountains", {"setting: snow or ice": True, "setting: rocks or mountain": True}, set()),
        ("four black tyres", {"color: black": True, "part: wheels": True}, {"four"}),
    ],
)
def test_everyday_words_are_not_taken_for_a_use_that_nobody_named(text, wanted, left):
    assert stated(text) == wanted
    assert set(read_attributes(TABLE, text)[1]) == left


@pytest.mark.parametrize("text", ["a bird that flies", "a bird that cannot fly", "it does not fly", "it can fly"])
def test_what_flies_is_no_fly(text):
    assert "creature: dragonfly or fly" not in stated(text)
    assert stated("a small fly")["creature: dragonfly or fly"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a dark green boat", {"color: green", "kind: boat"}),
        ("a light green boat", {"color: green", "kind: boat"}),
        ("pale pink", {"color: pink"}),
        ("a dark boat with a light", {"color: black", "kind: boat", "part: light"}),
    ],
)
def test_a_shade_is_of_the_colour_behind_it(text, wanted):
    assert set(stated(text)) == wanted


@pytest.mark.parametrize(
    ("text", "wanted", "left"),
    [
        ("a bird the size of a horse", {"creature: bird"}, {"size", "horse"}),
        ("a dog as big as a horse", {"creature: dog", "size: large"}, {"horse"}),
        ("a red box smaller than a car", {"color: red", "shape: box"}, {"smaller", "car"}),
    ],
)
def test_what_something_is_compared_with_is_not_what_it_is(text, wanted, left):
    assert set(stated(text)) == wanted
    assert set(read_attributes(TABLE, text)[1]) == left


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a hot dog on a plate", {"object: cooked dish", "context: on a plate"}),
        ("red ice cream", {"color: red", "object: dessert"}),
        ("a brown teddy bear", {"color: brown", "kind: toy"}),
        ("two guinea pigs", {"creature: rodent"}),
        ("a sea lion at the shore", {"creature: marine mammal", "setting: shore"}),
        ("a red cable car", {"color: red", "part: cab"}),
    ],
)
def test_a_thing_is_not_the_other_thing_in_its_name(text, wanted):
    assert set(stated(text)) == wanted


def test_a_compound_stays_where_the_table_does_not_know_what_it_is():
    table = Knowledge("attributes", ("a", "b"), ("creature::dog", "creature::cat"), np.eye(2), scale=1.0)
    assert stated("a hot dog", table) == {"creature: dog": True}


@pytest.mark.parametrize("text", ["no tail", "a cat without a tail", "it has neither wings nor a tail"])
def test_a_part_that_is_denied_has_none_of_its_values(text):
    tails = [label for label in TABLE.labels if label.startswith("tail: ")]
    actual = stated(text)
    assert {label: actual.get(label) for label in tails} == dict.fromkeys(tails, False)
    assert "tail" not in read_attributes(TABLE, text)[1]


def test_words_that_the_table_lacks_are_listed():
    assert read_attributes(TABLE, "a red glorp with zibbles")[1] == ("glorp", "zibbles")


def test_a_marine_mammal_is_a_mammal_and_a_red_pot_is_not_black():
    actual = goes_with("a marine mammal in the sea")
    assert {"kind: animal", "creature: mammal", "covering: smooth grey skin"} <= actual
    assert "color: black" not in goes_with("a round red metal pot with a lid")


def test_what_is_implied_is_half_there_and_what_is_said_entirely():
    row = attributes_from_text(SMALL, "red", base=np.zeros(6, np.float32)).values
    assert row.tolist() == [1, 0, 0.5, 0, 0, 0]


def test_implied_columns_by_counting():
    """Oracle: weights by hand for the four classes of the small table."""
    fit = np.array([1, 1, 0, 0]) - 1.0
    weight = np.exp(5 * fit) / np.exp(5 * fit).sum()
    share = weight @ SMALL.values
    wanted = {k for k in range(6) if share[k] >= 0.7 and k != 0}
    assert set(implied(SMALL, {0: True})) == wanted == {2}


def test_nothing_is_implied_by_one_class_or_by_denials_alone():
    assert implied(SMALL, {1: True, 3: True}) == {}
    assert implied(SMALL, {1: False}) == {}


def test_a_table_about_parts_is_not_about_things():
    assert about_things(SMALL.names)
    assert about_things(TABLE.names)
    assert not about_things(("crown color::red", "wing shape::long"))
    assert not about_things(("longneck", "color::red"))


@pytest.mark.parametrize(
    "text", ["a red thing, long", "red and long", "color red, shape long", "it is long. It is red."]
)
def test_a_small_table_of_one_s_own(text):
    assert stated(text, SMALL) == {"color: red": True, "shape: long": True}


def test_a_text_without_a_known_word_is_refused():
    with pytest.raises(NiwtError, match="no word that this study knows"):
        attributes_from_text(SMALL, "a thing", base=np.zeros(6, np.float32))


class Near:
    """A sentence encoder for which "zarlet" is next to red."""

    def encode(self, texts):
        return np.array([[1.0, 0.0] if "red" in text or text == "zarlet" else [0.0, 1.0] for text in texts], np.float32)


def test_an_encoder_s_guess_is_marked():
    actual, unknown = read_attributes(SMALL, "a zarlet thing", encoder=Near())
    assert [(item.label, item.source) for item in actual if item.source != "implied"] == [("color: red", "guessed")]
    assert unknown == ()


def test_every_value_and_every_other_word_is_understood_alone():
    """The table's own words, each by itself, mean the column that has them (or another that has the same word)."""
    missed = [
        (name, phrase)
        for name in TABLE.names
        for phrase in (name.split("::")[1], *TABLE.synonyms[name])
        if TABLE.names.index(name) not in said_of_a_thing(TABLE, phrase)[0]
        and not any(phrase in words for other, words in TABLE.synonyms.items() if other != name)
    ]
    assert len(missed) <= 0.03 * sum(len(words) + 1 for words in TABLE.synonyms.values()), missed


@pytest.mark.parametrize(
    ("many", "one"),
    [("shelves", "shelf"), ("boxes", "box"), ("berries", "berry"), ("stripes", "stripe"), ("glass", "glass"), ("manes", "mane"), ("axes", "ax"),
     ("leaves", "leaf"), ("gloves", "glove"), ("bus", "bus"), ("two", "2")],
)  # fmt: skip
def test_singular(many, one):
    assert singular(many) == one


@given(st.text(max_size=200))
def test_any_text_is_read_without_a_fault(text):
    actual, unknown = read_attributes(SMALL, text)
    assert all(item.attribute in SMALL.names for item in actual)
    assert all(isinstance(word, str) for word in unknown)


@pytest.mark.parametrize("k", range(0, len(TABLE.names), 7))
def test_a_name_of_the_table_is_understood_as_it_is_written(k):
    """Names with a "no" or an "and" in them, too: they are not cut, and deny nothing."""
    assert stated(f"a thing; {TABLE.labels[k].partition(': ')[2]}; red")[TABLE.labels[k]]


def test_names_that_deny_or_join():
    assert stated("an animal with scales, no legs, a long tail") | {} == {
        "kind: animal": True, "covering: scales": True, "limbs: no legs": True, "tail: long tail": True,
    }  # fmt: skip
    assert stated("not striped, no legs")["pattern: striped"] is False
    assert stated("a long and thin thing, red and blue") == {
        "shape: long and thin": True,
        "color: red": True,
        "color: blue": True,
    }
