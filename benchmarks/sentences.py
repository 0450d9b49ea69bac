"""A class described by its attributes, against the same words put into sentences that are read as a person's are.

    python -m benchmarks.sentences --study assets/photographs --photos PHOTOGRAPHS

Every seen class is left out in turn: the ridge from descriptions to rows does without it, and so does the table that sentences are read by (what
goes with what was said is looked up in it). Its photographs are asked for it among all other classes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from benchmarks.options import parser
from niwt_core import Classifier, NiwtError, Study, load_study
from niwt_core.data.imagenet import read_attribute_table
from niwt_core.data.photographs import read_photographs
from niwt_core.evaluation.bias_by_row import row_measures
from niwt_core.evaluation.described_margins import Photographs, among_left_out, at_share, margins
from niwt_core.evaluation.leave_one_class_out import left_out_rows, left_out_rows_as_stated
from niwt_core.evaluation.stolen_share import StolenShare
from niwt_core.images import open_image
from niwt_core.knowledge.attributes import Knowledge
from niwt_core.knowledge.encoding import encode
from niwt_core.knowledge.from_text import attributes_from_text

ROOT = Path(__file__).resolve().parents[1]
FEW = 8  # words of a hasty sentence


def main() -> None:
    """Prints one JSON object."""
    given = parser(__doc__)
    given.add_argument("--share", type=float, default=0.007)
    options = given.parse_args()
    study = load_study(options.study)
    print(json.dumps(compared(study, photographs_of(study, options.photos), share=options.share), indent=1))


def photographs_of(study: Study, root: Path) -> Photographs:
    """The features of a folder of photographs of the study's seen classes."""
    table = read_attribute_table(ROOT / "assets" / "imagenet-attributes")
    ids = table.ids if len(table.ids) == len(study.seen_classes) else ()
    folder = read_photographs(root, study.seen_classes, ids)
    if not folder.labelled:
        raise NiwtError("photographs of no known class", where=root, fix="name their folders after classes")
    classifier, parts = Classifier(study), []
    for start in range(0, len(folder.paths), 16):
        images = [open_image(folder.root / path) for path in folder.paths[start : start + 16]]
        parts.append(classifier.run(torch.stack([study.preprocess(image) for image in images]))[0])
    features = torch.cat(parts).double().numpy()
    return Photographs(features, folder.labels, study.head.rows.double().numpy(), study.head.offsets().double().numpy())


def compared(
    study: Study, photographs: Photographs, *, share: float, seed: int = 0
) -> Mapping[str, Mapping[str, float]]:
    """Figures of each way to describe a left-out class, percent."""
    knowledge = study.knowledge.restrict(study.seen_classes)
    encoded = encode(knowledge.values, study.encoding)
    ridge, base = study.mapping.ridge, study.encoder.average
    random = np.random.default_rng(seed)
    every = [words_of(knowledge, c) for c in range(len(knowledge.classes))]
    few = [list(random.permutation(words)[:FEW]) for words in every]
    ways = {
        "attributes": left_out_rows(encoded, photographs.rows, ridge=ridge),
        "sentence of all words": _told(knowledge, every, base, study, photographs, ridge, read=True),
        "the same in other words": _told(knowledge, every, base, study, photographs, ridge, read=True, other=random),
        f"{FEW} words, as attributes": _told(knowledge, few, base, study, photographs, ridge, read=False),
        f"sentence of {FEW} words": _told(knowledge, few, base, study, photographs, ridge, read=True),
    }
    out = {}
    for name, rows in ways.items():
        m = margins(rows, photographs)
        point = at_share(m, share)
        out[name] = {
            "top1": round(point.top1, 2), "top5": round(point.top5, 2), "stolen": round(point.stolen, 3), "100-way": round(among_left_out(m, 100), 2)
        }  # fmt: skip
        if study.stolen_share is not None:
            out[name] |= _without_photographs(study.stolen_share, rows, photographs)
    return out


def _without_photographs(stolen: StolenShare, rows: np.ndarray, photographs: Photographs) -> Mapping[str, float]:
    """The same at the bias of a study that keeps no photographs: one for all, and that which is read off the row."""
    m = margins(rows, photographs)
    biases = {"one bias": np.full(len(rows), stolen.anchor)}
    if stolen.by_row is not None:
        typical, weights = stolen.by_row[:-3].double().numpy(), stolen.by_row[-3:].double().numpy()
        measures = row_measures(rows, photographs.rows, typical, left_out=True)
        biases["by row"] = np.column_stack([measures, np.ones(len(rows))]) @ weights
    out = {}
    for name, bias in biases.items():
        out[f"top1, {name}"] = round(100 * float((m.described > -bias[m.labels]).mean()), 2)
        out[f"stolen, {name}"] = round(100 * float(np.nanmean(m.other > -bias, axis=0).mean()), 3)
    return out


def words_of(knowledge: Knowledge, c: int) -> list[int]:
    """The columns that a class surely has."""
    return [int(k) for k in np.flatnonzero(knowledge.values[c] >= knowledge.scale)]


def sentence(knowledge: Knowledge, columns: list[int], other: np.random.Generator | None = None) -> str:
    """The values of some columns as a person may write them, group by group; with ``other`` each in another word for it, drawn at random."""
    by_group: dict[str, list[str]] = {}
    for k in sorted(columns):
        group, _, value = knowledge.labels[k].partition(": ")
        synonyms = knowledge.synonyms.get(knowledge.names[k], ())
        if other is not None and synonyms:
            value = str(other.choice(synonyms))
        by_group.setdefault(group, []).append(value)
    return "; ".join(" and ".join(values) for values in by_group.values())


def _told(
    knowledge: Knowledge,
    columns: list[list[int]],
    base: np.ndarray,
    study: Study,
    photographs: Photographs,
    ridge: float,
    *,
    read: bool,
    other: np.random.Generator | None = None,
) -> np.ndarray:
    rows = []
    for c, chosen in enumerate(columns):
        row = np.array(base, np.float32)
        if read:
            others = knowledge.restrict([name for i, name in enumerate(knowledge.classes) if i != c])
            row = attributes_from_text(others, sentence(knowledge, chosen, other), base=base).values
        else:
            row[list(chosen)] = knowledge.scale
        rows.append(row)
    stated = encode(np.stack(rows), study.encoding)
    return left_out_rows_as_stated(encode(knowledge.values, study.encoding), stated, photographs.rows, ridge=ridge)


if __name__ == "__main__":
    main()
