"""Names from links, recipes and studies reach Streamlit as text, whatever signs they hold."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from niwt_core.files import digest
from pages.components.build.classes import class_widget_key
from pages.components.shared.markdown import escape_markdown

HOSTILE = [
    "![x](https://example.org/x.png)",
    "[a](b)",
    "<img src=x>",
    ":material/home:",
    "$x$",
    "`a`",
    "**b**",
    "# c",
    "a|b",
    ":red[x]",
    "2. x",
    "- x",
]


def shown(escaped: str) -> str:
    """What CommonMark shows of backslash escapes."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escaped)


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]), max_size=40) | st.sampled_from(HOSTILE)
)
def test_every_sign_is_text(name):
    escaped = escape_markdown(name)
    assert shown(escaped) == name
    left = re.sub(r"\\[!-/:-@\[-`{-~]", "", escaped)
    assert not re.search(r"[\\`*_\[\]<>#|~$&]|:\S", left)


def test_lone_surrogates_and_lines():
    escape_markdown("\ud800").encode()
    assert "\n" not in escape_markdown("a\n# b")


@pytest.mark.parametrize(("one", "other"), [("鳥", "魚"), ("A!", "A?"), ("é", "è"), ("a b", "a-b")])
def test_names_that_differ_have_widget_keys_that_differ(one, other):
    assert class_widget_key(one) != class_widget_key(other)
    assert class_widget_key(one).endswith(digest(one)[:8])
