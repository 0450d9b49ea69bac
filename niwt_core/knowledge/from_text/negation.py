"""What a "not" takes in: spellings of negation brought to a few words, and the pieces of a sentence that each of them denies.

`without`, `neither` and `no` deny the list that follows ("without a red crown or a black tail"); `but`, a verb of its own and the end of the
sentence end it; two in one piece cancel out. "Only", "nothing but" and "not only" deny nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol, TypeVar

_AUXILIARY = r"(?:does|do|did|has|have|had|is|are|was|were|can|could|will|would|should|may|might|must)"
_OWNS = (
    r"(?:have|has|having|had|show|shows|showing|possess|possesses|possessing|bear|bears|bearing|carry|carries|display|displays|displaying|sport|"
    r"sports|feature|features|exhibit|exhibits|wear|wears|include|includes|come with|comes with)"
)
_ADVERB = r"(?:\w+ly |ever |even |quite |at all |really )?"

# Tried in this order on a sentence in lower case without hyphens.
_SPELLINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (r"\b(?:ca|wo|sha)n?['\u2019\u02bc`]t\b", "not"),
        (r"\bai?n['\u2019\u02bc`]t\b", "not"),
        (r"\b(\w+)n['\u2019\u02bc`]t\b", r"\1 not"),
        (r"\b(is|are|was|were|do|does|did|has|have|had|would|could|should)nt\b", r"\1 not"),
        (r"\bcannot\b", "can not"),
        (r"\bnot (?:only|just|merely|simply)\b", ""),
        (r"\bbut also\b", "and"),
        (r"\bnothing but\b", "only"),
        (r"\b(?:anything|everything) but\b", "not"),
        (
            r"\b(?:by no means|in no way|far from|nowhere near|hardly|barely|scarcely|no longer|none of|not at all|other than)\b",
            "not",
        ),
        (r"\b(?:instead of|rather than|as opposed to|in place of|in contrast to|unlike)\b", ", not"),
        (r"\bexcept(?:ing)?(?: for| on| in)?\b|\bapart from\b|\bsave for\b|\bexcluding\b|\bbut for\b", " except"),
        (rf"\b(?:{_AUXILIARY} )?(?:not|never) {_ADVERB}(?:without|lack|lacks|lacking)\b", "with"),
        (
            r"\b(?:lacks|lacking|lack|devoid of|free of|free from|in the absence of|absence of|missing|sans|minus)\b",
            "without",
        ),
        (rf"\b(?:{_AUXILIARY} )?(?:not|never) {_ADVERB}{_OWNS}\b", "without"),
        (rf"\bnor (?:{_AUXILIARY} )?(?:it |they |he |she )?(?:{_OWNS} )?", "nor "),
        (r"\bun(barred|striped|spotted|streaked|speckled|banded|crested|hooked|curved|forked|pointed)\b", r"not \1"),
    )
)
DENIALS = frozenset(["no", "not", "without", "neither", "never", "non"])
_ARTICLES = frozenset(["a", "an", "the", "its", "any", "his", "her", "their"])


class Denied(Protocol):
    """A piece of a sentence, as far as negation goes."""

    @property
    def words(self) -> tuple[str, ...]: ...
    @property
    def parts(self) -> tuple[str, ...]: ...
    @property
    def joined(self) -> str: ...
    @property
    def copula(self) -> bool: ...


P = TypeVar("P", bound=Denied)


def plain_negations(sentence: str) -> str:
    """The sentence with every spelling of a negation brought to no, not, without, neither, nor or except."""
    for pattern, meaning in _SPELLINGS:
        sentence = pattern.sub(meaning, sentence)
    return sentence


def denies(words: Sequence[str]) -> bool:
    """The words deny what they say: an odd number of negations."""
    return sum(word in DENIALS for word in words) % 2 == 1


def scope(pieces: Sequence[P]) -> list[bool]:
    """Which pieces of one sentence are denied, by their own words or by a negation before them."""
    denied: list[bool] = []
    opened: str | None = None  # the negation that is in force
    listed = False  # its first piece began with an article
    for i, piece in enumerate(pieces):
        denial = next((word for word in piece.words if word in DENIALS), None)
        if denial is not None:
            opened = denial if denies(piece.words) else None
            listed = _has_article(piece)
            denied.append(opened is not None)
            continue
        if piece.joined == "nor":
            opened = opened or "nor"
        elif piece.joined == "and":
            if opened is not None and (
                piece.copula
                or (piece.parts and (opened not in ("without", "neither") or listed != _has_article(piece)))
            ):
                opened = None
        elif piece.joined == ",":
            if not _list_goes_on(pieces, i) or listed != _has_article(piece):
                opened = None
        elif piece.joined != "or":
            opened = None
        denied.append(opened is not None)
    return denied


def _has_article(piece: Denied) -> bool:
    return next((word in _ARTICLES for word in piece.words if word not in DENIALS), False)


def _list_goes_on(pieces: Sequence[Denied], i: int) -> bool:
    """The comma before piece i is one of a list that ends with "or" or "nor"."""
    for piece in pieces[i:]:
        if piece.copula or any(word in DENIALS for word in piece.words):
            return False
        if piece.joined in ("or", "nor"):
            return True
        if piece.joined != ",":
            return False
    return False
