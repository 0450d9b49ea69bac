"""Attributes as noun phrases ("crown color: red" -> "a red crown", "crest: none" -> "no crest").

By rules for the words that birds are described in (CUB-200-2011 and the Aviary) and for the table of ImageNet's classes; anything else falls back
to "a <value> <group>", and a bare word is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# Group of an attribute -> the noun that its values go before. Other groups lose " color", " shape", " pattern", " length".
_NOUNS = {
    "primary color": "plumage",
    "under tail color": "under-tail",
    "upper tail color": "upper tail",
    "eye ring": "eye ring",
}
_SEVERAL = {
    "wing": "wings",
    "leg": "legs",
    "eye": "eyes",
    "foot": "feet",
    "feet": "feet",
    "ear": "ears",
    "horn": "horns",
}
NO_ARTICLE = (
    "plumage", "wings", "legs", "eyes", "feet", "ears", "horns", "upperparts", "underparts", "fur", "wool", "skin", "colouring", "surroundings",
    "food", "fruit", "clothing", "footwear", "headwear", "kitchenware", "furniture", "jewellery", "lettering", "fabric", "people", "nearby",
)  # fmt: skip
# Groups of whole things, not of parts: the value says it by itself ("head: long snout" is a long snout), or is no noun ("use: fishing").
_ITSELF = ("kind", "creature", "dog type", "object", "covering", "head", "limbs", "tail", "part", "taste")
_CONTEXT, _USE, _SETTING = "context", "use", "setting"  # of a whole picture: "on a table", "eating", "kitchen"
_ADJECTIVE = re.compile(r"\w+(al|ed)|.* and .*")  # shapes that are no nouns: "spherical", "curved", "long and thin"
_HEAD_PATTERNS = {  # CUB's has_head_pattern: what is there, not what the head is like
    "malar": "malar stripe",
    "eyebrow": "eyebrow stripe",
    "eyering": "eye ring",
    "eyeline": "eye line",
    "unique pattern": "uniquely patterned head",
}
_LENGTHS = {"longer than head": "longer than its head", "shorter than head": "shorter than its head"}
_LENGTHS |= {"about the same as head": "about as long as its head"}


def join(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def phrase(label: str) -> str:
    """An attribute as a bare noun phrase: "crown color: red" -> "red crown", "leg color: red" -> "red legs", "crest: none" -> "no crest"."""
    group, _, value = label.partition(": ")
    if not value:
        return f"“{group}”"
    value = re.sub(r"\s*\([^)]*\)", "", value).strip() or value  # "small (5 - 9 in)", "curved (up or down)"
    if group == _CONTEXT:
        return value
    if group == _USE:
        return f"something for {value}"
    if group == _SETTING:
        return f"{value} surroundings"
    if group in _ITSELF and value != "none":
        return value
    if group == "color":
        return f"{value} colouring"
    noun = noun_of(group)
    if value == "none":
        return f"no {noun}"
    if group == "head pattern" and value in _HEAD_PATTERNS:
        return _HEAD_PATTERNS[value]
    if value in _LENGTHS:
        return f"{noun} {_LENGTHS[value]}"
    if group == "shape":
        bare = value.removesuffix("-like").replace("_", " ")
        return f"{bare} shape" if _ADJECTIVE.fullmatch(bare) else f"{bare}-like shape"
    value = re.sub(
        rf"[\s-]({re.escape(noun)}|{re.escape(group.split()[0])})$", "", value
    )  # "forked tail", "rounded-wings"
    return f"{value} {noun}"


def mention(label: str, *, present: bool = True) -> str:
    """The attribute as something a bird has ("a red crown", "red legs", "no crest") or lacks ("no red crown", "a crest", "not “furry”")."""
    bare, group = phrase(label), label.partition(": ")[0]
    if group == _USE and bare.startswith("something"):
        return bare if present else f"nothing{bare.removeprefix('something')}"
    if group == _CONTEXT and not bare.startswith("“"):
        return (bare if bare.startswith(("people", "close-up")) else f"that it is {bare}") if present else f"not {bare}"
    if bare.startswith("“"):
        return bare if present else f"not {bare}"
    if bare.startswith("no "):
        return bare if present else with_article(bare.removeprefix("no "))
    if not present:
        return f"no {bare}"
    return with_article(bare)


def entry(label: str, *, present: bool = True) -> str:
    """The attribute in a list, by itself: as `mention`, but "worn by a person", "for rescue"."""
    words = mention(label, present=present)
    group = label.partition(": ")[0]
    return re.sub(r"^(that it is|something) ", "", words) if group in (_CONTEXT, _USE) else words


def mentions(labels: Sequence[str]) -> list[str]:
    """What is seen, in order; colours of the whole thing become one: "white and brown colouring"."""
    colours = [value for group, _, value in (label.partition(": ") for label in labels) if group == "color" and value]
    items: list[str] = []
    for label in labels:
        if not label.startswith("color: ") or len(colours) < 2:
            items.append(mention(label))
        elif label == f"color: {colours[0]}":
            items.append(f"{join(colours)} colouring")
    return items


def with_article(words: str) -> str:
    """ "an orange nape", "a red crown", "red wings"."""
    last = words.split()[-1]
    if last in NO_ARTICLE or (last.endswith("s") and not last.endswith(("ss", "us", "is"))):
        return words
    return f"{'an' if words[:1].lower() in 'aeiou' and not words.startswith('uni') else 'a'} {words}"


def noun_of(group: str) -> str:
    """The noun that a group's values go before: "leg color" -> "legs"."""
    if group in _NOUNS:
        return _NOUNS[group]
    noun = re.sub(r" (colou?r|shape|pattern|length)$", "", group)
    return _SEVERAL.get(noun, noun)
