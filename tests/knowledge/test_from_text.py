"""Free text to attributes: what is understood, what is not, and how well on captions whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niwt_core import NiwtError, Recipe, build_class
from niwt_core.data.aviary.attributes import ATTRIBUTE_NAMES, choose_attributes
from niwt_core.data.aviary.caption import caption
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.from_text import attributes_from_text, read_attributes
from niwt_core.knowledge.from_text.words import stem
from tests.support.small_study import small_study


def table(*names: str) -> Knowledge:
    return Knowledge("attributes", ("a",), names, np.ones((1, len(names))))


AVIARY = table(*ATTRIBUTE_NAMES)
CUB = table(
    *(f"has_{part}_color::{color}" for part in ("crown", "nape", "throat", "wing", "primary", "leg", "upper_tail")
      for color in ("red", "black", "white", "grey", "iridescent")),
    "has_bill_shape::hooked", "has_bill_shape::hooked_seabird", "has_bill_shape::curved_(up_or_down)", "has_bill_shape::all-purpose",
    "has_bill_length::longer_than_head", "has_bill_length::shorter_than_head", "has_bill_length::about_the_same_as_head",
    "has_size::small_(5_-_9_in)", "has_size::very_small_(3_-_5_in)", "has_wing_shape::broad-wings", "has_tail_shape::forked_tail",
    "has_shape::duck-like", "has_wing_pattern::striped", "has_wing_pattern::multi-colored",
)  # fmt: skip
BEASTS = table("black", "stripes", "longneck", "hooves", "big", "horns")


def stated(knowledge: Knowledge, text: str) -> set[str]:
    """What is granted, and what is denied with a minus."""
    proposals, _ = read_attributes(knowledge, text)
    return {("" if item.present else "-") + item.label for item in proposals}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("red crown", "crown color: red"),
        ("a crown of red", "crown color: red"),
        ("Its bill is long and hooked.", "bill length: longer than head|bill shape: hooked"),
        ("crown and nape are black", "crown color: black|nape color: black"),
        ("The crown, nape and throat are grey.", "crown color: grey|nape color: grey|throat color: grey"),
        ("a red crown and nape", "crown color: red|nape color: red"),
        ("a black crown and a white nape", "crown color: black|nape color: white"),
        ("a scarlet cap, white legs", "crown color: red|leg color: white"),
        ("a very small bird", "size: very small (3 - 5 in)"),
        ("a small red bird with a hooked beak", "size: small (5 - 9 in)|primary color: red|bill shape: hooked"),
        ("a hooked seabird bill", "bill shape: hooked seabird"),
        ("wings broad, striped", "wing shape: broad-wings|wing pattern: striped"),
        ("a duck-like bird, perched in a red tree", "shape: duck-like"),
        ("the wings are not red", "-wing color: red"),
        ("white wings without stripes", "wing color: white|-wing pattern: striped"),
        ("a forked tail; feet grey", "tail shape: forked tail|leg color: grey"),
    ],
)  # fmt: skip
def test_what_people_write(text, wanted):
    assert stated(CUB, text) == set(wanted.split("|"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("it does not have a red crown", "-crown color: red"),
        ("It doesn't have a red crown.", "-crown color: red"),
        ("It doesn\u2019t have a red crown.", "-crown color: red"),
        ("the crown isn't red", "-crown color: red"),
        ("the crown isnt red", "-crown color: red"),
        ("the crown is anything but red", "-crown color: red"),
        ("the crown is nothing but red", "crown color: red"),
        ("its wings don't have stripes", "-wing pattern: striped"),
        ("wings which never have stripes", "-wing pattern: striped"),
        ("it never has a long bill", "-bill length: longer than head"),
        ("without a red crown or a black nape", "-crown color: red|-nape color: black"),
        ("without a red crown, a black nape or a hooked bill", "-crown color: red|-nape color: black|-bill shape: hooked"),
        ("a crown that is white instead of red", "crown color: white|-crown color: red"),
        ("a white rather than red crown", "crown color: white|-crown color: red"),
        ("neither a red crown nor a hooked bill", "-crown color: red|-bill shape: hooked"),
        ("it has neither a red crown nor a hooked bill, but a black nape", "-crown color: red|-bill shape: hooked|nape color: black"),
        ("neither the crown nor the nape is red", "-crown color: red|-nape color: red"),
        ("red on the crown but not on the wings", "crown color: red|-wing color: red"),
        ("a red crown, but not the nape", "crown color: red|-nape color: red"),
        ("no red, black or white on the crown", "-crown color: red|-crown color: black|-crown color: white"),
        ("the crown is not red or black", "-crown color: red|-crown color: black"),
        ("the crown is not red but black", "-crown color: red|crown color: black"),
        ("the crown is not only red but also black", "crown color: red|crown color: black"),
        ("it lacks a red crown and has a black nape", "-crown color: red|nape color: black"),
        ("a bird lacking a red crown", "-crown color: red"),
        ("not without a red crown", "crown color: red"),
        ("it does not lack a red crown", "crown color: red"),
        ("no red crown. A black nape", "-crown color: red|nape color: black"),
        ("no red crown, a black nape", "-crown color: red|nape color: black"),
        ("no red crown and a black nape", "-crown color: red|nape color: black"),
        ("a black crown with no red nape", "crown color: black|-nape color: red"),
        ("the crown, which is not red, is black", "-crown color: red|crown color: black"),
        ("unstriped wings", "-wing pattern: striped"),
        ("a non-red crown", "-crown color: red"),
        ("red legs and no hooked bill or red nape", "leg color: red|-bill shape: hooked|-nape color: red"),
    ],
)  # fmt: skip
def test_what_people_deny(text, wanted):
    assert stated(CUB, text) == set(wanted.split("|"))


PARTS_AND_COLOURS = [
    (part, color) for part in ("crown", "nape", "throat", "leg") for color in ("red", "black", "white")
]
DENYING = [
    "no {} {}",
    "not a {} {}",
    "without a {} {}",
    "it has no {} {}",
    "it doesn't have a {} {}",
    "it never has a {} {}",
    "lacks a {} {}",
]
GRANTING = ["a {} {}", "it has a {} {}", "with a {} {}"]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(PARTS_AND_COLOURS), st.booleans(), st.integers(0, 6)), min_size=1, max_size=4,
             unique_by=lambda item: item[0]),
    st.sampled_from([". ", "; ", ", but ", "\n"]),
)  # fmt: skip
def test_a_negation_ends_where_its_clause_does(clauses, sign):
    texts = [(GRANTING[i % 3] if granted else DENYING[i]).format(color, part) for (part, color), granted, i in clauses]
    wanted = {f"{'' if granted else '-'}{part} color: {color}" for (part, color), granted, _ in clauses}
    assert stated(CUB, sign.join(texts)) == wanted


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(PARTS_AND_COLOURS), min_size=2, max_size=4, unique=True),
    st.sampled_from(["without a", "neither a", "no"]),
)
def test_a_denied_list_grants_nothing(denied, opening):
    *first, last = [f"{color} {part}" for part, color in denied]
    article = "a " if opening.endswith(" a") else ""
    end = "nor" if opening.startswith("neither") else "or"
    text = f"{opening} {f', {article}'.join(first)} {end} {article}{last}"
    assert stated(CUB, text) == {f"-{part} color: {color}" for part, color in denied}


def test_a_negation_that_says_nothing_here_is_listed():
    for text in ("a red crown without a crest", "a red crown; it has no talons", "a red crown, and no nape"):
        actual, left = read_attributes(CUB, text)
        assert [item.label for item in actual] == ["crown color: red"]
        assert left


LEGS = table(
    "legs::2", "legs::4", "legs::six", "color::红", "color::黑色", "цвет::красный", "रंग::लाल", "रंग::नीला", "size::+++"
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("it has 4 legs", "legs: 4"),
        ("four legs", "legs: 4"),
        ("six legs", "legs: six"),
        ("6 legs", "legs: six"),
        ("五 legs", ""),
        ("a big red thing", ""),
        ("红色的鸟", "color: 红"),
        ("黑色", "color: 黑色"),
        ("красный цвет", "цвет: красный"),
        ("लाल रंग", "रंग: लाल"),
        ("size", ""),
    ],
)
def test_values_of_any_script(text, wanted):
    assert stated(LEGS, f"{text} bird" if "色" in text else text) == ({wanted} if wanted else set())


def test_columns_and_predicates_of_other_spellings():
    flat = table("crown_color_red", "crown_color_black", "nape_color_red")
    assert stated(flat, "a red crown") == {"crown color red"}
    assert stated(flat, "a red nape and no black crown") == {"nape color red", "-crown color black"}
    assert stated(BEASTS, "a beast with a long neck and no stripes") == {"longneck", "-stripes"}
    hair = table("hairless", "longleg", "furry")
    assert stated(hair, "a hairless animal with long legs") == {"hairless", "longleg"}
    assert stated(BEASTS, "a hornless animal") == {"-horns"}


def test_what_is_round_the_eye_is_not_the_eye():
    eyes = table("has_eye_color::white", "has_eye_color::red", "has_crown_color::red")
    actual, left = read_attributes(eyes, "a red crown and white around the eye")
    assert [item.label for item in actual] == ["crown color: red"]
    assert "white" in left
    assert stated(AVIARY, "yellow around the eye") <= {"eye ring: yellow"}


@pytest.mark.parametrize(
    "where",
    ["around the", "near its", "above the", "beside the", "behind each", "below", "close to its", "next to the"],
)
@pytest.mark.parametrize("part", ["eye", "crown", "bill"])
def test_what_is_beside_a_part_is_not_that_part(where, part):
    parts = table("has_eye_color::white", "has_bill_color::white", "has_crown_color::white", "has_nape_color::red")
    actual, left = read_attributes(parts, f"a red nape, with a white patch {where} {part}")
    assert [item.label for item in actual] == ["nape color: red"]
    assert "white" in left


def test_none_is_a_value_where_a_group_has_it():
    assert stated(AVIARY, "no crest") == {"crest: none"}
    assert stated(AVIARY, "a breast without stripes") == {"-breast pattern: striped"}
    assert stated(AVIARY, "plain wings and no ring round the eye") == {"wing pattern: solid", "eye ring: none"}


def test_attributes_without_groups():
    assert stated(BEASTS, "a big black animal with stripes and no horns") == {"big", "black", "stripes", "-horns"}


def test_what_is_left_over():
    actual, left = read_attributes(CUB, "A red crown, and a polka hat")
    assert {item.words for item in actual} == {"a red crown"}
    assert set(left) == {"polka", "hat"}


@pytest.mark.parametrize(("one", "other"), [("striped", "stripes"), ("spotted", "spots"), ("curved", "curve"), ("wings", "wing")])  # fmt: skip
def test_one_stem(one, other):
    assert stem(one) == stem(other)


def test_captions_whose_truth_is_known():
    """Of the Aviary's own captions, nothing is read that is not true, and six attributes or more are read in nearly every one."""
    right = wrong = full = 0
    for seed in range(300):
        ground_truth = choose_attributes({}, seed=seed)
        pose, habitat = [("flying", "dusk"), ("perched", "branch"), (None, None), ("preening", "meadow")][seed % 4]
        actual, _ = read_attributes(AVIARY, caption(ground_truth, seed=seed, pose=pose, habitat=habitat))
        granted = [item.attribute for item in actual if item.present]
        hits = sum(ground_truth[name.split("::")[0]] == name.split("::")[1] for name in granted)
        right, wrong, full = right + hits, wrong + len(granted) - hits, full + (hits >= 6)
    assert wrong <= 0.01 * right
    assert full >= 295


def test_proposals_are_a_recipe():
    study = small_study()
    proposed = attributes_from_text(
        study.knowledge, "red crown; a hooked, black bill. No crest, wings not blue", base=study.encoder.average
    )
    assert proposed.attributes == {
        "crown color": "red", "bill shape": "hooked", "bill color": "black", "crest": "none", "wing color: blue": False,
    }  # fmt: skip
    base = study.knowledge.values[study.seen].mean(0)
    np.testing.assert_array_equal(proposed.values, study.knowledge.describe(proposed.attributes, base=base))
    assert attributes_from_text(study.knowledge, "red crown", base=study.encoder.average).attributes == {
        "crown color": "red"
    }


def test_a_caption_builds_the_class_of_its_attributes():
    study = small_study()
    written = build_class(study, Recipe("Bird", caption="A bird with a red crown and a hooked bill."))
    given = build_class(study, Recipe("Bird", {"crown color": "red", "bill shape": "hooked"}))
    assert written.weights.equal(given.weights)
    both = build_class(study, Recipe("Bird", {"crown color": "blue"}, caption="red crown, hooked bill"))
    assert both.weights.equal(
        build_class(study, Recipe("Bird", {"crown color": "blue", "bill shape": "hooked"})).weights
    )


def test_what_is_refused():
    study = small_study()
    with pytest.raises(NiwtError, match="description is empty"):
        attributes_from_text(study.knowledge, " \n", base=study.encoder.average)
    with pytest.raises(NiwtError, match="no word that this study knows"):
        attributes_from_text(study.knowledge, "zzz qqq ... 12", base=study.encoder.average)
    with pytest.raises(NiwtError, match="6000 characters"):
        attributes_from_text(study.knowledge, "x" * 6000, base=study.encoder.average)
    with pytest.raises(NiwtError, match="knows classes by embedding"):
        attributes_from_text(replace(study.knowledge, kind="embedding"), "red crown", base=study.encoder.average)
    with pytest.raises(NiwtError, match="recipe Bird"):
        build_class(study, Recipe("Bird", caption="quarterly tax return"))


def test_an_encoder_explains_what_no_word_does():
    class Knows:
        """A sanguine pate is near a red crown."""

        memory, columns = None, ("x", "y")

        def encode(self, texts):
            return np.array(
                [[1, 0] if text in ("sanguine pate", "red crown") else [0, 1] for text in texts], np.float32
            )

    actual, left = read_attributes(AVIARY, "sanguine pate", encoder=Knows())
    assert ([item.attribute for item in actual], left) == (["crown color::red"], ())
    actual, left = read_attributes(AVIARY, "sanguine pate")
    assert (actual, set(left)) == ((), {"sanguine", "pate"})
