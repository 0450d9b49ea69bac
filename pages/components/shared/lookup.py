"""What the neuron dictionary looks up: importances, activations, relatives, searches. Cached by study, shared by all sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from niwt_core import BuiltClass, Study
from niwt_core.explain.ablation import Ablation, ablate
from niwt_core.knowledge.class_names import display_name
from niwt_core.method.importance import unit
from niwt_core.neurons.neuron import Neuron, find_neurons
from niwt_core.neurons.search import SearchResult, search_neurons
from niwt_core.neurons.user_names import UserNames
from niwt_core.study.class_importance import class_importance
from pages.components.shared import names, user_names
from pages.components.shared.language import N_
from pages.components.shared.session import per_study, per_study_and_language

TRUSTED = ("verified", "weak")
STATUSES = ("verified", "weak", "unnamed", "dead")
TRUST = ("verified", "weak", "contested", "unnamed", "dead")


@per_study
def importances(study: Study) -> np.ndarray:
    """(C,N) unit importance of every neuron for every class: measured for seen classes, predicted for unseen ones."""
    return np.stack([class_importance(study, name).float().numpy() for name in study.classes])


def search(
    study: Study, words: str, part: str, trust: tuple[str, ...], built: Sequence[BuiltClass] = ()
) -> SearchResult:
    """The neurons that words mean (see `search_neurons`), of a part and of these kinds of trust; the most trusted first. A person's own names are
    searched as theirs, and stand among the named."""
    kinds = {*trust, *(("yours",) if "weak" in trust else ()), *(("rejected",) if "unnamed" in trust else ())}
    personal = UserNames(dict(user_names.key(study)))
    named = map(personal.of, find_neurons(study.neurons))
    mine = {item.name: item for item in built}
    return search_neurons(
        words,
        [neuron for neuron in named if neuron.status in kinds and part in ("", group_of(neuron))],
        synonyms=names.synonyms(study),
        classes=(*mine, *study.classes),
        importance=lambda name: (
            unit(mine[name].importances).numpy() if name in mine else importances(study)[study.class_index(name)]
        ),
        attributes=_attribute_words(study),
        attribute_importance=lambda label: study.mapping.weight[study.knowledge.labels.index(label)].numpy(),
    )


@per_study_and_language
def _attribute_words(study: Study) -> dict[str, tuple[str, ...]]:
    """Every attribute's label with its other words and its name in the session's language."""
    if study.knowledge.kind != "attributes":
        return {}
    called = names.of(study)
    return {
        label: (
            *study.knowledge.synonyms.get(name, ()),
            *((called.label(name), called.value(name)) if called else ()),
        )
        for name, label in zip(study.knowledge.names, study.knowledge.labels, strict=True)
    }


@per_study_and_language
def attribute_columns(study: Study, words: str, count: int = 3) -> list[int]:
    """The attributes whose value, or whole name, is what was typed; the first few."""
    asked = " ".join(words.casefold().replace(":", " ").split())
    if not asked or study.knowledge.kind != "attributes":
        return []
    both = [(label.casefold(), names.label(study, k).casefold()) for k, label in enumerate(study.knowledge.labels)]
    return [
        column
        for column, labels in enumerate(both)
        if any(asked in (label.rpartition(": ")[2], " ".join(label.replace(":", " ").split())) for label in labels)
    ][:count]


def group_of(neuron: Neuron) -> str:
    """The attribute group of a neuron's name, "bill shape"; empty without one."""
    return neuron.attribute.split("::", 1)[0] if "::" in neuron.attribute else ""


def parts(study: Study) -> dict[str, str]:
    """Attribute groups, with their names for people, where the study has any."""
    return {
        group: names.of(study).group(group) for group, columns in study.knowledge.groups.items() if len(columns) > 1
    }


def for_and_against(values: np.ndarray, among: tuple[int, ...], count: int = 8) -> tuple[list[int], list[int]]:
    """The neurons ``among`` some that speak most for a class of importances (N,), and most against it."""
    order = sorted(among, key=lambda n: -values[n])
    return [n for n in order[:count] if values[n] > 0], [n for n in order[::-1][: count // 2] if values[n] < 0]


@per_study
def related(study: Study, neuron: int, count: int = 4) -> list[tuple[int, float]]:
    """Neurons that matter to the same classes: (neuron, cosine of the two columns of importances about their means)."""
    table = importances(study)
    centred = table - table.mean(0)
    unit = centred / np.maximum(np.linalg.norm(centred, axis=0), 1e-12)
    cosine = unit.T @ unit[:, neuron]
    live = np.array([item.status != "dead" for item in study.neurons])
    order = [int(n) for n in np.argsort(-np.where(live, cosine, -2)) if n != neuron]
    return [(n, float(cosine[n])) for n in order[:count]]


@dataclass(frozen=True)
class Split:
    """A neuron's activations on held-out ``unit`` "pictures", or its importances for trained "classes" where the study keeps no test pictures, in two
    groups that ``what`` tells apart; ``auroc`` of that."""

    what: str
    with_it: np.ndarray
    without: np.ndarray
    auroc: float
    unit: str = N_("pictures")


@per_study_and_language
def activations(study: Study, neuron: int) -> Split:
    """Activations with and without the neuron's word; a neuron without a word is split by the class it matters most to."""
    held_out = np.flatnonzero(np.char.startswith(study.split.astype(str), "test"))
    values, labels, unit = study.pooled[held_out, neuron].float().numpy(), study.labels[held_out], "pictures"
    if not len(held_out):
        values, labels, unit = study.targets[:, neuron].float().numpy(), np.flatnonzero(study.seen), N_("classes")
    item = study.neurons[neuron]
    if item.attribute:
        has = study.knowledge.presence()[labels, study.knowledge.names.index(item.attribute)]
        return Split(names.of_neuron(study, item).label, values[has], values[~has], item.auroc, unit)
    best = int(importances(study)[:, neuron].argmax())
    has = labels == best
    ranks = values.argsort().argsort() + 1.0
    count = max(int(has.sum()), 1)
    auroc = (ranks[has].sum() - count * (count + 1) / 2) / max(count * int((~has).sum()), 1)
    return Split(display_name(study.classes[best]), values[has], values[~has], float(auroc), unit)


@per_study
def ablation(study: Study, neurons: tuple[int, ...]) -> Ablation:
    """What the study loses without some neurons."""
    return ablate(study, neurons)


@per_study
def trust_counts(study: Study) -> dict[str, int]:
    """How many neurons there are of each kind of trust."""
    return {trust: sum(neuron.trust == trust for neuron in study.neurons) for trust in TRUST}


def namesakes(study: Study, neuron: int) -> tuple[int, ...]:
    """All neurons whose name stands and is the same, this one included."""
    item = study.neurons[neuron]
    return tuple(
        n.index
        for n in cast(tuple[Neuron, ...], study.neurons)
        if n.attribute == item.attribute and n.status in TRUSTED
    )
