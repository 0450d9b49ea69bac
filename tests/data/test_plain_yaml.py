"""YAML without tags, anchors and merge keys: what it is to people is what is read; everything else is refused at once."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niwt_core.data.plain_yaml import LARGEST, parse_plain, read_plain, resolved, to_yaml
from niwt_core.errors import NiwtError


def read(text: str) -> object:
    return resolved(parse_plain(text, where="file"))


def refusal(text: str) -> str:
    """The line that refuses a text; empty if it is read. Anything but a `NiwtError` fails."""
    try:
        read(text)
    except NiwtError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("No", "No"),
        ("on", "on"),
        ("yes", "yes"),
        ("2001-01-31", "2001-01-31"),
        ("12:30:45", "12:30:45"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("017", "017"),
        ("1_000", "1_000"),
        ("4", 4),
        ("-2.5", -2.5),
        ("1e-4", 1e-4),
        ("true", True),
        ("'true'", "true"),
        ('"4"', "4"),
        ("~", None),
        ("٤", "٤"),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_what_a_scalar_is(text, value):
    actual = read(f"key: {text}")["key"]
    assert actual == value
    assert type(actual) is type(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: !!timestamp 2001", "a tag"),
        ("a: !!int ''", "a tag"),
        ("a: !!bool x", "a tag"),
        ("a: !!float q", "a tag"),
        ("a: !own {}", "a tag"),
        ("a: &x 1", "anchor or alias"),
        ("a: &x [1]\nb: *x", "anchor or alias"),
        ("a: {<<: {b: 1}}", "merge key"),
        ("a: 1\na: 2", "'a' is given twice in line 2"),
        ("a: {b: 1, 'b': 2}", "'b' is given twice"),
        ("[a]: 1", "a name that is no text"),
        ("a: [[[[1]]]]", "nested too deeply"),
        ("a: 1\n--- \nb: 2", "second document in line 2"),
        ("a: [", "not valid YAML in line"),
        ("x" * (LARGEST + 1), "too large"),
    ],
)
def test_what_is_refused(text, message):
    with pytest.raises(NiwtError, match=message):
        read(text)


@pytest.mark.timeout(20)
def test_merge_keys_that_never_ended():
    laughs = "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 30))
    for text in (f"a0: &a0 {{x: 1}}\n{laughs}", "a: " + "{<<: " * 20 + "{}" + "}" * 20):
        with pytest.raises(NiwtError):
            read(text)


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "unit",
    ["[", "{", "- ", "? ", "a: ", "!", "&a ", "'", '"\\', "|\n", "#", ",", "a:\n ", "- - ", "\t", "%", "{a: ", "---\n"],
)
def test_the_largest_text_of_one_sign_is_answered(unit):
    assert len(refusal((unit * LARGEST)[:LARGEST])) < 700


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\x85\ufeff"), max_size=12).filter(
    str.isprintable
)
values = st.one_of(
    words, st.booleans(), st.integers(-(10**15), 10**15), st.floats(allow_nan=False, allow_infinity=False, width=32)
)


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        words, st.one_of(values, st.lists(values, max_size=3), st.dictionaries(words, values, max_size=3)), max_size=4
    )
)
def test_what_is_written_is_read(mapping):
    assert read(to_yaml(mapping)) == mapping


def test_shared_values_are_written_out():
    shared = ["red", np.float32(0.5)]
    assert read(to_yaml({"a": shared, "b": shared})) == {"a": ["red", 0.5], "b": ["red", 0.5]}


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text("ab:{}[],-&*!<'\"#|>?%@ \n0123456789.", max_size=60))
def test_any_text_is_read_or_refused(text):
    assert "\n" not in refusal(text)


def test_a_pipe_is_refused_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(NiwtError, match="no regular file"):
        read_plain(tmp_path / "pipe.yaml", "recipe")
