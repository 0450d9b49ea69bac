"""Words that say something of a part of a thing, or of a place, and nothing of the thing.

"A small bird with a large, hooked bill" is not large, and what hangs "upside down" has no down.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from niwt_core.knowledge.from_text.words import singular


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COLORS = frozenset(["color", "colour"])
AMOUNTS = frozenset(["size", "build"])  # their words may be said of a part, where they mean nothing for the whole
ADJECTIVES = COLORS | AMOUNTS | {"pattern", "shape", "covering", "material"}
THINGS = frozenset(["kind", "creature", "object", "setting"])
SHADES = _words("dark light pale bright deep dull rich vivid faded")
PARTS = _words(
    """ear eye head face forehead cheek nose nostril snout muzzle mouth lip tongue tooth teeth chin whisker neck throat mane horn antler tusk trunk
    beak bill crest comb body back belly chest breast rump hip flank side leg foot feet paw hoof hooves toe claw talon arm hand finger wing fin
    tail hair fur coat skin feather shell antenna antennae leaf leaves petal stem stalk handle lid wheel window door button lens strap spout edge
    end top bottom tip base corner center centre middle stripe spot mark marking patch band ring bar line dot"""
)
# Forms that a table may have of another word: cover, sit, lean, drying, roll, edge.
IN_PASSING = _words("covered site leaning dry rolled edges")
_IN_PLACE = re.compile(r"\b(?:upside down|up and down|down (?:to|the|from|its)\b)")


def without_places(sentence: str) -> str:
    """The sentence without words of place that are words of things elsewhere ("upside down")."""
    return _IN_PLACE.sub(" ", sentence)


def of_parts(fragments: Sequence[Sequence[str]], group: Callable[[str], str | None]) -> set[tuple[int, int]]:
    """(fragment, word) of the words of a sentence that are said of a part, or only in passing; ``group``: of what a word says by itself, or None.

    A size is that of a part from the second fragment on only: "a big red door" is big, a house "with a big red door" need not be.
    """
    flat = [(f, i) for f, words in enumerate(fragments) for i in range(len(words))]
    words = [fragments[f][i] for f, i in flat]
    return {
        (f, i)
        for n, (f, i) in enumerate(flat)
        if words[n] in IN_PASSING
        or (
            f > 0
            and group(words[n]) in AMOUNTS
            and _before_a_part(
                [word for word, (g, _) in zip(words[n + 1 :], flat[n + 1 :], strict=True) if g <= f + 1], group
            )
        )
    }


def _before_a_part(words: Sequence[str], group: Callable[[str], str | None]) -> bool:
    """The first noun is a part; before it are only adjectives, of which the table may lack one."""
    unknown = 0
    for word in words:
        if singular(word) in PARTS or word in PARTS:
            return True
        unknown += group(word) not in ADJECTIVES and word not in SHADES
        if unknown > 1 or group(word) in THINGS:
            return False
    return False
