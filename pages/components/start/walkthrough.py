"""The method in one picture, told by a real class of the study: describe, choose neurons, transfer, recognise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from niwt_core import Classifier, Study
from niwt_core.classify.answer import Ranked
from niwt_core.knowledge.class_names import display_name
from niwt_core.study.evaluate import evaluate
from pages.components.shared import style, user_names
from pages.components.shared.class_words import discriminative_attributes
from pages.components.shared.figures import meter
from pages.components.shared.language import tr
from pages.components.shared.lookup import TRUSTED, importances
from pages.components.shared.pictures import class_items, crop, picture_address
from pages.components.shared.session import per_study, per_study_and_language
from pages.components.shared.style import text

COLUMNS, ROWS = 14, 10  # neurons that the second plate shows
WEIGHTS, HEAD = 12, 12  # weights of each class, and trained classes, that the third plate shows


@dataclass(frozen=True)
class Walkthrough:
    """An unseen class, the words that set it apart with their amounts (0..1), its strongest named neurons, and how one picture of it is ranked."""

    class_index: int
    name: str
    words: tuple[tuple[str, float], ...]
    neurons: tuple[int, ...]
    item: int
    ranking: tuple[Ranked, ...]


@per_study
def examples(study: Study, count: int = 3) -> list[int]:
    """The unseen classes that the transfer does best on, of different sorts; seen ones stand in where there are none."""
    if study.kind == "classifier":  # photographs of described classes are a few samples: nothing is measured on them
        pictured = study.labels[study.gallery.pictures]
        described = [int(c) for c in dict.fromkeys(pictured.tolist()) if not study.seen[c]]
        return sorted(described, key=lambda c: -_probability(study, c))[:count]
    accuracy = evaluate(study).per_class
    chosen: list[int] = []
    for name in sorted(study.unseen_classes or study.classes, key=lambda name: -np.nan_to_num(accuracy[name])):
        c, sorts = study.classes.index(name), {display_name(study.classes[c]).split()[-1] for c in chosen}
        if display_name(name).split()[-1] not in sorts and class_items(study, c):
            chosen.append(c)
    return chosen[:count]


@per_study_and_language
def tell(study: Study, class_index: int) -> Walkthrough | None:
    """The story of one class, on the first of its gallery pictures that is recognised; None without pictures."""
    items, classifier = class_items(study, class_index), Classifier(study)
    if not items:
        return None
    name = study.classes[class_index]
    answers = zip(items, classifier.classify_many([study.gallery.image(item) for item in items]), strict=True)
    item, answer = max(
        answers,
        key=lambda pair: (pair[1].best.name == name, sum(r.probability for r in pair[1].ranking if r.name == name)),
    )
    values = importances(study)[class_index]
    named = [int(n) for n in np.argsort(-values) if study.neurons[n].status in TRUSTED]
    labels = {study.neurons[n].label: n for n in reversed(named[:12])}
    strongest = tuple(sorted(labels.values(), key=lambda n: -values[n])[:3])
    return Walkthrough(
        class_index,
        display_name(name),
        tuple(discriminative_attributes(study, class_index)),
        strongest,
        item,
        answer.ranking[:3],
    )


def _probability(study: Study, class_index: int) -> float:
    steps = tell(study, class_index)
    place = next((item for item in steps.ranking if item.name == study.classes[class_index]), None) if steps else None
    return 0.0 if place is None else place.probability


@per_study_and_language
def walkthrough_markup(study: Study, class_index: int, names: tuple[tuple[int, str], ...] = ()) -> str:
    """The four plates; ``names`` are a person's own for neurons (the items of `UserNames`)."""
    steps = tell(study, class_index)
    if steps is None:
        return ""
    plates = (
        (
            tr("Describe"),
            tr("Say what a {name} is like. The network has never seen one.", name=steps.name),
            _describe(steps),
        ),
        (
            tr("Choose neurons"),
            tr("From the words follow the neurons that this class should use."),
            _choose(study, steps),
        ),
        (
            tr("Transfer"),
            tr("Solve for the weights that make the network use just those neurons."),
            _transfer(study, steps),
        ),
        (tr("Recognise"), tr("The new class answers beside all those it was trained on."), _recognise(study, steps)),
    )
    body = "".join(
        f'<section class="cyn-plate"><div class="cyn-stage">{stage}</div><h3><b>{i}</b>{text(title)}</h3><p>{text(words)}</p></section>'
        for i, (title, words, stage) in enumerate(plates, 1)
    )
    return f'<div class="cyn-walkthrough">{body}</div>'


def _describe(steps: Walkthrough) -> str:
    rows = []
    for label, amount in steps.words or ((tr("a description of {name}", name=steps.name), 1.0),):
        part, _, word = label.rpartition(": ")
        rows.append(
            f'<div><span>{text(part or word)}</span><b>{text(word if part else "")}</b><i style="--share:{100 * amount:.0f}%"></i></div>'
        )
    return f'<div class="cyn-words">{"".join(rows)}</div>'


def _choose(study: Study, steps: Walkthrough) -> str:
    values = importances(study)[steps.class_index]
    rest = np.random.default_rng(0).permutation(np.setdiff1d(np.arange(len(values)), steps.neurons))[: COLUMNS * ROWS]
    shown = rest.copy()
    places = [COLUMNS * 2 + 3, COLUMNS * 4 + 9, COLUMNS * 7 + 5]
    for place, n in zip(places, steps.neurons, strict=False):
        if place < len(shown):
            shown[place] = n
    top = float(np.abs(values[shown]).max()) or 1.0
    dots = (
        f'<i{" class=cyn-lit" if n in steps.neurons else ""} style="--lit:{max(values[n] / top, 0):.2f}"></i>'
        for n in shown
    )
    names = ", ".join(dict.fromkeys(user_names.shown(study, n).name for n in steps.neurons))
    label = (
        tr("Neurons of the network; the strongest for this class are named {names}", names=names)
        if names
        else tr("Neurons of the network")
    )
    return f'<div class="cyn-net" role="img" aria-label="{text(label)}">{"".join(dots)}</div>'


def _transfer(study: Study, steps: Walkthrough) -> str:
    rows = study.full_head.rows
    strong = rows[steps.class_index].abs().argsort(descending=True)[:WEIGHTS]
    columns = [*np.flatnonzero(study.seen)[:HEAD].tolist(), steps.class_index]
    values = rows[columns][:, strong].abs()
    *known, new = [
        [f'<i style="--lit:{value:.2f}"></i>' for value in column]
        for column in (values / values.max().clamp_min(1e-12)).tolist()
    ]
    label = tr("The weights of the trained classes, and the new class's as one more column")
    old = "".join(cell for column in known for cell in column)
    return (
        f'<div class="cyn-weights" role="img" aria-label="{text(label)}"><div class="cyn-head-rows cyn-seen">{old}</div>'
        f'<div class="cyn-head-rows cyn-unseen">{"".join(new)}</div></div>'
    )


def _recognise(study: Study, steps: Walkthrough) -> str:
    picture = crop(
        picture_address(study.gallery.image(steps.item)), alt=tr("A held-out picture of a {name}", name=steps.name)
    )
    ranks = "".join(
        f"<div>{style.chip(item.kind, item.display)}{meter(item.probability, item.kind)}</div>"
        for item in steps.ranking
    )
    return f'<div class="cyn-answer">{picture}<div class="cyn-ranks">{ranks}</div></div>'
