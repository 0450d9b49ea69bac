"""Free text to attributes: what is understood, what is not, and how well on captions whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest

from niwt_core import NiwtError, Recipe, build_class
from niwt_core.data.aviary.attributes import ATTRIBUTE_NAMES, choose_attributes
from niwt_core.data.aviary.caption import caption
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.from_text import attributes_from_text, read_attributes
from niwt_core.knowledge.from_text.phrases import stem
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


def said(knowledge: Knowledge, text: str) -> set[str]:
    """What is granted, and what is denied with a minus."""
    found, _ = read_attributes(knowledge, text)
    return {("" if item.present else "-") + item.label for item in found}


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
    assert said(CUB, text) == set(wanted.split("|"))


def test_none_is_a_value_where_a_group_has_it():
    assert said(AVIARY, "no crest") == {"crest: none"}
    assert said(AVIARY, "a breast without stripes") == {"-breast pattern: striped"}
    assert said(AVIARY, "plain wings and no ring round the eye") == {"wing pattern: solid", "eye ring: none"}


def test_attributes_without_groups():
    assert said(BEASTS, "a big black animal with stripes and no horns") == {"big", "black", "stripes", "-horns"}


def test_what_is_left_over():
    found, left = read_attributes(CUB, "A red crown, and a polka hat")
    assert {item.words for item in found} == {"a red crown"}
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
        found, _ = read_attributes(AVIARY, caption(ground_truth, seed=seed, pose=pose, habitat=habitat))
        granted = [item.attribute for item in found if item.present]
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

    found, left = read_attributes(AVIARY, "sanguine pate", encoder=Knows())
    assert ([item.attribute for item in found], left) == (["crown color::red"], ())
    found, left = read_attributes(AVIARY, "sanguine pate")
    assert (found, set(left)) == ((), {"sanguine", "pate"})
