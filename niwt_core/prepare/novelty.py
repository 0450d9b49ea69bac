"""How well what is unlike any photograph is told by a head alone, measured at preparation: one limit, and figures of no single picture."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import torch
from PIL import Image
from sklearn.metrics import roc_auc_score
from torch import Tensor

from niwt_core.backbones.preprocess import Preprocess
from niwt_core.backbones.split import SplitNetwork
from niwt_core.classify.novelty import ACCEPTED, fit_head_novelty
from niwt_core.data.aviary import draw, species
from niwt_core.data.photographs import PhotographFolder
from niwt_core.data.strange_pictures import clouds, noise, patterns, tiles
from niwt_core.errors import NiwtError
from niwt_core.images import open_image
from niwt_core.prepare.progress import Progress

COUNT = 100  # strange pictures of each kind
BATCH = 16


def measure_novelty(
    network: SplitNetwork,
    preprocess: Preprocess,
    targets: Tensor,
    folder: PhotographFolder,
    pooled: Tensor,
    *,
    seed: int,
    count: int = COUNT,
    progress: Progress,
) -> tuple[float, dict[str, Any]]:
    """(the limit of `HeadNovelty`, what it is worth) by labelled photographs with their pooled activations (n,N) and importances (Cs,N).

    Figures: ``accepted``, of the photographs of one half of the classes by a limit from the other half, percent; for noise, textures, patterns,
    photographs in tiles, and drawings (where birds can be drawn) ``auroc`` against the photographs, each without its own class, and ``refused``,
    percent.
    """
    novelty, familiar = fit_head_novelty(targets, pooled, folder.labels)
    half = folder.labels % 2 == 0
    halves = [_accepted(familiar[one], familiar[~one]) for one in (half, ~half) if one.any() and (~one).any()]
    auroc, refused = {}, {}
    kinds = strange_pictures(preprocess.size, folder, count, seed)
    for done, (kind, pictures) in enumerate(kinds.items()):
        progress("telling strange pictures", done, len(kinds))
        away = novelty.distances(pooled_of(network, preprocess, pictures))
        strange = np.arange(len(familiar) + len(away)) >= len(familiar)
        auroc[kind] = round(float(roc_auc_score(strange, torch.cat([familiar, away]).numpy())), 4)
        refused[kind] = round(100 * float((away > novelty.limit).float().mean()), 2)
    progress("telling strange pictures", len(kinds), len(kinds))
    return novelty.limit, {
        "accepted": round(float(np.mean(halves)), 2) if halves else None,
        "auroc": auroc,
        "refused": refused,
        "photographs": len(familiar),
        "strange": count,
    }


def _accepted(fitted: Tensor, judged: Tensor) -> float:
    """Percent of the ``judged`` distances within the limit that the ``fitted`` ones set."""
    return 100 * float((judged <= torch.quantile(fitted, ACCEPTED)).float().mean())


def strange_pictures(size: int, folder: PhotographFolder, count: int, seed: int) -> dict[str, Sequence[Image.Image]]:
    """``count`` pictures of each kind that is no photograph of a thing; what is cut up are photographs of the folder."""
    random = np.random.default_rng([seed, 8])
    chosen = random.permutation(len(folder.paths))[:count]
    photographs = [open_image(folder.root / folder.paths[i], at_least=size) for i in chosen]
    kinds: dict[str, Sequence[Image.Image]] = {
        "noise": noise(size, count=count, seed=seed),
        "textures": clouds(size, count=count, seed=seed),
        "patterns": patterns(size, count=count, seed=seed),
        "tiles": tiles(photographs, seed=seed),
    }
    with suppress(NiwtError):  # no graphics libraries here
        birds = species()
        kinds["drawings"] = [
            draw(birds[i % len(birds)].attributes, seed=seed + i, size=size, nuisance=0.5).image for i in range(count)
        ]
    return kinds


@torch.no_grad()
def pooled_of(network: SplitNetwork, preprocess: Preprocess, pictures: Sequence[Image.Image]) -> Tensor:
    """(n,N) pooled activations of pictures."""
    parts = []
    for start in range(0, len(pictures), BATCH):
        inputs = torch.stack([preprocess(picture) for picture in pictures[start : start + BATCH]])
        parts.append(network.stem(inputs).flatten(2).mean(2))
    return torch.cat(parts)
