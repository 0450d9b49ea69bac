"""CLIP's zero-shot answers on a study's test pictures: a reference beside the transfer, see ``evaluation.baselines.clip``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from niwt_core.data.dataset import Dataset
from niwt_core.evaluation.baselines.clip import BATCH, Clip
from niwt_core.evaluation.metrics import metrics, score
from niwt_core.study.clip_prompts import Captions, class_prompts
from niwt_core.study.clip_result import ClipResult
from niwt_core.study.study import Study


def clip_zero_shot(
    study: Study,
    dataset: Dataset,
    clip: Clip,
    *,
    captions: Captions | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> ClipResult:
    """CLIP's U, S, H and ZSL on the study's test pictures, among the study's classes, at gamma 0.

    Args:
        dataset: the study's pictures, from ``study_pictures``; cropped to boxes if the study's were.
        captions: class -> sentences that describe it, from ``study_captions``.
        progress: called with (done, total) pictures.

    Raises:
        NiwtError: a picture cannot be read.
    """
    prompts = class_prompts(study, captions)
    classes = clip.encode_classes(prompts)  # (C,D)
    tests = np.flatnonzero(study.split != "train")
    logits = torch.empty(len(tests), len(study.classes))
    for start in range(0, len(tests), BATCH):
        rows = slice(start, min(start + BATCH, len(tests)))
        pictures = [dataset.picture(int(i), at_least=clip.size) for i in tests[rows]]
        logits[rows] = clip.scale * clip.encode_pictures(pictures) @ classes.T
        if progress is not None:
            progress(rows.stop, len(tests))
    figures = metrics(score(logits, study.labels[tests], study.seen), 0.0)
    return ClipResult(figures, clip.source, prompts, len(tests))
