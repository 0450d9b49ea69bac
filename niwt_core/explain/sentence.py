"""Sentences about predictions, for people.

An attribute becomes a noun phrase ("crown color: red" -> "a red crown", "crest: none" -> "no crest"), by rules for the words that birds are
described in (CUB-200-2011 and the Aviary); anything else falls back to "a <value> <group>", and a bare word is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from niwt_core.explain.explanation import AttributeScore, Contrast, NeuronPart

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
_NO_ARTICLE = ("plumage", "wings", "legs", "eyes", "feet", "ears", "horns", "upperparts", "underparts")
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
    noun = _noun(group)
    if value == "none":
        return f"no {noun}"
    if group == "head pattern" and value in _HEAD_PATTERNS:
        return _HEAD_PATTERNS[value]
    if value in _LENGTHS:
        return f"{noun} {_LENGTHS[value]}"
    if group == "shape":
        return f"{value.removesuffix('-like').replace('_', ' ')}-like shape"
    value = re.sub(
        rf"[\s-]({re.escape(noun)}|{re.escape(group.split()[0])})$", "", value
    )  # "forked tail", "rounded-wings"
    return f"{value} {noun}"


def mention(label: str, *, present: bool = True) -> str:
    """The attribute as something a bird has ("a red crown", "red legs", "no crest") or lacks ("no red crown", "a crest", "not “furry”")."""
    bare = phrase(label)
    if bare.startswith("“"):
        return bare if present else f"not {bare}"
    if bare.startswith("no "):
        return bare if present else with_article(bare.removeprefix("no "))
    if not present:
        return f"no {bare}"
    return with_article(bare)


def with_article(words: str) -> str:
    """ "an orange nape", "a red crown", "red wings"."""
    if words.split()[-1] in _NO_ARTICLE:
        return words
    return f"{'an' if words[:1].lower() in 'aeiou' and not words.startswith('uni') else 'a'} {words}"


def contrasts(words: Sequence[AttributeScore], *, groups: int = 2) -> list[str]:
    """What tells two classes apart in a picture, one phrase for each of the first attribute groups: "a red tail rather than a black one"."""
    told: dict[str, tuple[list[AttributeScore], list[AttributeScore]]] = {}
    for word in words:
        group = word.label.partition(": ")[0]
        if group not in told and len(told) == groups:
            continue
        told.setdefault(group, ([], []))[0 if word.present else 1].append(word)
    return [_contrast(shown, lacked) for shown, lacked in told.values()]


def sentence_for(
    display: str,
    kind: str,
    words: Sequence[AttributeScore],
    supporting: Sequence[NeuronPart],
    contrast: Contrast | None,
) -> str:
    """Two or three sentences: the class with its strongest words, the neurons behind them, and how the picture tells it from the runner-up."""
    origin = {"seen": "", "unseen": ", a class it has never seen", "built": ", a class built from a description"}[kind]
    said = join([mention(word.label) for word in words[:3] if word.score > 0])
    going_by = f"{',' if origin else ''} going by {said}" if said else ""
    best = contrast is None or contrast.margin >= 0
    text = f"The network {'says' if best else 'weighs'} {display}{origin}{going_by if origin or not said else ',' + going_by}."
    return " ".join([text, *_neurons_said(supporting), *_runner_up_clause(contrast)])


def _noun(group: str) -> str:
    if group in _NOUNS:
        return _NOUNS[group]
    noun = re.sub(r" (colou?r|shape|pattern|length)$", "", group)
    return _SEVERAL.get(noun, noun)


def _contrast(shown: Sequence[AttributeScore], lacked: Sequence[AttributeScore]) -> str:
    if not shown:
        return mention(lacked[0].label, present=False)
    text = mention(shown[0].label)
    value = lacked[0].label.partition(": ")[2] if lacked else ""
    if not value or value == "none" or text.startswith("no "):
        return text
    other = with_article(phrase(lacked[0].label))
    noun = _noun(lacked[0].label.partition(": ")[0])
    if not (other.endswith(f" {noun}") and text.endswith(f" {noun}")):
        return f"{text} rather than {other}"
    several = noun in _NO_ARTICLE
    return f"{text} rather than {other.removesuffix(f' {noun}')}{'' if several else ' one'}"


def _neurons_said(supporting: Sequence[NeuronPart]) -> list[str]:
    """Which neurons the score rests on. A neuron that is quieter than usual speaks too, by its silence."""
    if not supporting:
        return []
    named = [part for part in supporting if part.neuron.status in ("verified", "weak")][:3]
    if not named:
        several = len(supporting) > 1
        numbers = join([str(part.index) for part in supporting[:2]])
        return [f"It rests on neuron{'s' * several} {numbers}, which {'have' if several else 'has'} no name."]
    active = [part for part in named if part.excess >= 0]
    quiet = [part for part in named if part.excess < 0]
    claims = [_neurons(active)] if active else []
    if quiet:
        claims.append(f"the silence of {_neurons(quiet)}")
    return [f"It rests on {', and on '.join(claims)}."]


def _neurons(parts: Sequence[NeuronPart]) -> str:
    """ "neurons 4 and 7 (red crown) and 9 (perhaps black legs)": one name is said once."""
    by_name: dict[str, list[str]] = {}
    for part in parts:
        doubt = "" if part.neuron.status == "verified" else "perhaps "
        by_name.setdefault(f"({doubt}{phrase(part.neuron.label)})", []).append(str(part.index))
    return f"neuron{'s' * (len(parts) > 1)} {join([f'{join(numbers)} {name}' for name, numbers in by_name.items()])}"


def _runner_up_clause(contrast: Contrast | None) -> list[str]:
    if contrast is None:
        return []
    seen = join(contrasts(contrast.words))
    if contrast.margin >= 0:
        return [f"{contrast.versus} comes next" + (f", but the network sees {seen}." if seen else ".")]
    return [f"{contrast.versus} scores higher" + (f", although the network sees {seen}." if seen else ".")]
