"""What a comparison of layers found, as values and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from niwt_core.backbones.split import LayerInfo
from niwt_core.evaluation.metrics import Metrics
from niwt_core.study.study import Study


@dataclass(frozen=True)
class LayerFigures:
    """One layer: its grid, what the folds of seen classes chose and found there (``cross_validated_H``, percent), and what follows.

    predictability: mean leave-one-out cosine of the seen classes' importances; live: neurons that vary; verified and shuffled: percent of those
    whose name, or a shuffled one, passes on held-out pictures (NaN where knowledge has no words); metrics: on test pictures, never chosen on.
    """

    info: LayerInfo
    decay: float
    mu: float
    ridge: float
    gamma: float
    cross_validated_H: float
    predictability: float
    live: int
    verified: float
    shuffled: float
    metrics: Metrics


@dataclass(frozen=True)
class Comparison:
    """Layers from shallow to deep; ``current`` is the study's, ``recommended`` the one of the highest cross-validated H. ``optimistic``: the
    network was trained on all seen classes, so the folds' figures are too high, though for all layers alike."""

    layers: tuple[LayerFigures, ...]
    current: str
    recommended: str
    folds: int
    thorough: bool
    optimistic: bool


def comparison_json(study: Study, comparison: Comparison) -> dict[str, Any]:
    """The object that ``niwt compare-layers --json`` prints."""
    return {
        "study": study.name,
        "study_id": study.id,
        "split_hash": study.split_hash,
        "own": comparison.current,
        "recommended": comparison.recommended,
        "folds": comparison.folds,
        "thorough": comparison.thorough,
        "folds_are_optimistic": comparison.optimistic,
        "layers": [_row(item) for item in comparison.layers],
    }


def _row(item: LayerFigures) -> dict[str, Any]:
    figures = {
        key: round(getattr(item, key), 4) for key in ("predictability", "verified", "shuffled", "cross_validated_H")
    }
    return {
        "layer": item.info.name,
        **{key: getattr(item.info, key) for key in ("neurons", "height", "width")},
        **{key: getattr(item, key) for key in ("live", "decay", "mu", "ridge", "gamma")},
        **figures,
        **{key: round(getattr(item.metrics, key), 4) for key in ("U", "S", "H", "zsl")},
    }
