"""Pieces of markup that the report and the app share; every text in them is escaped. ``stylesheet`` makes them look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import isfinite

from niwt_core.classify.answer import Ranked
from niwt_core.explain.parts import AttributeScore, Contrast, NeuronPart
from niwt_core.knowledge.noun_phrases import mention, phrase, with_article

SIGNS = {"seen": "●", "unseen": "◆", "built": "★"}
MEANING = {
    "seen": "the network was trained on photographs of it",
    "unseen": "known by description only",
    "built": "described by a person",
}
TRUST = {
    "verified": "held-out pictures confirm the name",
    "weak": "better than chance on held-out pictures, though not by much",
    "contested": "better than chance, but another word fits the same held-out pictures clearly better",
}
STEPS_SHOWN = 8  # words of a counterfactual; the rest in one line


def number(value: float, *, sign: bool = False) -> str:
    """A figure with a real minus: "−0.32", with ``sign`` also "+0.32"."""
    text = f"{value:{'+' if sign else ''}.{2 if abs(value) >= 0.095 or value == 0 else 3}f}"
    return text.replace("-", "−")


def percent(probability: float) -> str:
    """ "31.4 %", not to be broken."""
    return f"{100 * probability:.1f}\N{NO-BREAK SPACE}%"


def percentage(value: float, digits: int = 1) -> str:
    """84.3 as "84.3 %", not to be broken; "none" for a share of nothing."""
    return f"{value:.{digits}f}\N{NO-BREAK SPACE}%" if isfinite(value) else "none"


def section(title: str, about: str, body: str) -> str:
    """A part of the page under a heading, after a line that says what it shows; all three are markup."""
    note = f'<p class="about">{about}</p>' if about else ""
    return f"<section><h2>{title}</h2>{note}{body}</section>"


def chip(kind: str, label: str = "") -> str:
    """A class's name with its sign, in the colour of its kind."""
    return f'<span class="nr-chip nr-{kind}" title="{kind}: {MEANING[kind]}"><i aria-hidden="true">{SIGNS[kind]}</i> {escape(label or kind)}</span>'


def ranking_bars(ranking: Sequence[Ranked], *, chosen: str = "", top: int = 8) -> str:
    """The best classes as horizontal bars; the one that is explained stands out, and is added if it is further down."""
    shown = best_places(ranking, chosen=chosen, top=top)
    rows = (f"<li>{rank_row(place, item, chosen=item.name == chosen)}</li>" for place, item in shown)
    return f'<ol class="nr-ranking">{"".join(rows)}</ol>'


def best_places(ranking: Sequence[Ranked], *, chosen: str = "", top: int = 8) -> list[tuple[int, Ranked]]:
    """(place, class) of the ``top`` best classes, and of the chosen one if it is further down."""
    return [(place, item) for place, item in enumerate(ranking, 1) if place <= top or item.name == chosen]


def rank_row(place: int, item: Ranked, *, chosen: bool = False) -> str:
    """One place of a ranking; its bar goes from 0 to 100 %."""
    width = 100 * item.probability
    return (
        f'<div class="nr-rank{" nr-chosen" if chosen else ""}"><span class="nr-place">{place}</span>{chip(item.kind, item.display)}'
        f'<span class="nr-kind">{item.kind}</span><span class="nr-bar nr-{item.kind}"><i style="width:{width:.1f}%"></i></span>'
        f'<span class="nr-number">{percent(item.probability)}</span></div>'
    )


def neuron_list(
    parts: Sequence[NeuronPart], thumbnails: Mapping[int, str], *, longest: float = 0.0, empty: str = ""
) -> str:
    """Neurons with their own map, name, trust and what each adds; ``longest`` is the contribution of a full bar."""
    if not parts:
        return f'<p class="nr-none">{escape(empty)}</p>'
    longest = longest or max(abs(part.contribution) for part in parts)
    return f'<ul class="nr-neurons">{"".join(_neuron(part, thumbnails, longest) for part in parts)}</ul>'


def _neuron(part: NeuronPart, thumbnails: Mapping[int, str], longest: float) -> str:
    neuron, side = part.neuron, "for" if part.contribution >= 0 else "against"
    named = neuron.is_named
    name = escape(phrase(neuron.label)) if named else "unnamed"
    louder = "louder than usual" if part.excess >= 0 else "quieter than usual"
    rather = f", or {escape(phrase(neuron.better_label))}?" if neuron.contested else ""
    source = thumbnails.get(part.index, "")
    picture = (
        f'<img src="{source}" alt="Where neuron {part.index} is active in the picture" width="64" height="64">'
        if source
        else ""
    )
    trust = (
        f'<span class="nr-trust nr-{neuron.trust}" title="{TRUST[neuron.trust]}">{neuron.trust}</span>' if named else ""
    )
    return (
        f'<li class="nr-neuron">{picture}<div><p><b{"" if named else " class=nr-unnamed"}>{name}</b>{trust}</p>'
        f'<p class="nr-small">Neuron {part.index}, {louder}{rather}</p>'
        f'<p class="nr-amount"><span class="nr-bar nr-{side}"><i style="width:{100 * abs(part.contribution) / (longest or 1):.1f}%"></i></span>'
        f'<span class="nr-number">{number(part.contribution, sign=True)}</span></p></div></li>'
    )


def attribute_bars(words: Sequence[AttributeScore], *, unit: str = "") -> str:
    """Words as horizontal bars. In a contrast, words whose absence speaks read "no ..." and have hollow bars."""
    longest = max((abs(word.score) for word in words), default=1.0) or 1.0
    rows = (
        f'<li><span class="nr-word">{escape(mention(word.label, present=word.present))}</span>'
        f'<span class="nr-bar {"nr-for" if word.present else "nr-lack"}"><i style="width:{100 * abs(word.score) / longest:.1f}%"></i></span>'
        f'<span class="nr-number">{number(word.score, sign=True)}{unit}</span></li>'
        for word in words
    )
    return f'<ul class="nr-words">{"".join(rows)}</ul>'


def counterfactual_steps(contrast: Contrast) -> str:
    """The margin going down word by word, from what it is to where the runner-up leads."""
    steps, left = [], contrast.margin
    for place, word in enumerate(contrast.counterfactual):
        if place < STEPS_SHOWN or len(contrast.counterfactual) == STEPS_SHOWN + 1:
            steps.append((change(word), left, left - word.score))
        elif place == STEPS_SHOWN:
            steps.append((f"{len(contrast.counterfactual) - place} more words", left, left - word.score))
        else:
            steps[-1] = (steps[-1][0], steps[-1][1], left - word.score)
        left -= word.score
    low, high = min(0.0, left), max(contrast.margin, 1e-9)
    zero = 100 * (0 - low) / (high - low)

    def row(label: str, start: float, end: float, css: str, text: str) -> str:
        at, width = 100 * (min(start, end) - low) / (high - low), 100 * abs(start - end) / (high - low)
        return (
            f'<li class="{css}"><span class="nr-word">{escape(label)}</span><span class="nr-track">'
            f'<i class="nr-zero" style="left:{zero:.1f}%"></i><i class="nr-step" style="left:{at:.1f}%;width:{max(width, 0.6):.1f}%"></i></span>'
            f'<span class="nr-number">{text}</span></li>'
        )

    rows = [row(f"{contrast.name} leads by", 0, contrast.margin, "nr-start", number(contrast.margin, sign=True))]
    rows += [row(label, start, end, "nr-change", number(end - start, sign=True)) for label, start, end in steps]
    last = f"{contrast.versus} leads by" if left <= 0 else f"{contrast.name} still leads by"
    rows.append(row(last, 0, left, "nr-end", number(abs(left), sign=True)))
    return f'<ul class="nr-counterfactual">{"".join(rows)}</ul>'


def change(word: AttributeScore) -> str:
    """What to do to the description: "take away the white crown", "add a black tail"."""
    bare = phrase(word.label)
    if bare.startswith("no "):  # "crest: none"
        bare = bare.removeprefix("no ")
        return f"add {with_article(bare)}" if word.present else f"take away the {bare}"
    if bare.startswith("“"):
        return f"take away {bare}" if word.present else f"add {bare}"
    return f"take away the {bare}" if word.present else f"add {with_article(bare)}"
