"""The dictionary of a study, for its report: how many names stand, and the best of them with their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from niwt_core.explain.overlay import Box, seen_part
from niwt_core.knowledge.class_names import display_name
from niwt_core.knowledge.noun_phrases import phrase
from niwt_core.neurons.naming import AUROC_LIMIT
from niwt_core.neurons.neuron import Neuron
from niwt_core.report.figures import jpeg_uri
from niwt_core.report.numbers import percentage
from niwt_core.report.rendering import TRUST
from niwt_core.study.study import Study

WORDS, PICTURES = 12, 4
DIM = 0.4  # of the light, where the neuron is silent
STATUS_MEANING = {**TRUST, "unnamed": "no name stands the test", "dead": "never varies"}


@dataclass(frozen=True)
class StatusCount:
    """How many neurons have a status, also in percent of all."""

    status: str
    count: int
    percent: float
    meaning: str


@dataclass(frozen=True)
class Exemplar:
    """A picture as a data URI, in colour where the neuron is excited, and its class."""

    source: str
    name: str


@dataclass(frozen=True)
class NamedNeuron:
    """A neuron with its name, how well the name is borne out, and what excites it."""

    name: str
    index: int
    auroc: float
    pictures: tuple[Exemplar, ...]


@dataclass(frozen=True)
class Dictionary:
    """How many names stand, and the best of them; nothing of either where knowledge has no words."""

    about: str
    counts: tuple[StatusCount, ...] = ()
    best: tuple[NamedNeuron, ...] = ()


def dictionary(study: Study) -> Dictionary:
    """How many neurons have a name that stands, and the best verified ones."""
    count = {status: sum(neuron.trust == status for neuron in study.neurons) for status in STATUS_MEANING}
    total, live = len(study.neurons), len(study.neurons) - count["dead"]
    if study.knowledge.kind != "attributes":
        return Dictionary(
            f"The knowledge of this study is {study.knowledge.kind}, which has no words to name its {total} neurons ({live} live) by."
        )
    shuffled = study.provenance.get("shuffled_names_fraction")
    control = "" if shuffled is None else f"; of names permuted at random, {percentage(100 * float(shuffled))} would be"
    about = (
        "A neuron's name is a guess from its importance, tested on what did not make it. "
        f"{percentage(100 * count['verified'] / max(live, 1))} of the {live} live neurons are verified "
        f"(significant, and AUROC of at least {AUROC_LIMIT:g}){control}."
    )
    counts = (
        StatusCount(status, value, 100 * value / total, STATUS_MEANING[status])
        for status, value in count.items()
        if value
    )
    return Dictionary(about, tuple(counts), tuple(_named(study, neuron) for neuron in _best(study.neurons)))


def _best(neurons: Sequence[Neuron]) -> list[Neuron]:
    """The verified neurons of the highest AUROC, one for each word."""
    best: dict[str, Neuron] = {}
    for neuron in sorted(neurons, key=lambda item: (-item.auroc, item.index)):
        if neuron.status == "verified":
            best.setdefault(neuron.attribute, neuron)
    return list(best.values())[:WORDS]


def lit(image: Image.Image, values: np.ndarray, box: Box) -> Image.Image:
    """What the network saw (``box``), in colour where a map (h,w) is strong, grey and dim elsewhere: a heat map would hide what it points at."""
    seen = seen_part(image, box)
    score = np.clip(values / max(float(values.max()), 1e-12), 0, 1)
    mask = Image.fromarray((255 * np.sqrt(score)).round().astype(np.uint8)).resize(seen.size, Image.Resampling.BICUBIC)
    return Image.composite(seen, seen.convert("L").point(lambda level: DIM * level).convert("RGB"), mask)


def _named(study: Study, neuron: Neuron) -> NamedNeuron:
    gallery = study.gallery
    pictures = []
    for place, item in enumerate(gallery.top[neuron.index][:PICTURES]):
        image = gallery.image(int(item))
        picture = lit(image, gallery.map(neuron.index, place), study.preprocess.seen_box(*image.size))
        name = display_name(study.classes[study.labels[gallery.pictures[item]]])
        pictures.append(Exemplar(jpeg_uri(picture, side=144, quality=78), name))
    return NamedNeuron(phrase(neuron.label), neuron.index, neuron.auroc, tuple(pictures))
