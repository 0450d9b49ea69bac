"""Thousands of picture files in one go: decoded in threads while the network computes, ranked a batch at a time, nothing kept but the answers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from niwt_core.backbones.folding import folded
from niwt_core.backbones.split import SplitNetwork
from niwt_core.classify.answer import Ranked
from niwt_core.classify.classifier import Classifier
from niwt_core.classify.novelty import novelty_of
from niwt_core.errors import NiwtError
from niwt_core.images import open_image

BATCH = 32
AHEAD = 3  # batches that are decoded or waiting to be


@dataclass(frozen=True, eq=False)
class FileAnswer:
    """What a classifier says of one file.

    ranking: the first places, best first; probabilities (C,): of all candidates, in their order. novelty: how unlike the study's training pictures,
    over the largest that counts as familiar; NaN if the study keeps none. pooled (N,): the mean activation of each neuron. error: why there is none
    of this, and then there is not.
    """

    path: Path
    ranking: tuple[Ranked, ...] = ()
    novelty: float = float("nan")
    pooled: Tensor | None = None
    probabilities: Tensor | None = None
    error: NiwtError | None = None

    @property
    def best(self) -> Ranked:
        """The first place."""
        return self.ranking[0]

    @property
    def familiar(self) -> bool:
        """The picture is like those of the study."""
        return not self.novelty > 1


def classify_files(
    classifier: Classifier, paths: Iterable[Path], *, top: int = 5, batch: int = BATCH
) -> Iterator[FileAnswer]:
    """The answer to each file, in order; a file that cannot be read costs no other its answer.

    At most ``AHEAD`` batches of inputs are in memory, however many files there are. top: places of the ranking that are kept.
    """
    preprocess, waiting, network = classifier.study.preprocess, iter(paths), folded(classifier.network)
    side = max(preprocess.size, preprocess.resize or 0)

    def read(path: Path) -> Tensor | NiwtError:
        try:
            return preprocess(open_image(path, at_least=side))
        except NiwtError as error:
            return error

    ahead: list[tuple[Path, Future[Tensor | NiwtError]]] = []
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        try:
            while True:
                new = islice(waiting, AHEAD * batch - len(ahead))
                ahead += [(path, pool.submit(read, path)) for path in new]
                if not ahead:
                    return
                now, ahead = ahead[:batch], ahead[batch:]
                yield from _answers(classifier, network, [(path, future.result()) for path, future in now], top)
        finally:  # whoever stops asking need not wait for what nobody will read
            for _, future in ahead:
                future.cancel()


def _answers(
    classifier: Classifier, network: SplitNetwork, read: list[tuple[Path, Tensor | NiwtError]], top: int
) -> list[FileAnswer]:
    """The answers to one batch, in its order."""
    readable = [(path, value) for path, value in read if isinstance(value, Tensor)]
    answered = iter(_ranked(classifier, network, readable, top) if readable else ())
    return [FileAnswer(path, error=value) if isinstance(value, NiwtError) else next(answered) for path, value in read]


@torch.inference_mode()
def _ranked(
    classifier: Classifier, network: SplitNetwork, read: list[tuple[Path, Tensor]], top: int
) -> list[FileAnswer]:
    """The answers to the inputs (3,s,s) of one batch."""
    features, pooled = classifier.run(torch.stack([value for _, value in read]), network)  # (B, D), (B, N)
    logits = classifier.logits(features)  # (B, C)
    order = logits.argsort(dim=1, descending=True, stable=True)[:, :top]
    probabilities = classifier.probabilities(logits)  # (B, C)
    scores, shares = (values.gather(1, order).tolist() for values in (logits, probabilities))
    novelty, candidates = novelty_of(classifier.study), classifier.candidates
    distances = None if novelty is None else (novelty.distances(pooled) / max(novelty.limit, 1e-12)).tolist()
    out = []
    for i, (path, _) in enumerate(read):
        places = zip((candidates[c] for c in order[i].tolist()), scores[i], shares[i], strict=True)
        ranking = tuple(Ranked(item.name, item.display, item.kind, score, share) for item, score, share in places)
        out.append(
            FileAnswer(path, ranking, float("nan") if distances is None else distances[i], pooled[i], probabilities[i])
        )
    return out
