"""A description in words as parts and what is said of them: "its bill is long and hooked" -> (bill; long, hooked).

No grammar is parsed. A sentence falls into pieces at commas and joining words; a piece that names no part goes to the part next to it, a piece
that names only parts shares what its neighbour says.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from niwt_core.knowledge.from_text.thesaurus import ANIMALS, COPULAS, JOINS, NOT, PARTS, PHRASES, SMALL

WHOLE_PART = "*"  # the animal itself
_PIECE = re.compile(r"[,:]|\b(?:" + "|".join(sorted(JOINS)) + r")\b|(?=\bwithout\b)")
_STARTS_ANEW = frozenset(["a", "an", "the", "its", "it"])
_OWNS = frozenset(["with", "has", "have", "having"])
_PLACE = frozenset(
    ["in", "on", "at", "among", "by", "under", "near", "over"]
)  # "perched in a green wood" is about no part


def stem(word: str) -> str:
    """What is the same in "striped", "stripes" and "stripe": a light stemmer, for matching only."""
    word = word.casefold()
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        word = word[:-1]
    for ending in ("ed", "ing"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls":
                word = word[:-1]
            break
    return word.removesuffix("e") if len(word) > 3 else word


def words_of(text: str) -> list[str]:
    """Letters only, in lower case; hyphens and underscores part words, a possessive s is dropped."""
    return re.findall(r"[a-z]+", re.sub(r"['\u2019]s\b", "", text.casefold()))


@dataclass(frozen=True)
class Piece:
    """``parts`` in stems joined by a space (WHOLE_PART for the animal), ``said`` the other words as written, ``negated``, ``copula``: "is" or
    "are" stands between; ``anew``: begins with an article; ``joined``: the sign or word before it."""

    parts: tuple[str, ...]
    said: tuple[str, ...]
    negated: bool = False
    copula: bool = False
    anew: bool = False
    joined: str = ""
    words: tuple[str, ...] = field(default=())


def pieces(text: str, parts: Collection[tuple[str, ...]]) -> list[Piece]:
    """The pieces of a description, parts shared out; ``parts`` are the study's, as tuples of stems."""
    known = {*parts, *((stem(word),) for word in PARTS)}
    out: list[Piece] = []
    for sentence in re.split(r"[.;!?\n]+", re.sub(r"[-_]", " ", text.casefold())):
        for phrase, meaning in PHRASES.items():
            sentence = re.sub(rf"\b{phrase}\b", meaning, sentence)
        out += _shared(_split(sentence, known))
    return out


def _split(sentence: str, known: Collection[tuple[str, ...]]) -> list[Piece]:
    found: list[Piece] = []
    start, joined = 0, ""
    for match in [*_PIECE.finditer(sentence), None]:
        piece = _piece(words_of(sentence[start : match.start() if match else None]), known, joined)
        if piece.words:
            found.append(piece)
        joined, start = (match.group(), match.end()) if match else ("", 0)
    return found


def _piece(words: list[str], known: Collection[tuple[str, ...]], joined: str) -> Piece:
    stems, parts, said = [stem(word) for word in words], [], []
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
        elif words[i] not in NOT and words[i] not in COPULAS:
            said.append(words[i])
        i += 1
    negated = any(word in NOT for word in words)
    copula = any(word in COPULAS for word in words)
    anew = bool(words) and words[0] in _STARTS_ANEW
    return Piece(tuple(parts), tuple(said), negated, copula, anew, joined, tuple(words))


def _shared(found: list[Piece]) -> list[Piece]:
    """Gives every piece the parts that it is about."""
    out = list(found)
    # "its bill is long and hooked", "a yellow, thin bill", "underparts with bold stripes", "wings without bars"
    for i, piece in enumerate(out):
        if piece.parts or not _discriminative(piece) or _PLACE & set(piece.words):
            continue
        back = out[i - 1] if i else None
        on = out[i + 1] if i + 1 < len(out) else None
        follows = on is not None and on.parts and not on.anew and on.joined in (",", "and", "or", "but")
        denies = piece.words[0] == "without"
        if back is not None and back.parts and (denies or (_bare(back) and piece.joined in _OWNS)):
            out[i] = replace(piece, parts=back.parts)
        elif back is not None and back.parts and (back.copula or not follows) and not piece.anew:
            if _discriminative(back):
                out[i] = replace(piece, parts=back.parts, copula=back.copula)
        elif follows and on is not None:
            out[i] = replace(piece, parts=on.parts)
    for i, piece in enumerate(out):  # "crown, nape and back are black"
        if "are" in piece.words and piece.parts and _discriminative(piece):
            first = i
            while first and _bare(out[first - 1]) and out[first].joined in ("and", "or", ","):
                first -= 1
            shared = [part for other in out[first:i] for part in other.parts]
            out[i] = replace(piece, parts=(*shared, *piece.parts))
    for i in range(1, len(out)):  # "a red crown and nape"
        piece, before = out[i], out[i - 1]
        taken = i + 1 < len(out) and out[i + 1].parts[: len(piece.parts)] == piece.parts
        if _bare(piece) and not piece.anew and piece.joined == "and" and before.parts and not taken:
            out[i] = replace(piece, said=before.said, negated=before.negated)
    return out


def _bare(piece: Piece) -> bool:
    """It names parts and says nothing of them."""
    return bool(piece.parts) and WHOLE_PART not in piece.parts and not _discriminative(piece)


def _discriminative(piece: Piece) -> bool:
    return piece.negated or any(word not in SMALL for word in piece.said)
