"""What holds described classes in balance with seen ones: biases of classes that are built later, another share, or the published gamma."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from niwt_core.errors import NiwtError
from niwt_core.evaluation.bias_by_row import bias_by_row
from niwt_core.evaluation.metrics import Metrics, calibration_curve, metrics, score
from niwt_core.evaluation.stolen_share import StolenShare, recalibrated, stolen_bias, stolen_biases
from niwt_core.method.head import Head
from niwt_core.method.mapping import RidgePath
from niwt_core.method.transfer.exact import fit_transfer
from niwt_core.study.study import Study

SHARES = (0.001, 0.002, 0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.05)


_AT_SHARE: WeakKeyDictionary[Study, dict[float, Study]] = (
    WeakKeyDictionary()
)  # made when first asked for, gone with the study
MOST_SHARES = 16  # of a study that are remembered


def built_bias(study: Study, weights: Tensor, share: float | None = None) -> float:
    """The bias of a class with this head row (D,), the same bits wherever it is called: by the study's stolen share, if that is its calibration.

    share: what this class may take away in place of the study's own share (0..1); it is drawn towards the mean at that share, as `with_share` has it.
    Raises NiwtError as that does.
    """
    if share is not None:
        if study.calibration == "gamma" and study.stolen_share is not None:
            raise NiwtError(
                "the study holds described classes back by gamma, not by a share each",
                where=f"study {study.name}",
                fix="leave the recipe's share out, or move gamma",
            )
        known = _AT_SHARE.setdefault(study, {})
        if share not in known:
            if len(known) >= MOST_SHARES:
                known.clear()
            known[share] = with_share(study, share)
        study = known[share]
    if study.stolen_share is None or study.calibration == "gamma":
        return study.transferred_bias
    stolen = study.stolen_share
    if not len(stolen.best_seen):  # the study keeps no pictures: what they said of rows like this one, or on average
        known_bias = stolen.anchor if stolen.by_row is None else bias_by_row(weights, study.head.rows, stolen.by_row)
        return study.transferred_bias + known_bias
    features = study.features[torch.from_numpy(study.calibration_pictures)]
    bias = stolen_bias(weights, study.transferred_bias, study.head, features, stolen.best_seen, stolen.share)
    return study.transferred_bias + float(stolen.shrunk(bias))


def with_share(study: Study, share: float) -> Study:
    """The study as if each described or built class might take away ``share`` (0..1) of the pictures of seen classes.

    Raises NiwtError: the study was prepared by a version that did not know stolen shares, or the share is none.
    """
    stolen = _stolen_share(study)
    if not 0 < share < 1:
        raise NiwtError(
            f"{100 * share:g} % is no share", where="stolen share", fix="give more than 0 and less than 100 %"
        )
    if not len(stolen.best_seen):
        raise NiwtError(
            "the study keeps no pictures to count a share on",
            where=f"study {study.name}",
            fix="prepare it with --photos DIR",
        )
    train = study.calibration_pictures
    transfer = fit_transfer(
        study.head.rows, study.head.biases, study.operator, mu=study.choices.mu, norm_factor=stolen.norm
    )
    other = recalibrated(
        replace(stolen, share=share),
        study.head,
        study.features[torch.from_numpy(train)],
        torch.from_numpy(np.searchsorted(np.flatnonzero(study.seen), study.labels[train])),
        study.full_head.rows[torch.from_numpy(~study.seen)],
        typical_rows=transfer.weights(_held_out(study)),
    )
    return replace(
        study, stolen_share=other, choices=replace(study.choices, calibration="stolen share"), temperature=None
    )


def _held_out(study: Study) -> Tensor:
    """(C,N) importances of the seen classes, each as predicted without it; a study whose head is the network's own keeps none."""
    if study.mapping.held_out is not None:
        return study.mapping.held_out
    encoded = torch.from_numpy(study.encoded_knowledge[study.seen]).float()
    return RidgePath(encoded, study.targets).held_out(study.mapping.ridge).float()


def with_gamma(study: Study) -> Study:
    """The study under the published protocol: one gamma taken from all seen logits, described classes at the mean seen bias."""
    return replace(study, choices=replace(study.choices, calibration="gamma"), temperature=None)


@dataclass(frozen=True)
class SharePoint:
    """``metrics`` on the study's test pictures where each described class may take ``share`` (0..1); ausuc 0..1 as gamma moves from there."""

    share: float
    metrics: Metrics
    ausuc: float


def share_curve(study: Study, shares: Sequence[float] = SHARES) -> tuple[SharePoint, ...]:
    """U, S, H and ZSL at several shares: what a share costs, and what it buys. Raises NiwtError as `with_share`."""
    stolen = _stolen_share(study)
    pictures, train = np.flatnonzero(study.split != "train"), study.calibration_pictures
    labels, unseen = study.labels[pictures], torch.from_numpy(~study.seen)
    head = with_gamma(study).full_head
    new = Head(head.rows[unseen], head.biases[unseen], head.mean)
    margins = (new.logits(study.features[torch.from_numpy(train)].float()) - stolen.best_seen[:, None]).numpy()
    by_share = stolen_biases(margins, np.asarray(shares))  # (shares, U)
    drawn = (1 - stolen.shrinkage) * by_share + stolen.shrinkage * by_share.mean(1, keepdims=True)
    logits = head.logits(study.features[pictures].float())
    points = []
    for share, biases in zip(shares, drawn, strict=True):
        raised = logits.clone()
        raised[:, unseen] += torch.from_numpy(biases).to(raised)
        scored = score(raised, labels, study.seen)
        points.append(SharePoint(share, metrics(scored, 0.0), calibration_curve(scored).ausuc))
    return tuple(points)


def _stolen_share(study: Study) -> StolenShare:
    if study.stolen_share is None:
        raise NiwtError(
            "the study has no stolen share", where=f"study {study.name}", fix="prepare it again, or move gamma instead"
        )
    return study.stolen_share
