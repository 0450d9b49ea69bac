"""The dictionary of a study, as a section of its report: how many names stand, and the best of them with their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from PIL import Image

from niwt_core.explain.overlay import centre_square
from niwt_core.knowledge.class_names import display_name
from niwt_core.knowledge.noun_phrases import phrase
from niwt_core.neurons.naming import AUROC_LIMIT
from niwt_core.neurons.neuron import Neuron
from niwt_core.report.figures import jpeg_uri
from niwt_core.report.fragments import TRUST, percentage, section
from niwt_core.study.study import Study

WORDS, PICTURES = 12, 4
DIM = 0.4  # of the light, where the neuron is silent
STATUS_MEANING = {**TRUST, "unnamed": "no name stands the test", "dead": "never varies on held-out pictures"}


def dictionary(study: Study) -> str:
    """How many neurons have a name that stands, and the best verified ones."""
    count = {status: sum(neuron.trust == status for neuron in study.neurons) for status in STATUS_MEANING}
    total, live = len(study.neurons), len(study.neurons) - count["dead"]
    if study.knowledge.kind != "attributes":
        kind = escape(study.knowledge.kind)
        about = (
            f"The knowledge of this study is {kind}, which has no words to name its {total} neurons ({live} live) by."
        )
        return section("The neurons", about, "")
    stack = "".join(
        f'<i class="st-{status}" style="width:{100 * value / total:.2f}%"></i>'
        for status, value in count.items()
        if value
    )
    key = "".join(
        f'<span><i class="st-swatch st-{status}"></i>{status} <b>{value}</b> '
        f'<span class="nr-small">{STATUS_MEANING[status]}</span></span>'
        for status, value in count.items()
        if value
    )
    shuffled = study.provenance.get("shuffled_names_fraction")
    control = "" if shuffled is None else f"; of names permuted at random, {percentage(100 * float(shuffled))} would be"
    about = (
        "A neuron's name is a guess from its importance, tested on pictures that did not make it. "
        f"{percentage(100 * count['verified'] / max(live, 1))} of the {live} live neurons are verified "
        f"(significant, and AUROC of at least {AUROC_LIMIT:g}){control}."
    )
    best = "".join(_neuron(study, neuron) for neuron in _best(study.neurons))
    heading = "The best verified, one a word, and the held-out pictures that excite them most, in colour where they do"
    words = f'<h3 class="st-gap">{heading}</h3><ul class="st-words">{best}</ul>' if best else ""
    return section("The neurons", about, f'<div class="st-stack">{stack}</div><p class="st-key">{key}</p>{words}')


def _best(neurons: Sequence[Neuron]) -> list[Neuron]:
    """The verified neurons of the highest AUROC, one for each word."""
    best: dict[str, Neuron] = {}
    for neuron in sorted(neurons, key=lambda item: (-item.auroc, item.index)):
        if neuron.status == "verified":
            best.setdefault(neuron.attribute, neuron)
    return list(best.values())[:WORDS]


def lit(image: Image.Image, values: np.ndarray) -> Image.Image:
    """The square that the network saw, in colour where a map (h,w) is strong, grey and dim elsewhere: a heat map would hide what it points at."""
    square = centre_square(image)
    score = np.clip(values / max(float(values.max()), 1e-12), 0, 1)
    mask = Image.fromarray((255 * np.sqrt(score)).round().astype(np.uint8)).resize(
        square.size, Image.Resampling.BICUBIC
    )
    return Image.composite(square, square.convert("L").point(lambda level: DIM * level).convert("RGB"), mask)


def _neuron(study: Study, neuron: Neuron) -> str:
    gallery, name = study.gallery, escape(phrase(neuron.label))
    strip = []
    for place, item in enumerate(gallery.top[neuron.index][:PICTURES]):
        picture = lit(gallery.image(int(item)), gallery.map(neuron.index, place))
        shown = escape(display_name(study.classes[study.labels[gallery.pictures[item]]]))
        source = jpeg_uri(picture, side=144, quality=78)
        strip.append(f'<img src="{source}" alt="{shown}, in colour where the neuron is excited" title="{shown}">')
    return (
        f'<li><p><b>{name}</b> <span class="nr-small">neuron {neuron.index}, AUROC {neuron.auroc:.3f}</span></p>'
        f'<div class="st-strip">{"".join(strip)}</div></li>'
    )
