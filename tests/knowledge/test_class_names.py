"""Class names as shown and as matched."""

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niwt_core.errors import NiwtError
from niwt_core.knowledge.class_names import (
    class_key,
    closest,
    display_name,
    listing,
    match_all,
    match_classes,
    same_names,
)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("001.Black_footed_Albatross", "Black-footed Albatross"),
        ("047.American_Goldfinch", "American Goldfinch"),
        ("blue+whale", "blue whale"),
        ("my_own_fish", "my own fish"),
        ("Ruby Needlebill", "Ruby Needlebill"),
        ("007.", "007."),
        ("1.5L bottle", "1.5L bottle"),
        ("2.5L_bottle", "2.5L bottle"),
        ("100.5L_bottle", "100.5L bottle"),
        ("C++", "C++"),
        ("12.Monkeys", "12.Monkeys"),
        ("鳥", "鳥"),
    ],
)
def test_display_name(name, shown):
    assert display_name(name) == shown


def test_key_disregards_how_it_is_written():
    assert class_key("023.Brandt_Cormorant") == class_key("Brandt's Cormorant") == class_key("brandt-cormorant")
    assert class_key("blue+whale") == class_key("Blue Whale")
    assert class_key("seal") != class_key("seals")


@pytest.mark.parametrize(
    ("one", "other"),
    [("1.5L bottle", "2.5L bottle"), ("9.5L bottle", "2.5L bottle"), ("2.5L", "25L"), ("C", "C++"), ("C#", "C++"), ("A!", "A?"),
     ("鳥", "魚"), ("कि", "की"), ("é", "e"), ("🐦", "🐟"), ("5. Haus", "Haus"), ("12.Monkeys", "Monkeys")],
)  # fmt: skip
def test_names_that_differ_have_keys_that_differ(one, other):
    assert class_key(one) != class_key(other)
    assert class_key(one)
    assert not same_names([one, other])
    assert match_classes([one], [other])[1] == (one,)


@settings(max_examples=300, deadline=None)
@given(
    st.text(
        st.characters(categories=["L", "M", "N", "S", "Po"], exclude_characters=",;:'\"\u2019.+"),
        min_size=1,
        max_size=8,
    )
)
def test_a_key_keeps_all_but_case_and_the_signs_between_words(name):
    plain = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    assert class_key(name) == plain
    assert class_key(f" {name}_") == class_key(unicodedata.normalize("NFD", name))


def test_names_that_nobody_could_tell_apart():
    names = ["Blue_Jay", "crow", "blue jay", "Blue-Jay", "Crow "]
    assert same_names([*names, "Cardigan", "cardigan"]) == (("Blue_Jay", "blue jay", "Blue-Jay"), ("crow", "Crow "))


def test_match_prefers_the_same_text_and_refuses_to_guess():
    actual, missing = match_classes(["a_b", "c"], ["A B", "a_b", "a-b"])
    assert actual == {"a_b": "a_b"}
    assert missing == ("c",)
    assert match_classes(["a_b"], ["A B", "a-b"])[1] == ("a_b",)


def test_match_all_lists_what_is_missing():
    with pytest.raises(NiwtError, match="classes c, d not found, here, add it"):
        match_all(["a", "c", "d"], ["a"], where="here", fix="add it")


def test_closest_and_listing():
    assert closest("Seel", ["walrus", "Seal"]) == ("Seal",)
    assert closest("zzz", ["walrus"]) == ()
    assert listing(["a", "b", "c"], limit=2) == "a, b and 1 more"


def test_real_descriptions_match_the_official_names_in_order(shared_data):
    lines = (shared_data / "cub-subset/CUB_200_2011/classes.txt").read_text().splitlines()
    official = [line.split()[1] for line in lines]
    people = list(json.loads((shared_data / "cub-descriptions.json").read_text()))
    actual, missing = match_classes(official, people)
    assert not missing
    assert [actual[class_] for class_ in official] == people  # that file is in the official order
