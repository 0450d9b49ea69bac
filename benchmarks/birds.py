"""Birds that ImageNet lacks, described in a hurry and built as anybody builds a class, on real photographs of them.

    python -m benchmarks.birds --study assets/photographs --root CUB --photos PHOTOGRAPHS

`birds.yaml` describes fifteen by words of the attribute table and by a sentence. CUB is a folder of CUB-200-2011 (all of its photographs of the
fifteen are used, none was ever looked at), PHOTOGRAPHS are labelled ones of the study's seen classes. Each bird alone among the seen classes, with
the study's own calibration; all together; and who is taken for them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.options import parser
from benchmarks.sentences import photographs_of
from niwt_core import Classifier, NiwtError, Study, load_study
from niwt_core.classify.recipe import Recipe
from niwt_core.data.plain_yaml import read_plain
from niwt_core.evaluation.described_margins import Photographs
from niwt_core.evaluation.metrics import harmonic_mean
from niwt_core.images import open_image

FILE = Path(__file__).with_suffix(".yaml")


@dataclass(frozen=True)
class Bird:
    """Where its photographs are, what it is called, and its description in words of the table and in a sentence."""

    folder: str
    name: str
    words: tuple[str, ...]
    sentence: str


def main() -> None:
    """Prints one JSON object."""
    given = parser(__doc__)
    given.add_argument("--root", "--cub", dest="cub", type=Path, required=True, help="a folder of CUB-200-2011")
    options = given.parse_args()
    study = load_study(options.study)
    seen = photographs_of(study, options.photos)
    birds = read_birds()
    features = {bird.name: features_of(study, photographs_in(options.cub, bird)) for bird in birds}
    print(json.dumps(tried(study, birds, features, seen), indent=1))


def read_birds(path: Path = FILE) -> tuple[Bird, ...]:
    """The descriptions of a file."""
    entries: Any = read_plain(path, "list of birds")
    return tuple(
        Bird(str(item["folder"]), str(item["name"]), tuple(item["words"].split(", ")), str(item["sentence"]))
        for item in entries
    )


def photographs_in(cub: Path, bird: Bird) -> list[Path]:
    """All photographs of a bird. Raises NiwtError where there are none."""
    folder = next((cub / part for part in ("images", "CUB_200_2011/images") if (cub / part).is_dir()), cub)
    files = sorted((folder / bird.folder).glob("*.jpg"))
    if not files:
        raise NiwtError(f"no photograph of {bird.name}", where=folder / bird.folder, fix="give CUB-200-2011")
    return files


def features_of(study: Study, files: Sequence[Path]) -> Tensor:
    """(n,D)."""
    classifier = Classifier(study)
    batches = [files[start : start + 16] for start in range(0, len(files), 16)]
    return torch.cat(
        [classifier.run(torch.stack([study.preprocess(open_image(file)) for file in batch]))[0] for batch in batches]
    )


def recipe_of(study: Study, bird: Bird, *, sentence: bool) -> Recipe:
    """As a person would write it."""
    if sentence:
        return Recipe(bird.name, caption=bird.sentence)
    groups: dict[str, dict[str, float]] = {}
    columns = {}
    for name, label in zip(study.knowledge.names, study.knowledge.labels, strict=True):
        columns.setdefault(label.partition(": ")[2], name)
    for word in bird.words:
        group, _, value = columns[word.removesuffix("?")].partition("::")
        groups.setdefault(group, {})[value] = 0.5 if word.endswith("?") else 1.0
    return Recipe(bird.name, groups)


def tried(
    study: Study, birds: Sequence[Bird], features: Mapping[str, Tensor], seen: Photographs
) -> Mapping[str, object]:
    """Figures by attributes and by sentences, percent."""
    photographs = torch.from_numpy(seen.features).float()
    head_alone = _first(Classifier(study, unseen=False), photographs)
    names = np.array(study.seen_classes)
    out: dict[str, object] = {"head alone": _percent(head_alone == names[seen.labels])}
    for way in ("attributes", "sentence"):
        recipes = [recipe_of(study, bird, sentence=way == "sentence") for bird in birds]
        alone = {}
        for recipe in recipes:
            classifier = Classifier(study, unseen=False)
            classifier.add_recipe(recipe)
            answers = _first(classifier, features[recipe.name])
            taken = _percent(_first(classifier, photographs) == recipe.name)
            others = Counter(str(name) for name in answers[answers != recipe.name]).most_common(3)
            alone[recipe.name] = {"first": _percent(answers == recipe.name), "stolen": taken, "instead": dict(others)}
        together = Classifier(study, unseen=False)
        for recipe in recipes:
            together.add_recipe(recipe)
        right = [_percent(_first(together, features[recipe.name]) == recipe.name) for recipe in recipes]
        U, S = float(np.mean(right)), _percent(_first(together, photographs) == names[seen.labels])
        out[way] = {
            "alone": round(float(np.mean([item["first"] for item in alone.values()])), 2),
            "stolen": round(float(np.mean([item["stolen"] for item in alone.values()])), 2),
            "together": {"U": round(U, 2), "S": S, "H": round(float(harmonic_mean(np.array(U), np.array(S))), 2)},
            "birds": {name: {**alone[name], "together": right[i]} for i, name in enumerate(alone)},
        }
    return out


def _first(classifier: Classifier, features: Tensor) -> np.ndarray:
    """(n,) the name of the first class."""
    names = np.array([item.name for item in classifier.candidates])
    return names[classifier.logits(features).argmax(1).numpy()]


def _percent(values: np.ndarray) -> float:
    return round(100 * float(values.mean()), 2)


if __name__ == "__main__":
    main()
