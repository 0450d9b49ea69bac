"""The words that a newcomer does not know, each explained where it is first met; one table, which docs/glossary.md repeats.

A word is a native button that opens a native popover: it works by keyboard, by touch and for screen readers, takes no room in the line and needs
no script.
"""

from __future__ import annotations

import csv
import html
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from niwt_core.files import digest
from pages.components.shared import language


@dataclass(frozen=True)
class Term:
    """A word, how it may be written in a sentence (the longest first), and what it means; ``key`` is its English name."""

    key: str
    name: str
    forms: tuple[str, ...]
    meaning: str

    @property
    def sentence(self) -> str:
        """Plain text for Streamlit's own ``help``."""
        return f"{self.name[:1].upper()}{self.name[1:]}: {self.meaning}."


def terms() -> dict[str, Term]:
    """All words by English name, in the session's language and in the order of the table."""
    return terms_in(language.current())


@cache
def terms_in(spoken: str) -> dict[str, Term]:
    """All words in one language."""
    suffix = ".tsv" if spoken == language.ENGLISH else f".{spoken}.tsv"
    with Path(__file__).with_suffix(suffix).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    return {
        row["term"]: Term(
            row["term"],
            row.get("name") or row["term"],
            tuple(sorted(row["forms"].split(", "), key=len, reverse=True)),
            row["meaning"],
        )
        for row in rows
    }


def help_for(*names: str) -> str:
    """What the words mean, a line each, for the ``help`` of a widget."""
    return "  \n".join(terms()[name].sentence for name in names)


def explained(words: str, *names: str) -> str:
    """Markup of plain ``words``; the first place of each word of ``names`` opens its meaning."""
    places: list[tuple[int, int, Term]] = []
    for name in names:
        term = terms()[name]
        span = _first(words, term)
        if span is not None and not any(span[0] < end and start < span[1] for start, end, _ in places):
            places.append((*span, term))
    parts, at = [], 0
    for start, end, term in sorted(places, key=lambda place: place[0]):
        parts += [html.escape(words[at:start]), _button(words[start:end], term, digest(words)[:8])]
        at = end
    return "".join([*parts, html.escape(words[at:])])


def label(words: str) -> str:
    """Markup of the name of a figure: it opens its meaning where it is one of the words, however it is written."""
    names = [term.key for term in terms().values() if words.lower() in {form.lower() for form in term.forms}]
    return explained(words, *names[:1])


def holds(words: str, name: str) -> bool:
    """Whether the word ``name`` stands in ``words``."""
    return _first(words, terms()[name]) is not None


def _first(words: str, term: Term) -> tuple[int, int] | None:
    flags = 0 if len(term.name) == 1 else re.IGNORECASE
    for form in term.forms:
        match = re.search(rf"(?<!\w){re.escape(form)}(?!\w)", words, flags)
        if match:
            return match.span()
    return None


def _button(shown: str, term: Term, place: str) -> str:
    target = f"term-{re.sub('[^A-Za-z]+', '-', term.key)}-{place}"
    return (
        f'<button type="button" class="cyn-term" popovertarget="{target}">{html.escape(shown)}</button>'
        f'<span popover="auto" id="{target}" class="cyn-meaning" role="note"><b>{html.escape(term.name)}</b> {html.escape(term.meaning)}</span>'
    )
