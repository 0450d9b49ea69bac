"""A class that never was: described, drawn afresh, built, and measured, in one call.

Only a study of the Aviary can do it, for only there can any description be drawn. Pictures are new ones (they are in no study), and
the class is told from all seen classes at the study's own gamma.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from niwt_core.classify.answer import Answer
from niwt_core.classify.build import BuiltClass
from niwt_core.classify.classifier import Classifier
from niwt_core.classify.helpful_word import groups_said
from niwt_core.classify.recipe import Recipe
from niwt_core.data.aviary import Picture, draw
from niwt_core.errors import NiwtError
from niwt_core.study.study import Study

NAME = "Imagined bird"
MOST = 1000


@dataclass(frozen=True, eq=False)
class Simulation:
    """A described class, with n fresh pictures of it and what the classifier made of them.

    answers: one for each picture, over the seen classes and this one; recognised: percent of pictures whose best class is this one;
    confusions: (seen class, pictures that went to it), most first; chance: percent that guessing would get.
    """

    built: BuiltClass
    pictures: tuple[Picture, ...]
    answers: tuple[Answer, ...]
    recognised: float
    confusions: tuple[tuple[str, int], ...]
    chance: float

    def __repr__(self) -> str:
        return f"<Imagined {self.built.name}: {self.recognised:.0f} % of {len(self.pictures)} pictures recognised, chance {self.chance:.0f} %>"

    @property
    def name(self) -> str:
        return self.built.name


def imagine(
    study: Study, description: Mapping[str, Any] | Recipe, *, n: int = 32, seed: int = 0, name: str = NAME
) -> Simulation:
    """Draws ``n`` pictures of a description, builds its classifier, and measures how many it recognises.

    Args:
        description: attributes as ``Knowledge.describe`` takes them, or a whole recipe. What it leaves open is drawn as often as seen classes
            have it; weights within a group ({"crown color": {"red": 0.7, "blue": 0.3}}) are shares of the pictures.
        seed: of the drawings; the same seed gives the same pictures.
        name: of the class, if the description is no recipe.

    Raises:
        NiwtError: the study is not of the Aviary, the description says what it does not know, the name is a seen class's, n is out of range.
    """
    check_aviary(study)
    if not 1 <= n <= MOST:
        raise NiwtError(f"{n} pictures", where="imagine", fix=f"ask for 1 to {MOST}")
    recipe = description if isinstance(description, Recipe) else Recipe(name=name, attributes=description)
    classifier = Classifier(study, unseen=False)
    built = classifier.add_recipe(recipe)
    pictures = fresh_pictures(study, built.values, n=n, seed=seed)
    answers = tuple(classifier.classify_many([picture.image for picture in pictures]))
    best = Counter(answer.best.name for answer in answers)
    hits = best.pop(built.name, 0)
    return Simulation(
        built=built,
        pictures=pictures,
        answers=answers,
        recognised=100 * hits / n,
        confusions=tuple(sorted(best.items(), key=lambda item: (-item[1], item[0]))),
        chance=100 / len(classifier.candidates),
    )


def fresh_pictures(study: Study, values: np.ndarray, *, n: int, seed: int) -> tuple[Picture, ...]:
    """``n`` drawings of a raw description (K,), as large as the network's input; its amounts are the chances within each group."""

    weights = {attribute: float(value) for attribute, value in zip(study.knowledge.names, values, strict=True)}
    children = np.random.SeedSequence((seed, 4)).spawn(n)  # 4: a stream that no picture of a data set is drawn from
    seeds = [int(child.generate_state(1, np.uint64)[0] >> 1) for child in children]
    return tuple(draw(weights, seed=each, size=study.preprocess.size) for each in seeds)


def open_groups(study: Study, recipe: Recipe) -> tuple[str, ...]:
    """The attribute groups that a recipe says nothing of, so that its drawings vary there; none where it starts from a class or a caption."""
    if recipe.like or recipe.caption.strip():
        return ()
    described_groups = groups_said(study, recipe.attributes)
    return tuple(group for group in study.knowledge.groups if group not in described_groups)


def check_aviary(study: Study) -> None:
    """Raises NiwtError unless the study is of the Aviary, in attributes."""
    if study.kind != "aviary" or study.knowledge.kind != "attributes":
        raise NiwtError(
            "only a study of the Aviary, in attributes, can be drawn",
            where=f"study {study.name}",
            fix="open one, such as assets/aviary",
        )
