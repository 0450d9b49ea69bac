"""Names, words and maps checked against ground truth, in a study of the Aviary.

Held-out pictures are drawn again from their seeds, now with the masks of all parts; nothing of them is stored. Each is classified among all
classes and its best class is explained, right or wrong, as the app does it. Then:

* words: is what the explanation says (its first five words) true of the picture, that is of the bird, and the part in view? Against five
  different words drawn as often as the seen classes have them.
* pointing: of the words that are true, does the peak of the word's map lie in the mask of the part that shows it? (pointing game, Zhang et al.,
  IJCV 2018.) Against the centre of the picture, a map with the neurons' shares permuted at random, and any place at all.
* both again with a network whose weights have been shuffled (Adebayo et al., NeurIPS 2018): they must collapse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from niwt_core.audit.simulate import check_aviary
from niwt_core.backbones.graph import network_from_dict, network_to_dict
from niwt_core.backbones.split import SplitNetwork
from niwt_core.classify.answer import Answer
from niwt_core.classify.classifier import Classifier
from niwt_core.data.aviary import IN_VIEW, PART_OF_GROUP, Picture
from niwt_core.data.aviary.dataset import VERSION, redraw_path
from niwt_core.errors import NiwtError
from niwt_core.explain.attribute_map import attribute_map
from niwt_core.explain.contrast import SHOWN
from niwt_core.explain.explanation import attribute_scores
from niwt_core.method.importance import importance
from niwt_core.study.study import Study

PER_CLASS = 6  # pictures: 360 in all, which gives each share to within 2 points


@dataclass(frozen=True)
class NameAudit:
    """Percent. named, verified and contested: of the live neurons; verified_of_named; shuffled: live neurons that pass under shuffled names."""

    live: int
    named: float
    verified: float
    verified_of_named: float
    shuffled: float
    contested: float = 0.0


@dataclass(frozen=True)
class AttributeAudit:
    """Percent of the words of explanations that are true of the picture; by_frequency: of words drawn as often as seen classes have them."""

    pictures: int
    true: float
    by_frequency: float


@dataclass(frozen=True)
class Pointing:
    """Percent of ``maps`` whose peak lies in the right part; centre: the picture's centre does; random: the peak of a map with shuffled
    neurons does; anywhere: the mean share of the picture that the part covers. by_group: attribute group -> percent."""

    maps: int
    hits: float
    centre: float
    random: float
    anywhere: float
    by_group: dict[str, float]


@dataclass(frozen=True)
class GroundTruth:
    """All measurements; ``..._shuffled`` are those of the network with shuffled weights."""

    names: NameAudit
    words_seen: AttributeAudit
    words_unseen: AttributeAudit
    pointing_seen: Pointing
    pointing_unseen: Pointing
    words_shuffled: AttributeAudit
    pointing_shuffled: Pointing


def measure_ground_truth(
    study: Study, *, per_class: int = PER_CLASS, seed: int = 0, on_picture: Callable[[int, int], None] | None = None
) -> GroundTruth:
    """Measures a study of the Aviary on ``per_class`` held-out pictures of every class; on_picture(done, all) follows it.

    Raises NiwtError on any other study.
    """
    chosen = held_out_sample(study, per_class=per_class, seed=seed)
    report = on_picture or (lambda done, total: None)
    both = 2 * len(chosen)
    records = _measure(study, chosen, seed, lambda done: report(done, both))
    shuffled = replace(study, network=shuffled_network(study.network, seed=seed))
    control = _measure(shuffled, chosen, seed, lambda done: report(len(chosen) + done, both))
    of_seen = study.seen[study.labels[chosen]]
    seen, unseen = (
        [record for record, is_seen in zip(records, of_seen, strict=True) if is_seen == side] for side in (True, False)
    )
    return GroundTruth(
        names=audit_names(study),
        words_seen=_words(seen),
        words_unseen=_words(unseen),
        pointing_seen=_pointing(seen),
        pointing_unseen=_pointing(unseen),
        words_shuffled=_words(control),
        pointing_shuffled=_pointing(control),
    )


def audit_names(study: Study) -> NameAudit:
    """What the study's own test of its names found, on held-out pictures."""
    live = [neuron for neuron in study.neurons if neuron.status != "dead"]
    verified = sum(neuron.status == "verified" for neuron in live)
    named = sum(neuron.is_named for neuron in live)
    return NameAudit(
        live=len(live),
        named=100 * named / max(1, len(live)),
        verified=100 * verified / max(1, len(live)),
        verified_of_named=100 * verified / max(1, named),
        shuffled=100 * float(study.provenance.get("shuffled_names_fraction", float("nan"))),
        contested=100 * sum(neuron.contested for neuron in live) / max(1, len(live)),
    )


def held_out_sample(study: Study, *, per_class: int, seed: int) -> np.ndarray:
    """Indices of ``per_class`` held-out pictures of each class, by chance."""
    random = np.random.default_rng(seed)
    held_out = np.flatnonzero(study.split != "train")
    parts = [random.permutation(held_out[study.labels[held_out] == c])[:per_class] for c in range(len(study.classes))]
    return np.sort(np.concatenate(parts))


def redrawn(study: Study, pictures: Sequence[int] | np.ndarray) -> Iterator[Picture]:
    """Pictures of the study drawn again with their masks. Raises NiwtError if the study is not of the Aviary, or of other drawings."""

    check_aviary(study)
    drawn = study.provenance.get("aviary")
    if not drawn or drawn["version"] != VERSION:
        raise NiwtError(
            "the study's pictures cannot be drawn again", where=f"study {study.name}", fix="prepare it again"
        )
    for i in pictures:
        yield redraw_path(study.paths[int(i)], seed=drawn["seed"], size=drawn["size"], masks=True)


def in_view(picture: Picture, names: Sequence[str]) -> list[bool]:
    """(K,) which attributes, "group::value", a drawing shows: the bird has them, and the part is in view."""
    shown = {g: value for g, value in picture.attributes.items() if picture.visibility[PART_OF_GROUP[g]] >= IN_VIEW}
    return [shown.get(group) == value for group, _, value in (name.partition("::") for name in names)]


def shuffled_network(network: SplitNetwork, *, seed: int) -> SplitNetwork:
    """The same network with the values of every weight tensor in random order: it has the same statistics, and knows nothing."""
    generator = torch.Generator().manual_seed(seed)

    def shuffle(value: Tensor) -> Tensor:
        return value.flatten()[torch.randperm(value.numel(), generator=generator)].reshape(value.shape)

    return network_from_dict(
        network_to_dict(network), {name: shuffle(value) for name, value in network.state_dict().items()}
    )


@dataclass(frozen=True)
class _Map:
    """The map of one true word: do its peak, the centre, and the peak of a map with shuffled shares lie in the part? ``area``: the part's share."""

    group: str
    hit: bool
    centre: bool
    random: bool
    area: float


@dataclass(frozen=True)
class _Record:
    """One picture: truth of each word shown, share of true words among those by frequency, and the maps."""

    true: tuple[bool, ...]
    by_frequency: float
    maps: tuple[_Map, ...]


def _measure(study: Study, chosen: np.ndarray, seed: int, on_picture: Callable[[int], None]) -> list[_Record]:
    classifier, random = Classifier(study), np.random.default_rng([seed, 1])
    records: list[_Record] = []
    for start in range(0, len(chosen), 32):
        drawn = list(redrawn(study, chosen[start : start + 32]))
        answers = classifier.classify_many([picture.image for picture in drawn])
        for answer, picture in zip(answers, drawn, strict=True):
            records.append(_record(study, answer, picture, random))
            on_picture(len(records))
    return records


def _record(study: Study, answer: Answer, drawn: Picture, random: np.random.Generator) -> _Record:

    candidate = answer.classifier.candidate(answer.best.name)
    alpha = importance(study.network, answer.picture.activations, candidate.row)[0]  # (N,)
    words = [word.attribute for word in attribute_scores(study, alpha)[:SHOWN]]
    in_view = {group: drawn.visibility[part] >= IN_VIEW for group, part in PART_OF_GROUP.items()}
    true = {f"{group}::{value}" for group, value in drawn.attributes.items() if in_view[group]}
    frequency = study.knowledge.values[study.seen].mean(0).astype(float)
    guessed = random.choice(study.knowledge.names, SHOWN, replace=False, p=frequency / frequency.sum())
    maps = []
    for word in words:
        if word in true and drawn.masks is not None:
            mask = drawn.masks[PART_OF_GROUP[word.partition("::")[0]]]  # (s, s) bool
            peak = attribute_map(study, answer.picture, word).peak()
            permuted = torch.from_numpy(random.permutation(study.network.neurons))
            other = attribute_map(study, answer.picture, word, deal=permuted).peak()
            centre = (mask.shape[0] // 2, mask.shape[1] // 2)
            hit, middle, by_chance = (bool(mask[at]) for at in (peak, centre, other))
            maps.append(_Map(word.partition("::")[0], hit, middle, by_chance, float(mask.mean())))
    return _Record(
        tuple(word in true for word in words), float(np.mean([word in true for word in guessed])), tuple(maps)
    )


def _words(records: Sequence[_Record]) -> AttributeAudit:
    judged = [word for record in records for word in record.true]
    return AttributeAudit(len(records), _percent(judged), _percent([record.by_frequency for record in records]))


def _pointing(records: Sequence[_Record]) -> Pointing:
    maps = [item for record in records for item in record.maps]
    return Pointing(
        maps=len(maps),
        hits=_percent([item.hit for item in maps]),
        centre=_percent([item.centre for item in maps]),
        random=_percent([item.random for item in maps]),
        anywhere=_percent([item.area for item in maps]),
        by_group={
            group: _percent([item.hit for item in maps if item.group == group])
            for group in sorted({item.group for item in maps})
        },
    )


def _percent(values: Sequence[float]) -> float:
    return 100 * float(np.mean(values)) if len(values) else float("nan")
