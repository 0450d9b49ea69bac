"""A study's temperature: no test picture plays a part.

Preparation takes it from the folds that choose everything else, by pictures of kept and of held-out classes alike: described classes are
recognised less surely than trained ones, and a temperature by trained ones alone would not know. On the CUB subset that is 0.44, and an expected
calibration error of 2.7 points in place of 34.9. Where a study has none (another calibration, an early study), one training picture in five is
held out, the head fitted to the others, and the descriptions' rows put beside it. Beside a head that was trained elsewhere there are no
training pictures: there the labelled photographs that the study keeps are used.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
import torch

from niwt_core.evaluation.metrics import calibrated
from niwt_core.evaluation.temperature import fit_first_answer, fit_temperature
from niwt_core.method.head import fit_head
from niwt_core.study.study import Study

HELD_OUT = 5  # one picture in so many
MOST_PICTURES = 6000
FEWEST = 100  # labelled photographs beside a head that was trained elsewhere

_FITTED: WeakKeyDictionary[Study, float] = WeakKeyDictionary()


def temperature_of(study: Study) -> float:
    """By what the study's calibrated logits are to be divided before a softmax; 1 where it keeps too few pictures. Fitted once, if not kept."""
    if study.temperature is not None:
        return study.temperature
    if study not in _FITTED:
        _FITTED[study] = _fit(study)
    return _FITTED[study]


def _fit(study: Study) -> float:
    if study.kind == "classifier":
        return _fit_photographs(study)
    pictures = np.random.default_rng(study.seed).permutation(np.flatnonzero(study.split == "train"))[:MOST_PICTURES]
    held_out, kept = pictures[: len(pictures) // HELD_OUT], pictures[len(pictures) // HELD_OUT :]
    seen = np.flatnonzero(study.seen)
    if not len(held_out) or set(study.labels[kept]) != set(seen):
        return 1.0
    places = torch.from_numpy(np.searchsorted(seen, study.labels[kept]))
    head = fit_head(_features(study, kept), places, classes=len(seen), decay=study.choices.decay)
    features = _features(study, held_out)
    logits = study.full_head.logits(features)  # (n, C)
    logits[:, torch.from_numpy(seen)] = head.logits(features)
    return fit_temperature([calibrated(logits, study.seen, study.gamma)], [torch.from_numpy(study.labels[held_out])])


def _fit_photographs(study: Study) -> float:
    """By all labelled photographs of seen classes."""
    kept = np.flatnonzero(study.calibration_pictures & study.seen[study.labels])[:MOST_PICTURES]
    if len(kept) < FEWEST:
        return 1.0
    logits = calibrated(study.full_head.logits(_features(study, kept)), study.seen, study.gamma)
    return fit_first_answer(logits, torch.from_numpy(study.labels[kept]))


def _features(study: Study, pictures: np.ndarray) -> torch.Tensor:
    return study.features[torch.from_numpy(pictures)].float()
