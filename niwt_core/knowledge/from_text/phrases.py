"""A description in words as parts and what is said of them: "its bill is long and hooked" -> (bill; long, hooked).

No grammar is parsed but that of negation. A sentence falls into pieces at commas and joining words; a piece that names no part goes to the part next
to it, a piece that names only parts shares what its neighbour says.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from niwt_core.knowledge.from_text.negation import DENIALS, denies, plain_negations, scope
from niwt_core.knowledge.from_text.thesaurus import ANIMALS, COPULAS, JOINS, PARTS, PHRASES, SMALL
from niwt_core.knowledge.from_text.words import composed, stem, words_of

WHOLE_PART = "*"  # the animal itself
_PIECE = re.compile(r"[,:，、：]|\b(?:" + "|".join(sorted(JOINS)) + r")\b|(?=\b(?:without|neither|except)\b)")
_SENTENCE = re.compile(r"(?<!\d)\.|\.(?!\d)|[;!?\n。；！？।]+")
_STARTS_ANEW = frozenset(["a", "an", "the", "its", "it"])
_OWNS = frozenset(["with", "has", "have", "having"])
_CONTINUES = COPULAS | {"which", "that"}  # "the crown, which is not red, is black"
_PLACE = frozenset(
    ["in", "on", "at", "among", "by", "under", "near", "over"]
)  # "perched in a green wood" is about no part
_BESIDE = re.compile(
    r"\b(?:around|round|about|near|nearby|beside|besides|behind|above|below|beneath|underneath|next to|close to|surrounding|encircling) "
    r"(?:(?:the|its|his|her|their|each|both) )?(\w+)"
)
_LESS = re.compile(r"\b(\w{4,})less\b")  # "hornless" is "no horn"


@dataclass(frozen=True)
class Piece:
    """``parts`` in stems joined by a space (WHOLE_PART for the animal), ``said`` the other words as written, ``negated``, ``copula``: "is" or
    "are" stands between; ``anew``: begins with an article; ``joined``: the sign or word before it."""

    parts: tuple[str, ...]
    content: tuple[str, ...]
    negated: bool = False
    copula: bool = False
    anew: bool = False
    joined: str = ""
    words: tuple[str, ...] = field(default=())


def pieces(text: str, parts: Collection[tuple[str, ...]], compounds: Collection[str] = ()) -> list[Piece]:
    """The pieces of a description, parts shared out.

    parts: the study's, as tuples of stems; compounds: stems of its attributes that are several words in one, such as "longneck".
    """
    known = {*parts, *((stem(word),) for word in PARTS)}
    out: list[Piece] = []
    for sentence in sentences(text):
        for phrase, meaning in PHRASES.items():
            sentence = re.sub(rf"\b{phrase}\b", meaning, sentence)
        sentence = _BESIDE.sub(lambda match: _beside(match, known), sentence)
        sentence = _LESS.sub(lambda match: match[0] if stem(match[0]) in compounds else f"no {match[1]}", sentence)
        out += _shared(_split(_compounded(sentence, compounds), known))
    return out


def sentences(text: str) -> list[str]:
    """The sentences of a text in lower case, hyphens as spaces, every spelling of a negation brought to a few words."""
    plain = re.sub(r"[-_\u2010-\u2015]", " ", composed(text))
    return [plain_negations(" ".join(sentence.split())) for sentence in _SENTENCE.split(plain)]


def fragments(sentence: str) -> list[tuple[str, str]]:
    """(the sign or word before it, fragment) of a sentence, cut at commas and joining words."""
    parts: list[tuple[str, str]] = []
    start, joined = 0, ""
    for match in [*_PIECE.finditer(sentence), None]:
        piece = sentence[start : match.start() if match else None]
        if words_of(piece):
            parts.append((joined, piece))
            joined = ""
        if match:
            sign = match.group()
            joined = joined if not sign or (sign == "," and joined) else "," if not sign.isalpha() else sign
            start = match.end()
    return parts


def _compounded(sentence: str, compounds: Collection[str]) -> str:
    """ "a long neck" as "a longneck", where the study has that word."""
    if not compounds:
        return sentence
    words = sentence.split(" ")
    out: list[str] = []
    for word in words:
        bare = word.strip(",:")
        if out and stem(out[-1] + bare) in compounds:
            out[-1] += word
        else:
            out.append(word)
    return " ".join(out)


def _beside(match: re.Match[str], known: Collection[tuple[str, ...]]) -> str:
    """ "white near the bill" is about no part; "white around the eye" is about the ring there."""
    part = stem(match[1])
    return match[0] if (part,) not in known else "eyering" if part == "eye" else "near"


def _split(sentence: str, known: Collection[tuple[str, ...]]) -> list[Piece]:
    pieces = [_piece(words_of(piece), known, joined) for joined, piece in fragments(sentence)]
    return [replace(piece, negated=denied) for piece, denied in zip(pieces, scope(pieces), strict=True)]


def _piece(words: list[str], known: Collection[tuple[str, ...]], joined: str) -> Piece:
    stems, parts, content = [stem(word) for word in words], [], []
    longest = max(len(part) for part in known)
    i = 0
    while i < len(words):
        size = next((n for n in range(longest, 0, -1) if tuple(stems[i : i + n]) in known and i + n <= len(words)), 0)
        if size and not words[i].endswith("ed"):  # "long-necked" and "crested" are values
            parts.append(" ".join(stems[i : i + size]))
            i += size
            continue
        if words[i] in ANIMALS or stems[i] in ANIMALS:
            parts.append(WHOLE_PART)
        elif words[i] not in DENIALS and words[i] not in COPULAS:
            content.append(words[i])
        i += 1
    copula = any(word in COPULAS for word in words)
    anew = bool(words) and words[0] in _STARTS_ANEW
    return Piece(tuple(parts), tuple(content), denies(words), copula, anew, joined, tuple(words))


def _shared(pieces: list[Piece]) -> list[Piece]:
    """Gives every piece the parts that it is about, and what is said of them."""
    out = _denied_elsewhere(list(pieces))
    for _ in range(2):  # twice, for a list before its part: "no red, black or white on the crown"
        _share_parts(out)
    for i, piece in enumerate(out):  # "crown, nape and back are black", "neither the crown nor the nape is red"
        if {"are", "is", "were", "was"} & set(piece.words) and piece.parts and _discriminative(piece):
            first = i
            while first and _bare(out[first - 1]) and out[first].joined in ("and", "or", "nor", ","):
                first -= 1
            shared = [part for other in out[first:i] for part in other.parts]
            out[i] = replace(piece, parts=(*shared, *piece.parts))
            out[first:i] = [replace(other, parts=(), negated=False) for other in out[first:i]]
    for i in range(1, len(out)):  # "a red crown and nape"
        piece, before = out[i], out[i - 1]
        taken = i + 1 < len(out) and out[i + 1].parts[: len(piece.parts)] == piece.parts
        alike = not piece.negated or (before.negated and piece.joined in ("or", "nor"))
        if (
            _bare(piece)
            and not piece.anew
            and piece.joined in ("and", "or", "nor")
            and before.parts
            and not taken
            and alike
        ):
            out[i] = replace(piece, content=before.content, negated=before.negated)
    return out


def _share_parts(out: list[Piece]) -> None:
    """ "its bill is long and hooked", "a yellow, thin bill", "underparts with bold stripes", "wings without bars" """
    for i, piece in enumerate(out):
        if piece.parts or not _says(piece) or _PLACE & set(piece.words):
            continue
        back = out[i - 1] if i else None
        on = out[i + 1] if i + 1 < len(out) else None
        follows = on is not None and on.parts and not on.anew and on.joined in (",", "and", "or", "nor", "but")
        owned = piece.words[0] in ("without", "neither") or (back is not None and _bare(back) and piece.joined in _OWNS)
        if back is not None and back.parts and owned:
            out[i] = replace(piece, parts=back.parts)
        elif back is not None and back.parts and (back.copula or not follows) and not piece.anew:
            if _discriminative(back) or piece.words[0] in _CONTINUES:
                out[i] = replace(piece, parts=back.parts, copula=back.copula)
        elif follows and on is not None:
            out[i] = replace(piece, parts=on.parts)


def _denied_elsewhere(out: list[Piece]) -> list[Piece]:
    """ "red on the head but not on the wings", "black except the wings": what was said before is denied of other parts."""
    for i in range(1, len(out)):
        piece, before = out[i], out[i - 1]
        excepted = "except" in piece.words
        content = [word for word in piece.content if word not in SMALL]
        if not piece.parts or WHOLE_PART in piece.parts or not (excepted or "not" in piece.words):
            continue
        if excepted and content:  # "black except the white wings"
            out[i] = replace(piece, joined="")
        elif not content and _says(before):
            out[i] = replace(piece, content=before.content, negated=not before.negated, joined="")
    return out


def _bare(piece: Piece) -> bool:
    """It names parts and says nothing of them."""
    return bool(piece.parts) and WHOLE_PART not in piece.parts and not _says(piece)


def _discriminative(piece: Piece) -> bool:
    return piece.negated or _says(piece)


def _says(piece: Piece) -> bool:
    return any(word not in SMALL for word in piece.content)
