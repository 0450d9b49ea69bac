"""The words of a fragment's language: fixed texts, and attributes by their labels. The engine speaks English; an app may bring another language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from niwt_core.explain.parts import AttributeScore
from niwt_core.explain.sentence import sentence_of
from niwt_core.explain.statements import Statements
from niwt_core.knowledge import noun_phrases


class Wording(Protocol):
    """How a language says what a fragment or a report shows; ``language``: its code in HTML."""

    language: str

    def fixed(self, message: str, /, **values: object) -> str:
        """A fixed text, with ``values`` in the place of its {names}."""

    def counted(self, one: str, many: str, count: int, /, **values: object) -> str:
        """The one or the other as the language's grammar has it for ``count``, which is the value of {count}."""

    def sentence(self, stated: Statements) -> str:
        """What is claimed of a picture."""

    def phrase(self, label: str) -> str:
        """An attribute by itself: "red crown"."""

    def entry(self, label: str, *, present: bool = True) -> str:
        """An attribute in a list, or its absence: "a red crown", "no red crown"."""

    def listed(self, labels: Sequence[str]) -> str:
        """Several attributes in a sentence: "a red crown and red legs"."""

    def change(self, word: AttributeScore) -> str:
        """What to do to a description: "take away the white crown", "add a black tail"."""


class English:
    """The engine's own words."""

    language = "en"

    def fixed(self, message: str, /, **values: object) -> str:
        return message.format(**values) if values else message

    def counted(self, one: str, many: str, count: int, /, **values: object) -> str:
        return self.fixed(one if count == 1 else many, count=count, **values)

    def sentence(self, stated: Statements) -> str:
        return sentence_of(stated)

    def phrase(self, label: str) -> str:
        return noun_phrases.phrase(label)

    def entry(self, label: str, *, present: bool = True) -> str:
        return noun_phrases.entry(label, present=present)

    def listed(self, labels: Sequence[str]) -> str:
        return noun_phrases.join(noun_phrases.mentions(labels))

    def change(self, word: AttributeScore) -> str:
        bare, verb = noun_phrases.phrase(word.label), "take away" if word.present else "add"
        if bare.startswith("no "):  # "crest: none"
            bare = bare.removeprefix("no ")
            return f"add {noun_phrases.with_article(bare)}" if word.present else f"take away the {bare}"
        if bare.startswith("“"):
            return f"{verb} {bare}"
        return f"take away the {bare}" if word.present else f"add {noun_phrases.with_article(bare)}"


ENGLISH: Wording = English()
