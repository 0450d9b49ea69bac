"""Finding neurons: stems, other words, typing errors, classes, numbers; how a word was read is said."""

import numpy as np
import pytest

from niwt_core.neurons.neuron import Neuron
from niwt_core.neurons.search import other_words, search_neurons

LABELS = ["wing color: green", "wing color: red", "bill shape: hooked", "crown color: red", "wing pattern: striped", ""]
CLASSES = ("001.Green_Jay", "Ruby Needlebill", "house cat")


def neurons() -> list[Neuron]:
    return [
        Neuron(i, label.replace(": ", "::"), label, "verified" if label else "unnamed", 0.9, 0.001, 0.001, 1.0)
        for i, label in enumerate(LABELS)
    ]


def importance(name: str) -> np.ndarray:
    return np.array([0.1, -0.2, 0.5, 0.0, 0.3, 0.2]) if name == "Ruby Needlebill" else np.ones(6)


def search(asked: str):
    return search_neurons(
        asked, neurons(), synonyms={"wing pattern::striped": ("zebra",)}, classes=CLASSES, importance=importance
    )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("", (0, 1, 2, 3, 4, 5)),
        ("wings", (0, 1, 4)),
        ("green wings", (0,)),
        ("Wing, GREEN!", (0,)),
        ("re", (1, 3)),  # still being typed
        ("zebra", (4,)),
        ("№ 3", (3,)),
        ("#5", (5,)),
        ("banded wing", (4,)),
    ],
)
def test_words_in_any_form(asked, expected):
    assert search(asked).neurons == expected


@pytest.mark.parametrize(
    ("asked", "expected", "meant"),
    [
        ("beak", (2,), ("beak", "bill")),
        ("scarlet", (1, 3), ("scarlet", "red")),
        ("grean", (0,), ("grean", "green")),
        ("hookd", (2,), ("hookd", "hook")),
        ("beek", (2,), ("beek", "bill")),
        ("strpied", (4,), ("strpied", "striped")),
    ],
)
def test_other_words_and_errors_are_read_and_said(asked, expected, meant):
    result = search(asked)
    assert result.neurons == expected
    assert result.read_as[0][0] == meant[0]
    assert result.read_as[0][1][:4] == meant[1][:4]


def test_a_class_gives_the_neurons_that_matter_to_it():
    for asked in ("ruby needlebill", "needlebill", "rubi needlebil"):
        result = search(asked)
        assert result.class_name == "Ruby Needlebill"
        assert result.neurons == (2, 4, 5, 0)
    assert search("rubi needlebil").read_as == (("rubi needlebil", "Ruby Needlebill"),)
    assert search("house").class_name == "house cat"


def test_what_nobody_says_finds_nothing():
    result = search("xylophonist")
    assert result.neurons == ()
    assert result.class_name == ""


def test_other_words_of_an_attribute():
    words = other_words("bill shape: needle", ("spine",))
    assert {"beak", "spine", "spiky"} <= set(words)
    assert "bill" not in words
    assert "scarlet" in other_words("crown color: red")


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("blue", "crown color: blue"), ("azul", "crown color: blue"), ("crown blue", "crown color: blue")],
)
def test_an_attribute_that_no_neuron_is_named_after_is_found_by_what_it_calls_for(asked, expected):
    """It is not taken for a class that begins like it, nor for a word that is spelled like it."""
    calls_for = {"crown color: blue": np.array([0, 3, -1, 0, 2, 0.0]), "crown color: red": np.ones(6)}
    result = search_neurons(
        asked,
        neurons(),
        synonyms={"wing pattern::striped": ("haul",)},
        classes=("bluetick", *CLASSES),
        importance=importance,
        attributes={"crown color: blue": ("azul",), "crown color: red": ()},
        attribute_importance=calls_for.__getitem__,
    )
    assert (result.attributes, result.neurons, result.class_name) == ((expected,), (1, 4), "")


def test_a_neuron_s_name_goes_before_an_attribute():
    result = search_neurons(
        "red", neurons(), synonyms={}, classes=CLASSES, importance=importance,
        attributes={"leg color: red": ()}, attribute_importance=lambda _: np.ones(6),
    )  # fmt: skip
    assert (result.attributes, result.neurons) == ((), (1, 3))


def test_words_that_name_two_attributes_mean_both():
    rows = {"color: blue": np.array([0, 4, 0, 0, 0, 0.0]), "limbs: wings": np.array([0, 0, 0.2, 0, 0.1, 0])}
    result = search_neurons(
        "blue wings", neurons()[3:] + neurons()[:3], synonyms={}, classes=CLASSES, importance=importance,
        attributes=dict.fromkeys(rows, ()), attribute_importance=rows.__getitem__,
    )  # fmt: skip
    assert result.attributes == ("color: blue", "limbs: wings")
    assert result.neurons == (1, 2, 4)  # each attribute weighs the same
