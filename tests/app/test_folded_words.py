"""Long lists of understood words are folded: the live panel of the editor stays in sight."""

import re

from pages.components.shared.understood import SHOWN, folded


def test_short_lists_are_one_line() -> None:
    assert folded("Understood", ["red", "round"]) == '<p class="cyn-sub">Understood: red; round.</p>'


def test_long_lists_show_some_and_fold_the_rest_and_lose_none() -> None:
    words = [f"word number {i}" for i in range(40)]
    markup = folded("Understood", words)
    summary = re.search("<summary>(.*)</summary>", markup)
    assert summary is not None
    assert len(summary[1]) < SHOWN + 60
    assert all(word in markup for word in words)
    count = int(re.search(r"(\d+) more", markup)[1])  # type: ignore[index]
    assert summary[1].count("word number") + count == 40
    assert "<script>" not in folded("Not understood", ["<script>" * 40, "x"])


def test_one_endless_word_is_shown_whole() -> None:
    assert folded("Not understood", ["x" * 300]).startswith("<p")
