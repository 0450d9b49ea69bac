"""Builds a class from a recipe: description -> predicted neurons -> exact classifier weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from niwt_core.classify.recipe import Recipe
from niwt_core.errors import NiwtError
from niwt_core.files import write_atomically
from niwt_core.knowledge.captions import caption_values
from niwt_core.knowledge.from_text import attributes_from_text
from niwt_core.study.calibration import built_bias
from niwt_core.study.study import Study

NEAREST = 5


@dataclass(frozen=True, eq=False)
class BuiltClass:
    """A class that was described, with the classifier weights that follow.

    values (K,) raw description; k (E,) encoded; importances (N,) predicted; weights (D,) head row; bias about the feature mean; cosine
    between the importances that the weights really give (``G w``) and the predicted ones; paper_loss = 1 - cosine + lambda/2 |w - w_bar|^2
    with the paper's lambda for CUB (1e-2); nearest: (class, cosine of weights) of the most similar known classes; support: leave-one-out
    predictability of those classes, weighted by similarity; confirmed: how many confirmed pictures moved the weights from what the description
    gives (`niwt_core.classify.confirm`).
    """

    name: str
    recipe: Recipe
    values: np.ndarray
    k: np.ndarray
    importances: Tensor
    weights: Tensor
    bias: float
    cosine: float
    paper_loss: float
    nearest: tuple[tuple[str, float], ...]
    expected_predictability: float
    confirmed: int = 0

    def __repr__(self) -> str:
        near = f", most like {self.nearest[0][0]}" if self.nearest else ""
        return f"<BuiltClass {self.name}: cosine {self.cosine:.3f}, support {self.expected_predictability:.2f}{near}>"

    @cached_property
    def norm(self) -> float:
        return float(self.weights.norm())

    def save(self, path: Path, study: Study) -> None:
        """Writes weights, bias and importances as safetensors, atomically; the bias is for ``o = w phi + b``."""
        offset = torch.tensor(
            [self.bias - float(self.weights.double() @ study.head.mean.double())], dtype=torch.float32
        )
        metadata = {"name": self.name, "study": study.id, "recipe": self.recipe.to_yaml()}
        tensors = {"weights": self.weights.clone(), "bias": offset, "importances": self.importances.float().clone()}
        write_atomically(path, safetensors_bytes(tensors, metadata=metadata))


def describe(study: Study, recipe: Recipe) -> np.ndarray:
    """The raw description (K,) that a recipe means in this study.

    In a study of attributes: its attributes, over those that its caption means where captions are not read as they are, over ``like`` or the
    mean of the seen classes. In a study of captions: its name and caption, or ``like``.

    Raises:
        NiwtError: the recipe is for another study, names what the study does not know, or cannot be said in its knowledge.
    """
    _check_study(study, recipe)
    base = study.encoder.average
    if recipe.like:
        base = study.knowledge.values[study.class_index(recipe.like)]
    if recipe.caption.strip() and study.encoder.texts_of_captions is None:
        if study.knowledge.kind == "attributes":
            base = attributes_from_text(
                study.knowledge, recipe.caption, base=base, where=f"recipe {recipe.name}"
            ).values
        else:
            base = caption_values(study.encoder, recipe.name, recipe.caption, where=f"recipe {recipe.name}")
    if not recipe.attributes:
        return np.asarray(base, np.float32)
    return study.knowledge.describe(recipe.attributes, base=base)


def describe_text(study: Study, recipe: Recipe) -> np.ndarray | None:
    """The raw text (K',) of a recipe where the study has ``texts`` beside attributes: its caption's, or that of ``like``; None says nothing.

    Raises NiwtError: the caption cannot be read.
    """
    if study.texts is None:
        return None
    if recipe.caption.strip() and study.encoder.texts_of_captions is not None:
        return caption_values(study.encoder, recipe.name, recipe.caption, where=f"recipe {recipe.name}")
    return study.texts.knowledge.values[study.class_index(recipe.like)] if recipe.like else None


def _check_study(study: Study, recipe: Recipe) -> None:
    if recipe.study and recipe.study != study.id:
        raise NiwtError(
            f"the recipe was written for study {recipe.study}, this is {study.id}",
            where=f"recipe {recipe.name}",
            fix="open that study, or remove the recipe's `study` line to build it here",
        )


def build_class(study: Study, recipe: Recipe) -> BuiltClass:
    """Describes, predicts and transfers. The same recipe on the same study gives the same bits. Raises NiwtError."""
    values = describe(study, recipe)
    k = study.encoder.encode(values, describe_text(study, recipe))
    return class_of_row(study, recipe, values, k, study.affine.solve(k))


def class_of_row(
    study: Study, recipe: Recipe, values: np.ndarray, k: np.ndarray, weights: Tensor, *, confirmed: int = 0
) -> BuiltClass:
    """The built class with head row ``weights`` (D,) that a description, raw ``values`` (K,) and encoded ``k`` (E,), is given."""
    importances = study.mapping(torch.from_numpy(k).to(study.mapping.weight.dtype))
    reached = weights if study.operator is None else study.operator @ weights  # (N,)
    cosine = float(torch.cosine_similarity(reached, importances, dim=0))
    distance = float((weights - study.head.rows.mean(0)).square().sum())
    similarity = torch.cosine_similarity(
        study.full_head.rows - study.head.rows.mean(0), weights - study.head.rows.mean(0)
    )
    order = similarity.argsort(descending=True)[:NEAREST].tolist()
    return BuiltClass(
        name=recipe.name,
        recipe=recipe,
        values=values,
        k=k,
        importances=importances,
        weights=weights,
        bias=built_bias(study, weights, None if recipe.share is None else recipe.share / 100),
        cosine=cosine,
        paper_loss=1 - cosine + 0.005 * distance,
        nearest=tuple((study.classes[c], float(similarity[c])) for c in order),
        expected_predictability=_expected_predictability(study, k),
        confirmed=confirmed,
    )


def _expected_predictability(study: Study, k: np.ndarray) -> float:
    """How well classes like this one could be predicted: mean leave-one-out cosine of the nearest seen descriptions, by similarity."""
    centre = study.encoded_knowledge[study.seen].mean(0)
    seen = study.encoded_knowledge[study.seen] - centre
    mine = k - centre
    cosine = seen @ mine / np.maximum(np.linalg.norm(seen, axis=1) * np.linalg.norm(mine), 1e-12)
    near = np.argsort(-cosine)[:NEAREST]
    weight = np.clip(cosine[near], 0.01, None)
    return float((weight * study.mapping.predictability.numpy()[near]).sum() / weight.sum())


def inert_attributes(study: Study, *, fraction: float = 0.05) -> tuple[str, ...]:
    """Attributes that this network cannot hear: moving them moves the weights by less than ``share`` of what the median attribute does, or they
    never vary over the seen classes."""
    effect = study.over_knowledge()[0].P.norm(dim=0)  # (K,)
    constant = study.knowledge.values[study.seen].std(0) < 1e-6
    inert = constant | (effect < fraction * effect.median()).numpy()
    return tuple(name for name, is_inert in zip(study.knowledge.names, inert, strict=True) if is_inert)
