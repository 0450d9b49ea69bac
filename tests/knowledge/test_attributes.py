"""The class table: lookup by any spelling, descriptions of new classes, presence."""

import numpy as np
import pytest

from niwt_core.errors import NiwtError
from niwt_core.knowledge.attributes import Knowledge, readable

NAMES = ("has_crown_color::red", "has_crown_color::black", "has_crown_color::grey", "has_size::very_large_(32_-_72_in)",
         "has_size::small", "long_neck")  # fmt: skip
CLASSES = ("001.Red_Bird", "002.Black_Bird", "003.Grey_Bird")
PERCENT = [[90, 5, 5, 80, 10, 100], [0, 70, 20, 0, 30, 0], [10, 20, 55, 4, 20, 50]]


@pytest.fixture
def percent() -> Knowledge:
    return Knowledge("attributes", CLASSES, NAMES, np.array(PERCENT))


@pytest.fixture
def binary() -> Knowledge:
    return Knowledge("attributes", CLASSES, NAMES, np.array(PERCENT) >= 50)


def test_scale_is_that_of_the_table(percent, binary):
    assert (percent.scale, binary.scale) == (100, 1)
    assert (percent.binary, binary.binary) == (False, True)
    assert percent.values.dtype == np.float32
    assert percent.restrict(CLASSES[1:2]).scale == 100


def test_readable():
    assert readable("has_crown_color::red") == "crown color: red"
    assert readable("has_bill_shape::curved_(up_or_down)") == "bill shape: curved (up or down)"
    assert readable("longneck") == "longneck"


def test_groups_are_columns(percent):
    assert list(percent.groups) == ["has_crown_color", "has_size", "long_neck"]
    np.testing.assert_array_equal(percent.groups["has_crown_color"], [0, 1, 2])
    np.testing.assert_array_equal(percent.groups["long_neck"], [5])
    assert percent.labels[0] == "crown color: red"


def test_rows_by_class(percent):
    np.testing.assert_array_equal(percent.of("002.Black_Bird"), PERCENT[1])
    chosen = percent.restrict(("003.Grey_Bird", "001.Red_Bird"))
    np.testing.assert_array_equal(chosen.values, [PERCENT[2], PERCENT[0]])
    assert chosen.classes == ("003.Grey_Bird", "001.Red_Bird")
    with pytest.raises(NiwtError, match=r"'001.Red_Brid'.*did you mean 001.Red_Bird"):
        percent.of("001.Red_Brid")


@pytest.mark.parametrize(
    "text", ["has_crown_color::black", "crown color::black", "Crown Color: Black", "crown_color:black"]
)
def test_column_by_any_spelling(percent, text):
    assert percent.column(text) == 1


def test_column_with_odd_signs(percent):
    assert percent.column("size: very large (32 - 72 in)") == 3
    assert percent.column("Long neck") == 5


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("crown color: rde", "crown color: red"),
        ("red", "crown color: red"),
        ("crown color", "crown color: black"),
        ("crwn color", "crown color"),
    ],
)
def test_unknown_column_names_the_closest(percent, text, near):
    with pytest.raises(NiwtError, match=f"no attribute '{text}'") as caught:
        percent.column(text)
    assert near in caught.value.fix


def test_describe_starts_from_the_mean(percent):
    np.testing.assert_allclose(percent.describe({}), np.mean(PERCENT, axis=0), rtol=1e-6)
    np.testing.assert_array_equal(percent.describe({}, base=percent.of(CLASSES[0])), PERCENT[0])


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ({"crown color": "red"}, [100, 0, 0, 1, 2, 3]),
        ({"has_crown_color": "Grey"}, [0, 0, 100, 1, 2, 3]),
        ({"crown color": ["red", "black"]}, [50, 50, 0, 1, 2, 3]),
        ({"crown color": {"red": 70, "black": True}}, [70, 100, 0, 1, 2, 3]),
        ({"crown color": False}, [0, 0, 0, 1, 2, 3]),
        ({"has_crown_color::red": 80}, [80, 8, 9, 1, 2, 3]),
        ({"size: small": True, "long neck": False}, [7, 8, 9, 1, 100, 0]),
        ({"crown color::black": 30, "crown color": "red"}, [100, 30, 0, 1, 2, 3]),
        ({"size": "very large (32 - 72 in)", "long_neck": np.float32(12)}, [7, 8, 9, 100, 0, 12]),
    ],
)
def test_describe(percent, description, expected):
    base = np.array([7, 8, 9, 1, 2, 3], dtype=np.float32)
    row = percent.describe(description, base=base)
    np.testing.assert_array_equal(row, expected)
    assert row.dtype == np.float32
    np.testing.assert_array_equal(base, [7, 8, 9, 1, 2, 3])  # left as it was


def test_values_of_a_binary_table_do_not_share(binary):
    np.testing.assert_array_equal(binary.describe({"crown color": ["red", "black"]})[:3], [1, 1, 0])


@pytest.mark.parametrize(
    ("description", "named"),
    [
        ({"crown colour": "red"}, "crown color"),
        ({"crown color": "rad"}, "red"),
        ({"crown color": ["red", "blue"]}, "'blue'"),
        ({"crown color": 5}, "crown color"),
        ({"crown color": True}, "crown color"),
        ({"crown color": None}, "crown color"),
        ({"crown color": []}, "crown color"),
        ({"crown color": {"red": float("nan")}}, "crown color: red"),
        ({"long neck": float("nan")}, "long neck"),
        ({"long neck": float("inf")}, "long neck"),
        ({"long neck": -1}, "long neck"),
        ({"long neck": 101}, "from 0 to 100"),
        ({"long neck": "80"}, "long neck"),
        ({"long neck": [1]}, "long neck"),
        ({3: 4}, "'3'"),
        (["red"], "not a description"),
    ],
)
def test_describe_refuses_in_one_line(percent, description, named):
    with pytest.raises(NiwtError) as caught:
        percent.describe(description)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_describe_needs_attributes_and_a_base_that_fits(percent):
    with pytest.raises(NiwtError, match="embedding has no attributes"):
        Knowledge("embedding", ("a",), ("x",), np.ones((1, 1))).describe({})
    with pytest.raises(NiwtError, match="base of 2 values for 6"):
        percent.describe({}, base=np.zeros(2))


def test_presence_of_a_binary_table_is_the_table(binary):
    np.testing.assert_array_equal(binary.presence(), binary.values == 1)


def test_presence_of_percentages():
    table = np.array([[90, 40, 5, 60], [50, 10, 0, 60], [49, 24, 0, 60], [0, 25, 0, 60]])
    expected = [
        [1, 1, 0, 1],  # a column that reaches half: from half; one to 40: from its midpoint 25; one to 5: nobody
        [1, 0, 0, 1],
        [0, 0, 0, 1],
        [0, 1, 0, 1],
    ]
    knowledge = Knowledge("attributes", tuple("abcd"), tuple("wxyz"), table)
    np.testing.assert_array_equal(knowledge.presence(), np.array(expected, dtype=bool))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": np.zeros((2, 6))}, r"shape \(2, 6\) for 3 classes and 6 names"),
        ({"values": np.full((3, 6), np.nan)}, "class 001.Red_Bird, has_crown_color::red"),
        ({"names": ("a", "a", "b", "c", "d", "e")}, "attribute a appears more than once"),
        ({"classes": ("a", "b", "a")}, "class a appears more than once"),
        ({"kind": "words"}, "unknown kind of knowledge 'words'"),
    ],
)
def test_a_wrong_table_is_refused(change, message):
    with pytest.raises(NiwtError, match=message):
        Knowledge(**{"kind": "attributes", "classes": CLASSES, "names": NAMES, "values": np.array(PERCENT)} | change)


LEGS = Knowledge(
    "attributes",
    ("a", "b"),
    ("legs::2", "legs::4", "tail::yes", "tail::no", "horn"),
    np.array([[1, 0, 1, 0, 1], [0, 1, 0, 1, 0]]),
)


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        ({"legs": 4}, [0, 1, 9, 9, 9]),
        ({"legs": "4"}, [0, 1, 9, 9, 9]),
        ({"legs": 2.0}, [1, 0, 9, 9, 9]),
        ({"legs": [2, 4]}, [1, 1, 9, 9, 9]),
        ({"tail": "no"}, [9, 9, 0, 1, 9]),
        ({"tail": False}, [9, 9, 0, 1, 9]),
        ({"tail": True}, [9, 9, 1, 0, 9]),
        ({"legs": "no"}, [0, 0, 9, 9, 9]),
        ({"horn": "no"}, [9, 9, 9, 9, 0]),
        ({"horn": "Yes"}, [9, 9, 9, 9, 1]),
    ],
)
def test_values_that_are_numbers_or_yes_and_no(description, expected):
    np.testing.assert_array_equal(LEGS.describe(description, base=np.full(5, 9, np.float32)), expected)


@pytest.mark.parametrize("description", [{"legs": 4, "Legs": 2}, {"horn": 1, "Horn": 0}, {"legs::2": 1, "legs: 2": 0}])
def test_one_attribute_by_two_spellings_is_refused(description):
    with pytest.raises(NiwtError, match="given twice"):
        LEGS.describe(description)


def test_composed_and_decomposed_letters_are_one_name():
    knowledge = Knowledge("attributes", ("a",), ("t\u00eate::ros\u00e9",), np.ones((1, 1)))
    assert knowledge.column("te\u0302te: rose\u0301") == 0


def test_another_word_for_an_attribute_is_led_to_it():
    """ "beak" is nearer to "head" in letters, and means the short bill."""
    table = Knowledge(
        "attributes",
        ("a",),
        ("head::short bill", "head::mane"),
        np.ones((1, 2)),
        synonyms={"head::short bill": ("Beak",)},
    )
    with pytest.raises(NiwtError, match=r"did you mean head: short bill\?"):
        table.column("beak")
