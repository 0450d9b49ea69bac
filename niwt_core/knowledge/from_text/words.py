"""Words of any language: letters with their marks, and digits; number words are numbers."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby

NUMBERS = {
    word: str(n)
    for n, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
} | {"both": "2", "single": "1", "hundred": "100"}
_POSSESSIVE = re.compile(r"['\u2019]s\b")
_IDEOGRAPHS = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")


def composed(text: str) -> str:
    """Lower case with composed letters (NFC): "E\u0301" and "é" are one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def words_of(text: str) -> list[str]:
    """The words of a text in lower case: runs of letters with their marks, and runs of digits; an ideograph is a word of its own.

    Hyphens and underscores part words, a possessive s is dropped.
    """
    words: list[str] = []
    for kind, run in groupby(_POSSESSIVE.sub("", composed(text)), key=_kind):
        if kind == "letter":
            word = "".join(run)
            words += [part for part in re.split(rf"({_IDEOGRAPHS.pattern})", word) if part]
        elif kind == "digit":
            words.append("".join(str(unicodedata.decimal(sign)) for sign in run))
    return words


def _kind(sign: str) -> str:
    category = unicodedata.category(sign)
    return "letter" if category[0] in "LM" else "digit" if category == "Nd" else ""


def stem(word: str) -> str:
    """What is the same in "striped", "stripes" and "stripe", in "two" and "2": a light stemmer, for matching only."""
    word = composed(word)
    if word in NUMBERS:
        return NUMBERS[word]
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        word = word[:-1]
    for ending in ("ed", "ing"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
                word = word[:-1]
            break
    return word.removesuffix("e") if len(word) > 3 else word


def singular(word: str) -> str:
    """One of many: "shelves" -> "shelf", "boxes" -> "box", "stripes" -> "stripe"; a number word is its number. English, for matching only."""
    word = composed(word)
    if word in NUMBERS:
        return NUMBERS[word]
    if len(word) > 4 and word.endswith("ves"):
        return word[:-3] + "f" if word[:-3].endswith(("l", "ea", "oa", "ar")) else word[:-1]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith(("shes", "ches", "xes", "sses", "zes", "oes")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
