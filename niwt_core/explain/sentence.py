"""Sentences about predictions, for people, in English."""

from __future__ import annotations

from collections.abc import Sequence

from niwt_core.explain.parts import NeuronPart
from niwt_core.explain.statements import Difference, Lacking, Statements, Verdict
from niwt_core.knowledge.noun_phrases import NO_ARTICLE, join, mention, mentions, noun_of, phrase, with_article

UNFAMILIAR = "This picture is unlike the pictures of this study; it may show none of its classes."
ORIGINS = {"seen": "", "unseen": ", a class it has never seen", "built": ", a class built from a description"}


def sentence_of(stated: Statements) -> str:
    """What the network says and sees, what the picture lacks, the neurons behind it, and how the picture tells the class from the runner-up."""
    return " ".join(
        [
            *([] if stated.familiar else [UNFAMILIAR]),
            _verdict(stated),
            *_sights(stated),
            *_lacks(stated),
            *_neurons_said(stated),
            *_runner_up(stated),
        ]
    )


def _verdict(stated: Statements) -> str:
    origin = ORIGINS[stated.kind]
    if stated.verdict is Verdict.NEAREST:
        return f"Of these {stated.display} comes nearest{origin}."
    doubt = ", but is not sure" if stated.verdict is Verdict.LEANS else ""
    return f"The network {stated.verdict.value} {stated.display}{origin}{doubt}."


def _sights(stated: Statements) -> list[str]:
    if stated.seen:
        return [f"It sees {join(mentions(stated.seen))}."]
    nothing = ", of which the network is sure of nothing here" if stated.looked else ""
    words = join(mentions(stated.stands_for))
    return [f"{stated.display} stands for {words}{nothing}."] if words else []


def _lacks(stated: Statements) -> list[str]:
    """What the description promises and the picture lacks, with what is there in its place."""
    if not stated.lacking:
        return []
    more = stated.more
    rest = f" ({more} more of its words {'are' if more > 1 else 'is'} missing too)" if more else ""
    return [f"Against its description, it finds {join([_lack(item) for item in stated.lacking])}{rest}."]


def _lack(item: Lacking) -> str:
    text = mention(item.label, present=False)
    return f"{text} but {mention(item.instead)}" if item.instead else text


def contrasts(differences: Sequence[Difference]) -> list[str]:
    """One phrase for each: "a red tail rather than a black one"."""
    return [_contrast(item.has, item.lacks) for item in differences]


def _contrast(has: str, lacks: str) -> str:
    if not has:
        return mention(lacks, present=False)
    text = mention(has)
    value = lacks.partition(": ")[2]
    if not value or value == "none" or text.startswith("no "):
        return text
    other = with_article(phrase(lacks))
    noun = noun_of(lacks.partition(": ")[0])
    if not (other.endswith(f" {noun}") and text.endswith(f" {noun}")):
        return f"{text} rather than {other}"
    several = noun in NO_ARTICLE
    return f"{text} rather than {other.removesuffix(f' {noun}')}{'' if several else ' one'}"


def _neurons_said(stated: Statements) -> list[str]:
    """Which neurons the score rests on. A neuron that is quieter than usual speaks too, by its silence."""
    if stated.unnamed:
        several = len(stated.unnamed) > 1
        numbers = join([str(index) for index in stated.unnamed])
        return [f"It rests on neuron{'s' * several} {numbers}, whose name{'s are' if several else ' is'} not certain."]
    claims = [_neurons(stated.active)] if stated.active else []
    if stated.quiet:
        claims.append(f"the silence of {_neurons(stated.quiet)}")
    return [f"It rests on {', and on '.join(claims)}."] if claims else []


def _neurons(parts: Sequence[NeuronPart]) -> str:
    """ "neurons 4 and 7 (red crown) and 9 (black legs)": one name is said once."""
    by_name: dict[str, list[str]] = {}
    for part in parts:
        by_name.setdefault(f"({phrase(part.neuron.label)})", []).append(str(part.index))
    return f"neuron{'s' * (len(parts) > 1)} {join([f'{join(numbers)} {name}' for name, numbers in by_name.items()])}"


def _runner_up(stated: Statements) -> list[str]:
    if not stated.versus:
        return []
    seen = join(contrasts(stated.differences))
    if not stated.ahead:
        return [f"{stated.versus} comes next" + (f", but the network sees {seen}." if seen else ".")]
    return [f"{stated.versus} scores higher" + (f", although the network sees {seen}." if seen else ".")]
