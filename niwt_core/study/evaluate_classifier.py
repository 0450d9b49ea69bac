"""Evaluates a study of a trained classifier: its own classes, each left out in turn and described, on labelled photographs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from niwt_core.errors import NiwtError
from niwt_core.evaluation.described_margins import Photographs
from niwt_core.evaluation.leave_one_class_out import LeaveOneClassOut, leave_one_class_out
from niwt_core.evaluation.metrics import calibrated, class_averaged
from niwt_core.study.study import Study

SHARE = 0.008  # at which the study's own figures are quoted, where it knows no share of its own


@dataclass(frozen=True, eq=False)
class ClassifierEvaluation:
    """alone: percent of photographs that the head alone has right; S: that among all classes, described ones too; taken: percent that described
    classes take away together; loo: what leaving each class out shows; photographs: how many."""

    alone: float
    S: float
    taken: float
    loo: LeaveOneClassOut
    photographs: int


def evaluate_classifier(
    study: Study, features: Tensor | None = None, labels: np.ndarray | None = None, *, share: float | None = None
) -> ClassifierEvaluation:
    """Figures of a study of kind "classifier" on its own photographs, or on others given as features (n,D) and labels (n,) among its seen classes.

    share: of other photographs that a left-out class may take, the study's own by default. Raises NiwtError where there are no labelled photographs.
    """
    if features is None or labels is None:
        pictures = study.calibration_pictures
        features = study.features[torch.from_numpy(pictures)].float()
        labels = np.searchsorted(np.flatnonzero(study.seen), study.labels[pictures])
    if not len(labels):
        raise NiwtError(
            "the study keeps no photographs to evaluate on",
            where=f"study {study.name}",
            fix="give labelled ones with --photos DIR",
        )
    seen, head = np.flatnonzero(study.seen), study.full_head
    alone = study.head.logits(features)
    every = calibrated(head.logits(features), study.seen, study.gamma).argmax(1).numpy()
    known = Photographs(
        features.double().numpy(), labels, study.head.rows.double().numpy(), study.head.offsets().double().numpy()
    )
    if share is None:
        share = SHARE if study.stolen_share is None else study.stolen_share.share
    loo = leave_one_class_out(study.encoded_knowledge[seen], known, ridge=study.mapping.ridge, share=share)
    return ClassifierEvaluation(
        alone=class_averaged(alone.argmax(1).numpy() == labels, labels),
        S=class_averaged(every == seen[labels], labels),
        taken=100 * float((~study.seen[every]).mean()),
        loo=loo,
        photographs=len(labels),
    )


def classifier_json(study: Study, evaluation: ClassifierEvaluation) -> dict[str, Any]:
    """The object that ``niwt evaluate --json`` prints for a classifier as it is; what needs pictures of described classes is null."""
    best, loo = evaluation.loo.at_share, evaluation.loo
    return {
        "study": study.name, "study_id": study.id, "U": None, "S": round(evaluation.S, 4), "H": None, "zsl": None, "ausuc": None,
        "gamma": study.gamma,
        "seen_classes": int(study.seen.sum()), "unseen_classes": int((~study.seen).sum()), "split_hash": study.split_hash, "seed": study.seed,
        "photographs": evaluation.photographs, "head_alone": round(evaluation.alone, 4), "taken_by_described": round(evaluation.taken, 4),
        "loo": {
            "top1": round(best.top1, 4), "top5": round(best.top5, 4), "stolen": round(best.stolen, 4), "share": best.setting,
            "gamma": loo.gamma, "at_gamma": asdict(loo.at_gamma), "zsl": round(loo.zsl, 4), "ways": loo.ways,
            "curve": [asdict(point) for point in loo.curve],
        },
    }  # fmt: skip


def figures_of(study: Study) -> dict[str, Any] | None:
    """Those of `classifier_json` on the photographs that the study was prepared with, whether it holds them or not; None where there were none."""
    measured = study.provenance.get("measured")
    if isinstance(measured, dict) and "loo" in measured:
        novelty = {"novelty": study.provenance["novelty"]} if "novelty" in study.provenance else {}
        return {**measured, **novelty, "study": study.name, "study_id": study.id}
    return classifier_json(study, evaluate_classifier(study)) if study.calibration_pictures.any() else None
