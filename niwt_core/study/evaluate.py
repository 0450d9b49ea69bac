"""Evaluates a study on its test pictures, beside baselines tuned by the same folds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from niwt_core.evaluation.metrics import (
    CalibrationCurve,
    Metrics,
    calibrated,
    calibration_curve,
    class_averaged,
    confusion,
    metrics,
    score,
)
from niwt_core.evaluation.temperature import expected_calibration_error
from niwt_core.study.baselines import left_out, run_baselines
from niwt_core.study.calibration import SHARES, share_curve, with_gamma
from niwt_core.study.clip_result import ClipResult, clip_json
from niwt_core.study.study import Study
from niwt_core.study.temperature import temperature_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Figures on the study's own test pictures; percent, class-averaged.

    ``metrics`` and ``curve`` (over gamma) are under the study's own calibration; ``by_gamma`` and ``gamma_curve`` under the published protocol, one
    gamma for all classes; ``plain`` is without calibration; ``per_class`` maps a class to its accuracy among all classes; confusion (C,C) counts,
    truth in rows; ``baselines`` maps a baseline's name to its Metrics, "(uncalibrated)" ones at gamma 0; ``left_out``
    names baselines that were never tuned for this study and cannot be any more; ``ece`` is the expected calibration error (points) with the
    study's ``temperature``, ``ece_before`` without.
    """

    metrics: Metrics
    plain: Metrics
    curve: CalibrationCurve
    by_gamma: Metrics
    gamma_curve: CalibrationCurve
    per_class: Mapping[str, float]
    confusion: np.ndarray
    baselines: Mapping[str, Metrics] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    temperature: float = 1.0
    ece_before: float = float("nan")
    ece: float = float("nan")

    def __repr__(self) -> str:
        return f"<Evaluation: {self.metrics}, {len(self.per_class)} classes, {len(self.baselines)} baselines>"

    def figure(self) -> Figure:
        """U, S and H over gamma beside U over S, for print: ``figure().savefig("balance.pdf")``."""
        from niwt_core.study.figure import evaluation_figure  # Matplotlib is loaded where somebody draws

        return evaluation_figure(self.curve, self.metrics, self.baselines)


def evaluate(
    study: Study, *, baselines: bool = False, on_baseline: Callable[[str, int, int], None] | None = None
) -> Evaluation:
    """Scores every test picture anew from the study's stored features; ``on_baseline`` as in `run_baselines`."""
    pictures = np.flatnonzero(study.split != "train")
    labels = study.labels[pictures]
    logits = study.full_head.logits(study.features[pictures].float())
    scored = score(logits, labels, study.seen)
    gamma = study.gamma
    calibrated_logits = calibrated(logits, study.seen, gamma)
    predicted, temperature = calibrated_logits.argmax(1).numpy(), temperature_of(study)
    published = with_gamma(study)
    bare = score(published.full_head.logits(study.features[pictures].float()), labels, study.seen)
    figures = run_baselines(study, on_baseline=on_baseline) if baselines else {}
    return Evaluation(
        metrics=metrics(scored, gamma),
        plain=metrics(bare, 0.0),
        curve=calibration_curve(scored),
        by_gamma=metrics(bare, published.gamma),
        gamma_curve=calibration_curve(bare),
        per_class={
            name: class_averaged(predicted[labels == c] == c, labels[labels == c])
            for c, name in enumerate(study.classes)
        },
        confusion=confusion(predicted, labels, classes=len(study.classes)),
        baselines=figures,
        left_out=left_out(study) if baselines else (),
        temperature=temperature,
        ece_before=expected_calibration_error(calibrated_logits, labels),
        ece=expected_calibration_error(calibrated_logits, labels, temperature=temperature),
    )


def stolen_share_json(study: Study) -> dict[str, Any]:
    """The share, shrinkage and norm that the folds chose, U, S, H and ZSL there, and at other shares."""
    stolen = study.stolen_share
    assert stolen is not None
    *curve, chosen = share_curve(study, (*SHARES, stolen.share))
    return {
        **{key: getattr(stolen, key) for key in ("share", "shrinkage", "norm")},
        **{key: value for key, value in _figures(chosen.metrics).items() if key != "gamma"},
        "ausuc": round(chosen.ausuc, 6),
        "curve": [
            {"share": point.share, **{key: round(getattr(point.metrics, key), 4) for key in ("U", "S", "H", "zsl")}}
            for point in curve
        ],
    }


def H_on_folds(study: Study) -> dict[str, float]:
    """Name -> mean H (percent) over the folds of seen classes, NIWT's first, by what the folds chose for each; empty where an older program tuned.

    A test split of few described classes ranks methods by luck where a class is recognised as a whole or not at all: on the harder Aviary one
    baseline's H is 66 and 88 by seed, and 78 and 76 on the folds, in which every seen class is held out three times.
    """
    tuned = study.choices.baselines
    if not tuned or any("H" not in chosen for chosen in tuned.values()):
        return {}
    return {"NIWT": study.choices.cross_validated_H, **{name: float(chosen["H"]) for name, chosen in tuned.items()}}


def _figures(scored: Metrics) -> dict[str, float]:
    return {key: round(getattr(scored, key), 4) for key in ("U", "S", "H", "zsl", "gamma")}


def to_json(
    study: Study,
    evaluation: Evaluation,
    *,
    ground_truth: Mapping[str, Any] | None = None,
    clip: ClipResult | None = None,
) -> dict[str, Any]:
    """The object that ``niwt evaluate --json`` prints; ``ground_truth`` is what a study of the Aviary was measured against, ``clip`` stands among the
    baselines as "CLIP", and for itself with its model and prompts."""
    result = evaluation.metrics
    others = evaluation.baselines if clip is None else {**evaluation.baselines, "CLIP": clip.metrics}
    beside = {"NIWT (uncalibrated)": evaluation.plain, **others} if others else {}
    return {
        "study": study.name,
        "study_id": study.id,
        **{key: round(getattr(result, key), 4) for key in ("U", "S", "H", "zsl")},
        "gamma": result.gamma,
        "ausuc": round(evaluation.curve.ausuc, 6),
        "calibration": study.calibration,
        "temperature": evaluation.temperature,
        "ece_before": round(evaluation.ece_before, 4),
        "ece": round(evaluation.ece, 4),
        "by_gamma": {**_figures(evaluation.by_gamma), "ausuc": round(evaluation.gamma_curve.ausuc, 6)},
        **({"stolen_share": stolen_share_json(study)} if study.stolen_share is not None else {}),
        "seen_classes": int(study.seen.sum()),
        "unseen_classes": int((~study.seen).sum()),
        "test_pictures": int((study.split != "train").sum()),
        "split_hash": study.split_hash,
        "seed": study.seed,
        "cross_validated_H": round(study.choices.cross_validated_H, 4),
        "per_class": {name: round(value, 2) for name, value in evaluation.per_class.items()},
        "baselines": {name: _figures(value) for name, value in beside.items()},
        **({"H_on_folds": folds_H} if (folds_H := H_on_folds(study)) and evaluation.baselines else {}),
        **({"baselines_left_out": list(evaluation.left_out)} if evaluation.left_out else {}),
        **({"clip": clip_json(clip)} if clip is not None else {}),
        **({"ground_truth": dict(ground_truth)} if ground_truth is not None else {}),
    }
