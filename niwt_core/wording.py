"""Sentences about predictions, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from niwt_core.explanation import Contrast, NeuronPart, Word


def join(parts: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def phrase(label: str) -> str:
    """An attribute as a noun phrase: "crown color: red" -> "red crown", "bill shape: hooked" -> "hooked bill"."""
    group, _, value = label.partition(": ")
    if not value:
        return group
    noun = group.removesuffix(" color").removesuffix(" shape").removesuffix(" pattern").removesuffix(" length")
    if group.endswith(" pattern") or group in ("size", "shape", "body shape", "body size"):
        return f"{value} {noun}"
    return f"{value} {noun}"


def sentence_for(
    display: str, kind: str, words: Sequence[Word], supporting: Sequence[NeuronPart], contrast: Contrast | None
) -> str:
    """One or two sentences: the class, its strongest words, the neurons behind them, and what speaks against the rival."""
    origin = {"seen": "", "unseen": ", a class it has never seen", "built": ", a class built from a description"}[kind]
    said = join([phrase(word.label) for word in words[:3] if word.strength > 0])
    text = f"The network says {display}{origin}"
    text += f", for its {said}" if said else ""
    named = [part for part in supporting if part.neuron.status in ("verified", "weak")][:3]
    if named:
        text += "; it rests on " + join([f"neuron {part.index} ({part.neuron.label})" for part in named])
    elif supporting:
        text += "; it rests on unnamed neurons such as " + join([str(part.index) for part in supporting[:2]])
    text += "."
    if contrast is not None:
        why = join([phrase(word.label) for word in contrast.words[:2]])
        if contrast.margin >= 0:
            text += f" {contrast.versus} comes next" + (f"; what tells them apart here is the {why}." if why else ".")
        else:
            text += f" {contrast.versus} scores higher" + (f", in spite of the {why}." if why else ".")
    return text
