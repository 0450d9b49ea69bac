"""Sentences about predictions, for people."""

from __future__ import annotations

from collections.abc import Sequence

from niwt_core.explain.parts import AttributeScore, Contrast, NeuronPart, Observation
from niwt_core.knowledge.noun_phrases import NO_ARTICLE, join, mention, mentions, noun_of, phrase, with_article


def contrasts(words: Sequence[AttributeScore], *, groups: int = 2) -> list[str]:
    """What tells two classes apart in a picture, one phrase for each of the first attribute groups: "a red tail rather than a black one"."""
    by_part: dict[str, tuple[list[AttributeScore], list[AttributeScore]]] = {}
    for word in words:
        group = word.label.partition(": ")[0]
        if group not in by_part and len(by_part) == groups:
            continue
        by_part.setdefault(group, ([], []))[0 if word.present else 1].append(word)
    return [_contrast(shown, lacked) for shown, lacked in by_part.values()]


def sentence_for(
    display: str,
    kind: str,
    *,
    seen: Sequence[Observation] = (),
    missing: Sequence[Observation] = (),
    instead: Sequence[Observation] = (),
    stands_for: Sequence[AttributeScore] = (),
    supporting: Sequence[NeuronPart] = (),
    contrast: Contrast | None = None,
    sure: bool = True,
    familiar: bool = True,
    looked: bool = True,
) -> str:
    """What the network says and sees, what the picture lacks, the neurons behind it, and how the picture tells the class from the runner-up.

    Args:
        seen: what is seen of what the description promises; "sees" is said of nothing else.
        missing: what it promises and the picture lacks; instead: what is seen that it does not promise, named where it takes the place of that.
        stands_for: the class's own words, said where nothing of them is seen.
        sure: the best class has most of the probability and leads clearly.
        familiar: the picture is like those of the study; of another nothing is claimed to be seen.
        looked: the study has detectors that looked for the words; without them nothing is said of what is there.
    """
    origin = {"seen": "", "unseen": ", a class it has never seen", "built": ", a class built from a description"}[kind]
    best = contrast is None or contrast.margin >= 0
    if not familiar:  # detectors were tested on pictures of the study's kind only: of this one they say nothing
        place = f"Of these {display} comes nearest" if best else f"The network weighs {display}"
        return " ".join([UNFAMILIAR, f"{place}{origin}.", *_neurons_said(supporting, [*seen, *instead], missing)])
    verb = "weighs" if not best else "says" if sure else "leans towards"
    doubt = ", but is not sure" if best and not sure else ""
    text = f"The network {verb} {display}{origin}{doubt}."
    return " ".join(
        [
            text,
            *_sights(display, seen, stands_for, looked),
            *_lacks(missing, instead),
            *_neurons_said(supporting, [*seen, *instead], missing),
            *_runner_up_clause(contrast),
        ]
    )


UNFAMILIAR = "This picture is unlike the pictures of this study; it may show none of its classes."


def _sights(display: str, seen: Sequence[Observation], stands_for: Sequence[AttributeScore], looked: bool) -> list[str]:
    if seen:
        return [f"It sees {join(mentions([item.label for item in seen[:3]]))}."]
    words = join(mentions([word.label for word in stands_for[:3] if word.score > 0]))
    nothing = ", of which the network is sure of nothing here" if looked else ""
    return [f"{display} stands for {words}{nothing}."] if words else []


def _lacks(missing: Sequence[Observation], instead: Sequence[Observation]) -> list[str]:
    """What the description promises and the picture lacks, with what is there in its place."""
    if not missing:
        return []
    clauses = []
    for item in missing[:2]:
        group = item.label.partition(": ")[0]
        other = next((one for one in instead if one.label.partition(": ")[0] == group), None)
        text = mention(item.label, present=False)
        clauses.append(
            f"{text} but {mention(other.label)}" if other is not None and other.label != item.label else text
        )
    more = len(missing) - len(clauses)
    rest = f" ({more} more of its words {'are' if more > 1 else 'is'} missing too)" if more else ""
    return [f"Against its description, it finds {join(clauses)}{rest}."]


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


def _neurons_said(
    supporting: Sequence[NeuronPart], seen: Sequence[Observation], missing: Sequence[Observation]
) -> list[str]:
    """Which neurons the score rests on. A neuron that is quieter than usual speaks too, by its silence.

    A name is said where it is verified, or a person's own, and the picture does not deny it.
    """
    if not supporting:
        return []
    lacking, there = {item.attribute for item in missing}, {item.attribute for item in seen}

    def is_told(part: NeuronPart) -> bool:
        denied = part.neuron.attribute in (lacking if part.excess >= 0 else there)
        return part.neuron.status in ("verified", "yours") and not denied

    named = [part for part in supporting if is_told(part)][:3]
    if not named:
        several = len(supporting) > 1
        numbers = join([str(part.index) for part in supporting[:2]])
        return [f"It rests on neuron{'s' * several} {numbers}, whose name{'s are' if several else ' is'} not certain."]
    active = [part for part in named if part.excess >= 0]
    quiet = [part for part in named if part.excess < 0]
    claims = [_neurons(active)] if active else []
    if quiet:
        claims.append(f"the silence of {_neurons(quiet)}")
    return [f"It rests on {', and on '.join(claims)}."]


def _neurons(parts: Sequence[NeuronPart]) -> str:
    """ "neurons 4 and 7 (red crown) and 9 (black legs)": one name is said once."""
    by_name: dict[str, list[str]] = {}
    for part in parts:
        by_name.setdefault(f"({phrase(part.neuron.label)})", []).append(str(part.index))
    return f"neuron{'s' * (len(parts) > 1)} {join([f'{join(numbers)} {name}' for name, numbers in by_name.items()])}"


def _runner_up_clause(contrast: Contrast | None) -> list[str]:
    if contrast is None:
        return []
    seen = join(contrasts(contrast.confirmed))
    if contrast.margin >= 0:
        return [f"{contrast.versus} comes next" + (f", but the network sees {seen}." if seen else ".")]
    return [f"{contrast.versus} scores higher" + (f", although the network sees {seen}." if seen else ".")]
