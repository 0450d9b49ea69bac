"""Sentences about predictions, for people."""

from __future__ import annotations

from collections.abc import Sequence

from niwt_core.explain.parts import AttributeScore, Contrast, NeuronPart
from niwt_core.knowledge.noun_phrases import NO_ARTICLE, join, mention, noun_of, phrase, with_article


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


def _contrast(shown: Sequence[AttributeScore], lacked: Sequence[AttributeScore]) -> str:
    if not shown:
        return mention(lacked[0].label, present=False)
    text = mention(shown[0].label)
    value = lacked[0].label.partition(": ")[2] if lacked else ""
    if not value or value == "none" or text.startswith("no "):
        return text
    other = with_article(phrase(lacked[0].label))
    noun = noun_of(lacked[0].label.partition(": ")[0])
    if not (other.endswith(f" {noun}") and text.endswith(f" {noun}")):
        return f"{text} rather than {other}"
    several = noun in NO_ARTICLE
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
