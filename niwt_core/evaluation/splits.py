"""Evidence instead of one split: the classes are divided anew into seen and described ones, and everything that depends on it is refitted.

In each division a part of the classes is described, and a fifth of the other classes' pictures is kept for testing. Folds, choices, heads, maps and
baselines come from what is left: the head never has a row for a described class. Only the features stay as they are; where a network
was fine-tuned it has met the classes that are described here, so figures say less than for a frozen one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch
from torch import Tensor

from niwt_core.data.dataset import FEWEST_SEEN
from niwt_core.errors import NiwtError
from niwt_core.evaluation.baseline_tuning import about, choose_baseline, in_units, margins_of, training_data_of
from niwt_core.evaluation.baselines import BASELINES, Baseline
from niwt_core.evaluation.fitted import Fitted, fit_choice
from niwt_core.evaluation.folds import FoldFeatures, class_folds
from niwt_core.evaluation.grid import GRID, Grid
from niwt_core.evaluation.margins import Margins
from niwt_core.evaluation.selection import choose_on
from niwt_core.evaluation.split_results import BY_GAMMA, BY_SHARE, NIWT, Row, SplitResult
from niwt_core.evaluation.trials import Trials

FRACTION = 1 / 3  # of the classes are described
TEST_PARTS = 5  # one of them is kept for testing
FEWEST_PICTURES = 4  # of a class that takes part


@dataclass(frozen=True, eq=False)
class ClassSplit:
    """The classes (C,) that take part, by their index; seen (C,) bool; part (n,) "train", "test", or "" for pictures of other classes."""

    classes: np.ndarray
    seen: np.ndarray
    part: np.ndarray


@dataclass(frozen=True, eq=False)
class SplitData:
    """What divisions are made of: features (n,D) and labels (n,) of all pictures; ``encode`` gives the descriptions (C,E) of all classes as they
    are encoded about those that a (C,) bool mask says are seen; operator (N,D) or None for the identity."""

    features: Tensor
    labels: np.ndarray
    encode: Callable[[np.ndarray], np.ndarray]
    operator: Tensor | None = None

    def targets(self, rows: Tensor, classes: np.ndarray) -> Tensor:
        """(C',N) unit importances of rows (C',D): what the operator says of them."""
        return torch.nn.functional.normalize(rows if self.operator is None else rows @ self.operator.T, dim=1)


def draw_split(labels: np.ndarray, *, seed: int, fraction: float = FRACTION) -> ClassSplit:
    """Divides the classes of ``labels`` (n,) that have FEWEST_PICTURES or more; the same ``seed`` gives the same division.

    Raises NiwtError: too few classes to divide.
    """
    random = np.random.default_rng([seed, 7])
    names, counts = np.unique(labels, return_counts=True)
    classes = names[counts >= FEWEST_PICTURES]
    described = round(fraction * len(classes))
    if described < 1 or len(classes) - described < FEWEST_SEEN:
        raise NiwtError(
            f"{len(classes)} classes with {FEWEST_PICTURES} or more pictures are too few to divide",
            where="splits",
            fix="use a study of more classes",
        )
    drawn = set(random.permutation(classes)[:described].tolist())
    seen = np.array([c not in drawn for c in classes.tolist()])
    part = np.full(len(labels), "", dtype="<U5")
    for c in classes.tolist():
        shuffled = random.permutation(np.flatnonzero(labels == c))
        part[shuffled] = "test"
        if c not in drawn:
            part[shuffled[np.arange(len(shuffled)) % TEST_PARTS > 0]] = "train"
    return ClassSplit(classes, seen, part)


def measure_split(
    data: SplitData,
    *,
    seed: int,
    fraction: float = FRACTION,
    repeats: int = 1,
    grid: Grid = GRID,
    baselines: Sequence[type[Baseline]] = BASELINES,
    on_step: Callable[[str], None] | None = None,
) -> SplitResult:
    """Divides, chooses on folds of the seen classes, fits, and measures NIWT and the baselines with either calibration.

    Args:
        repeats: partitions of the seen classes into folds.
        on_step: called with what is done next.
    """
    say = on_step or (lambda step: None)
    split = draw_split(data.labels, seed=seed, fraction=fraction)
    used = np.flatnonzero(split.part != "")
    labels, features = np.searchsorted(split.classes, data.labels[used]), data.features[used]
    train, seen = split.part[used] == "train", split.seen
    mask = np.zeros(int(data.labels.max()) + 1, dtype=bool)
    mask[split.classes[seen]] = True
    knowledge = data.encode(mask)[split.classes]  # (C, E)
    folds = class_folds(labels, train, seen, seed=seed, repeats=repeats)
    trials = Trials(
        folds,
        [FoldFeatures(features, data.targets, data.operator)] * len(folds),
        labels,
        torch.from_numpy(knowledge).float(),
    )
    say("choosing")
    described = int((~seen).sum())
    choice = choose_on(trials, described=described, grid=grid)
    fitted = fit_choice(choice, features[train], labels[train], knowledge, seen, data.targets, data.operator)
    tested = _Tested(features, labels, knowledge, train, seen)
    rows = {f"{NIWT}|{name}": row for name, row in _own_rows(tested, fitted).items()}
    for baseline in baselines:
        say(baseline.name)
        of_baseline = _baseline_rows(
            tested, fitted, baseline, trials, choice.decay, trials.carried(described), seed=seed
        )
        rows |= {f"{baseline.name}|{name}": row for name, row in of_baseline.items()}
    facts = {key: value for key, value in asdict(replace(choice, trials=())).items() if key != "trials"}
    facts["at_end"] = list(choice.at_end)
    return SplitResult(seed, len(seen) - described, described, rows, facts)


@dataclass(frozen=True, eq=False)
class _Tested:
    """The pictures and classes of one division: features (n,D), labels (n,), knowledge (C,E), train (n,) bool, seen (C,) bool."""

    features: Tensor
    labels: np.ndarray
    knowledge: np.ndarray
    train: np.ndarray
    seen: np.ndarray

    @property
    def classes(self) -> np.ndarray:
        """(C,) seen classes first."""
        return np.concatenate([np.flatnonzero(self.seen), np.flatnonzero(~self.seen)])


def _own_rows(tested: _Tested, fitted: Fitted) -> dict[str, Row]:
    head, seen = fitted.full_head, int(tested.seen.sum())
    logits = head.logits(tested.features[~tested.train]).numpy()
    local = np.argsort(tested.classes)[tested.labels[~tested.train]]
    of_seen = local < seen
    margins = Margins.of_logits(
        (np.zeros(1), np.zeros((1, len(fitted.rows)))),  # its biases are fitted already
        (logits[of_seen, :seen], logits[of_seen, seen:], local[of_seen]),
        (logits[~of_seen, :seen], logits[~of_seen, seen:], local[~of_seen] - seen),
    )
    flat = np.full(len(fitted.rows), fitted.gamma)
    return {BY_SHARE: _figures(margins, fitted.stolen_share.biases.numpy()), BY_GAMMA: _figures(margins, flat)}


def _baseline_rows(
    tested: _Tested,
    fitted: Fitted,
    baseline: type[Baseline],
    trials: Trials,
    decay: float,
    carried: float,
    *,
    seed: int,
) -> dict[str, Row]:
    best = [item.best_seen for item in trials.items(decay)]
    chosen = choose_baseline(baseline, trials.heads(decay), tested.labels, tested.knowledge, seed=seed, best_seen=best)
    assert chosen.stolen is not None
    hyperparameters, share, shrinkage = chosen.stolen
    seen, train = np.flatnonzero(tested.seen), tested.train
    centred = about(tested.knowledge, seen, unit=baseline.unit_descriptions)
    training_data, condition = training_data_of(
        tested.features[train],
        np.searchsorted(seen, tested.labels[train]),
        centred[seen],
        fitted.head,
        seed=seed,
        best_seen=fitted.stolen_share.best_seen.numpy(),
    )
    x = condition(tested.features[~train]).numpy()
    both = in_units(
        baseline.fit(training_data), training_data, x, centred[~tested.seen], [hyperparameters, chosen.calibrated]
    )
    shared, plain = (
        margins_of(baseline, training_data, known, scores, tested.labels[~train], tested.classes)
        for known, scores in both
    )
    biases = shared.biases(np.array([share * carried]), np.array([shrinkage]))[0, 0]
    flat = np.full(int((~tested.seen).sum()), chosen.gamma)
    return {BY_SHARE: _figures(shared, biases), BY_GAMMA: _figures(plain, flat)}


def _figures(margins: Margins, biases: np.ndarray) -> Row:
    balance = margins.outcome(biases)
    figures = (*balance, margins.zsl(biases), margins.curve(biases=biases).ausuc)
    return Row(*(float(value) for value in figures))
