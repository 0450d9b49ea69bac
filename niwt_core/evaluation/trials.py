"""Every setting on every fold: heads once a decay, maps once a ridge, and whatever follows from margins in bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor

from niwt_core.evaluation.folds import Fold, FoldFeatures, FoldHead, fold_heads
from niwt_core.evaluation.grid import Grid
from niwt_core.evaluation.margins import Margins
from niwt_core.evaluation.metrics import Balance, CalibrationCurve, average
from niwt_core.evaluation.parallel import side_by_side
from niwt_core.evaluation.temperature import fit_temperature
from niwt_core.method.leave_one_out import left_out_logits
from niwt_core.method.mapping import RidgePath
from niwt_core.method.transfer.exact import ExactTransfer, fit_transfer

MOST_EXTRAPOLATED = 2.0  # a share is carried over to fewer classes by at most this factor

Setting = tuple[float, float, float]  # decay, mu, ridge
Report = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Tried:
    """Means over the folds at one decay, mu and ridge: ``balance`` (norms, shares, shrinkages) with stolen share; ``gammas`` (gamma, U, S, H) of
    each norm with one gamma, in standard deviations of seen logits."""

    balance: Balance
    gammas: tuple[tuple[float, float, float, float], ...]

    @property
    def gamma_H(self) -> np.ndarray:
        """(norms,) H at the best gamma."""
        return np.array([gamma[3] for gamma in self.gammas])


class FoldTrial:
    """One fold with its head and the kept classes' importances (C',N), ``targets``: margins of the held-out classes at any norm of their rows."""

    def __init__(self, item: FoldHead, targets: Tensor, labels: np.ndarray, knowledge: Tensor, *, decay: float) -> None:
        fold, features, head = item.fold, item.fold_features.features, item.head
        local = torch.from_numpy(np.searchsorted(fold.kept, labels[fold.fit]))
        self.unit, self.operator, self.head = item.unit, item.fold_features.operator, head
        self._features = features
        self._parts = {"fit": fold.fit, "seen": fold.seen_test, "unseen": fold.unseen_test}
        left_out = left_out_logits(head, features[fold.fit], local, decay=decay)
        self.best_seen = left_out.max(1).values.numpy()
        self._seen = tuple(head.logits(features[part]).numpy() for part in (fold.seen_test, fold.unseen_test))
        self._labels = (
            np.searchsorted(fold.kept, labels[fold.seen_test]),
            np.searchsorted(fold.left_out, labels[fold.unseen_test]),
        )
        self.path = RidgePath(knowledge[fold.kept], targets)
        self._new = knowledge[fold.left_out]

    def importances(self, ridges: Sequence[float]) -> list[Tensor]:
        """(U,N) predicted importances of the held-out classes at each ridge."""
        return self.path.predict(self._new, ridges)

    def margins(self, transfer: ExactTransfer, importances: Tensor, norms: Sequence[float]) -> Iterator[Margins]:
        """At each length of the rows, in mean seen lengths, in standard deviations of the seen logits."""
        rows = transfer.weights(importances)  # (U, D)
        mean = self.head.mean
        products = {name: ((self._features[part] - mean) @ rows.T).numpy() for name, part in self._parts.items()}
        for norm in norms:
            logits = {name: norm * part + transfer.bias for name, part in products.items()}
            yield Margins.of_logits(
                (self.best_seen, logits["fit"]),
                (self._seen[0], logits["seen"], self._labels[0]),
                (self._seen[1], logits["unseen"], self._labels[1]),
            )

    def logits(
        self, transfer: ExactTransfer, importances: Tensor, *, norm: float, bias: np.ndarray
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """(logits (m,C+U), labels (m,)) of the test pictures of kept classes, then of held-out ones, which come last among the columns and have
        ``bias`` (U,) added."""
        rows, places = norm * transfer.weights(importances), self._labels
        added = transfer.bias + torch.from_numpy(bias).float()
        for part, seen, labels in zip(
            ("seen", "unseen"), self._seen, (places[0], places[1] + self.head.rows.shape[0]), strict=True
        ):
            described = (self._features[self._parts[part]] - self.head.mean) @ rows.T + added
            yield torch.cat([torch.from_numpy(seen), described], 1), torch.from_numpy(labels)


class Trials:
    """The folds, with what was already computed on them."""

    def __init__(
        self,
        folds: Sequence[Fold],
        features_of_folds: Sequence[FoldFeatures],
        labels: np.ndarray,
        knowledge: Tensor,
        report: Report | None = None,
    ) -> None:
        self.folds, self._features, self._labels, self._knowledge = folds, features_of_folds, labels, knowledge
        self._report = report or (lambda done, total: None)
        self._heads: dict[float, list[FoldHead]] = {}
        self._items: dict[float, list[FoldTrial]] = {}
        self._balances: dict[tuple[Setting, float], dict[tuple[float, float], np.ndarray]] = {}
        self._gammas: dict[tuple[Setting, float], tuple[float, float, float, float]] = {}

    def heads(self, decay: float) -> list[FoldHead]:
        """The heads of all folds at one decay; those of the nearest decay so far are where the fits start."""
        if decay not in self._heads:
            near = min(self._heads, key=lambda other: abs(np.log(other / decay)), default=None)
            starts = [item.head for item in self._heads[near]] if near is not None else []
            self._heads[decay] = fold_heads(self.folds, self._features, self._labels, decay=decay, starts=starts)
        return self._heads[decay]

    def items(self, decay: float) -> list[FoldTrial]:
        """The folds with their heads at one decay."""
        if decay not in self._items:
            heads = self.heads(decay)
            self._items[decay] = side_by_side(
                lambda pair: FoldTrial(*pair, self._labels, self._knowledge, decay=decay),
                zip(heads, _targets(heads), strict=True),
            )
        return self._items[decay]

    def carried(self, described: int) -> float:
        """What one class's share is multiplied by, so that ``described`` classes take as much together as the held-out ones; 1 for none."""
        left_out = float(np.mean([len(fold.left_out) for fold in self.folds]))
        return min(left_out / described, MOST_EXTRAPOLATED) if described else 1.0

    def temperature(self, setting: Setting, *, norm: float, bias: Callable[[Margins, float], np.ndarray]) -> float:
        """The temperature at which the folds' test pictures are most likely, kept and held-out classes counted alike; ``bias`` says what held-out
        classes get from their margins and the fold's unit of gamma."""
        decay, mu, ridge = setting

        def on_fold(item: FoldTrial) -> list[tuple[Tensor, Tensor]]:
            transfer = fit_transfer(item.head.rows, item.head.biases, item.operator, mu=mu)
            importances = item.importances([ridge])[0]
            (margins,) = item.margins(transfer, importances, [norm])
            return list(item.logits(transfer, importances, norm=norm, bias=bias(margins, item.unit)))

        return fit_temperature(
            *zip(*(part for parts in side_by_side(on_fold, self.items(decay)) for part in parts), strict=True)
        )

    def on(self, grid: Grid) -> Mapping[Setting, Tried]:
        """All settings of a grid."""
        mus = grid.mu
        if all(part.operator is None for part in self._features):
            mus = (0.0,)  # a fitted head has mean row zero, and the norm is set: mu changes nothing
        wanted = [(decay, mu, ridge) for decay in reversed(grid.decay) for mu in mus for ridge in grid.ridge]
        for done, setting in enumerate(wanted):
            self._try(setting[0], setting[1], grid)
            self._report(done + 1, len(wanted))
        return {setting: self._tried(setting, grid) for setting in wanted}

    def _tried(self, setting: Setting, grid: Grid) -> Tried:
        """What is known at one setting, in the order of the grid's axes."""
        points = list(product(grid.share, grid.shrinkage))
        figures = np.array([[self._balances[setting, norm][point] for point in points] for norm in grid.norm])
        shape = (len(grid.norm), len(grid.share), len(grid.shrinkage))
        balance = Balance(*(figures[..., part].reshape(shape) for part in range(3)))
        return Tried(balance, tuple(self._gammas[setting, norm] for norm in grid.norm))

    def _try(self, decay: float, mu: float, grid: Grid) -> None:
        """All ridges, norms, shares and shrinkages at one decay and mu that were not tried before: of a grid that grew, the new ones."""
        shares, shrinkages = np.array(grid.share), np.array(grid.shrinkage)
        points = list(product(grid.share, grid.shrinkage))
        waiting: dict[float, dict[float, np.ndarray]] = {}  # ridge -> norm -> places in ``points``
        for ridge, norm in product(grid.ridge, grid.norm):
            known = self._balances.setdefault(((decay, mu, ridge), norm), {})
            places = np.array([i for i, point in enumerate(points) if point not in known], int)
            if len(places):
                waiting.setdefault(ridge, {})[norm] = places
        if not waiting:
            return

        def on_fold(item: FoldTrial) -> list[list[tuple[np.ndarray, CalibrationCurve | None]]]:
            transfer = fit_transfer(item.head.rows, item.head.biases, item.operator, mu=mu)
            results = []
            for (ridge, norms), importances in zip(waiting.items(), item.importances(list(waiting)), strict=True):
                of_norms = []
                for (norm, places), margins in zip(
                    norms.items(), item.margins(transfer, importances, list(norms)), strict=True
                ):
                    biases = margins.biases(shares, shrinkages).reshape(len(points), -1)[places]
                    new = ((decay, mu, ridge), norm) not in self._gammas
                    of_norms.append((np.stack(margins.outcome(biases)), margins.curve(item.unit) if new else None))
                results.append(of_norms)
            return results

        results = zip(*side_by_side(on_fold, self.items(decay)), strict=True)  # of each ridge, then of each fold
        for (ridge, norms), of_folds in zip(waiting.items(), results, strict=True):
            for (norm, places), of_norm in zip(norms.items(), zip(*of_folds, strict=True), strict=True):
                key = ((decay, mu, ridge), norm)
                means = np.mean([balance for balance, _ in of_norm], 0)  # (3, places)
                self._balances[key].update(zip((points[place] for place in places), means.T, strict=True))
                curves = [curve for _, curve in of_norm if curve is not None]
                if curves:
                    self._gammas[key] = average(curves)


def _targets(heads: Sequence[FoldHead]) -> list[Tensor]:
    """(C',N) importances of each fold's kept classes; folds that one network serves share its passes."""
    common = heads[0].fold_features
    if common.targets_of_many is not None and all(item.fold_features is common for item in heads):
        return common.targets_of_many([(item.head.rows, item.fold.kept) for item in heads])
    return side_by_side(lambda item: item.fold_features.targets(item.head.rows, item.fold.kept), heads)
