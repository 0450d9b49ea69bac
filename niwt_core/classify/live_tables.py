"""What an attribute editor needs to follow a slider without the engine at hand.

The weights of a class that is being described are ``w = norm d / |d|`` with ``d = P k + q``. All that a editor shows of it (its score for a
picture that is already encoded, its likeness to the known classes) are dot products with ``d``, and ``d`` lives in the span of the columns
of P and of q: as many dimensions as there are seen classes, not D. In an orthonormal basis of that span (D,r) a editor with 312 attributes
and 73 seen classes needs 0.1 MB of tables, and one slider costs some ten thousand multiplications. Nothing is approximated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from niwt_core.evaluation.metrics import calibrated
from niwt_core.knowledge.attributes import Knowledge, readable
from niwt_core.study.study import Study

TOLERANCE = (
    2e-5  # logits: directions that can move no score by more are left out; they are the rounding of single precision
)


@dataclass(frozen=True, eq=False)
class EditorTables:
    """Tables of a study for a editor, float64; C classes, K attributes, r dimensions, M pictures, n neurons.

    basis (D,r) orthonormal; transform (r,K) and origin (r,): ``d = transform k + origin``, of the length of ``P k + q``. norm and bias of a
    built class. rows (C,r): class rows less the mean seen row; row_lengths (C,) and row_offsets (C,): their length, and product with that
    mean; mean_row (r,) and mean_square: the mean seen row and its squared length. pictures (M,r): features about the mean; logits (M,C): of all
    the study's classes, not calibrated. neurons (n,) indices; importance (n,K) and importance_offset (n,): ``a = importance k + offset``;
    spread (n,): standard deviation of ``a`` over the study's classes. by_row: (nearness, score of the mean picture, one) weights that the bias of a
    built class is read off its row by, beyond ``bias_before`` it (`bias_by_row`), with typical (r,), the mean picture; None where it is not.
    """

    basis: np.ndarray
    transform: np.ndarray
    origin: np.ndarray
    norm: float
    bias: float
    rows: np.ndarray
    row_lengths: np.ndarray
    row_offsets: np.ndarray
    mean_row: np.ndarray
    mean_square: float
    pictures: np.ndarray
    logits: np.ndarray
    neurons: np.ndarray
    importance: np.ndarray
    importance_offset: np.ndarray
    spread: np.ndarray
    typical: np.ndarray
    bias_before: float
    by_row: tuple[float, float, float] | None

    def project(self, centred: np.ndarray) -> np.ndarray:
        """(...,D) features about the mean -> (...,r)."""
        return np.asarray(centred, np.float64) @ self.basis


def editor_tables(
    study: Study, features: Tensor, *, neurons: Sequence[int], text: np.ndarray | None = None
) -> EditorTables:
    """Prepares the tables for pictures with ``features`` (M,D) and the neurons to show; raw ``text`` (K',) is what else is said of the class."""
    block = None if text is None or study.texts is None else study.texts.encode(text)
    form, weights, shift = study.over_knowledge(block)
    P, q = form.P.double().numpy(), form.q.double().numpy()  # (D, K), (D,)
    encoded = study.encoded_knowledge[:, : P.shape[1]]  # (C, K)
    mean_row = study.head.rows.double().mean(0).numpy()  # (D,)
    rows = study.full_head.rows.double().numpy() - mean_row  # (C, D)
    centred = (features.double() - study.head.mean.double()).numpy()  # (M, D)
    basis = _span(P, q, study, float(np.linalg.norm(centred, axis=1).max(initial=1.0)))  # (D, r)
    by_row = _by_row(study)
    chosen = np.asarray(neurons, np.int64)
    weight = weights.double().numpy()[:, chosen]  # (K, n)
    offset = shift.double().numpy()[chosen]  # (n,)
    predicted = encoded @ weight + offset  # (C, n)
    return EditorTables(
        basis=basis,
        transform=basis.T @ P,
        origin=basis.T @ q,
        norm=study.affine.norm,
        bias=study.typical_bias,
        rows=rows @ basis,
        row_lengths=np.linalg.norm(rows, axis=1),
        row_offsets=rows @ mean_row,
        mean_row=mean_row @ basis,
        mean_square=float(mean_row @ mean_row),
        pictures=centred @ basis,
        logits=study.full_head.logits(features.float()).double().numpy(),
        neurons=chosen,
        importance=np.ascontiguousarray(weight.T),
        importance_offset=offset,
        spread=predicted.std(0),
        typical=np.zeros(basis.shape[1]) if by_row is None else by_row[:-3] @ basis,
        bias_before=study.transferred_bias,
        by_row=None if by_row is None else (float(by_row[-3]), float(by_row[-2]), float(by_row[-1])),
    )


def _by_row(study: Study) -> np.ndarray | None:
    """(D+3,) what the bias of a built class is read off its row by, where that is how it gets one."""
    stolen = study.stolen_share
    if stolen is None or stolen.by_row is None or study.calibration == "gamma" or len(stolen.best_seen):
        return None
    return stolen.by_row.double().numpy()


def _span(P: np.ndarray, q: np.ndarray, study: Study, reach: float) -> np.ndarray:
    """(D,r) orthonormal basis of what ``P k + q`` can be, for features of length up to ``reach`` about the mean.

    Leaving out a singular value s turns ``d`` by at most ``s |(k, 1)| / |d|`` and a score by ``norm reach`` times that.
    """
    left, sizes, _ = np.linalg.svd(np.column_stack([P, q]), full_matrices=False)
    shortest = np.linalg.norm(study.encoded_knowledge[:, : P.shape[1]] @ P.T + q, axis=1).min()
    kept: np.ndarray = left[:, sizes * np.sqrt(2) * study.affine.norm * reach > TOLERANCE * shortest]
    return kept


@dataclass(frozen=True, eq=False)
class HeldOut:
    """The study's held-out pictures as a editor sees them: coordinates (n,r), logits (n,C) not calibrated, labels (n,) class index."""

    coordinates: np.ndarray
    logits: np.ndarray
    labels: np.ndarray

    def claimed(
        self, rows: np.ndarray, bias: float, *, seen: np.ndarray, gamma: float, absent: Sequence[int] = ()
    ) -> np.ndarray:
        """(n,) bool: the first of the built ``rows`` (b,r) wins the picture against the study's classes and the other rows.

        ``absent`` classes do not compete: the one whose name it has, and those that are switched off.
        """
        scores = self.coordinates @ rows.T + bias  # (n, b)
        baselines = self.logits - gamma * seen  # (n, C)
        baselines[:, list(absent)] = -np.inf
        best = baselines.max(1)
        if len(rows) > 1:
            best = np.maximum(best, scores[:, 1:].max(1))
        won: np.ndarray = scores[:, 0] >= best
        return won

    def confusions(self, claimed: np.ndarray, *, replaced: int = -1, most: int = 3) -> tuple[tuple[int, int, int], ...]:
        """(class, pictures claimed, pictures) of the classes that lose the largest share of their pictures, worst first."""
        total = np.bincount(self.labels, minlength=self.logits.shape[1])
        lost = np.bincount(self.labels[claimed], minlength=self.logits.shape[1])
        order = np.argsort(-lost / np.maximum(total, 1), kind="stable")
        return tuple((int(c), int(lost[c]), int(total[c])) for c in order if lost[c] and c != replaced)[:most]


def held_out(study: Study, tables: EditorTables) -> HeldOut:
    """The test pictures of seen and unseen classes."""
    chosen = np.flatnonzero(study.split != "train")
    features = study.features[torch.from_numpy(chosen)].float()  # (n, D)
    coordinates = tables.project((features - study.head.mean).numpy())
    return HeldOut(coordinates, study.full_head.logits(features).double().numpy(), study.labels[chosen])


def sample_pictures(study: Study, *, most: int = 60) -> np.ndarray:
    """Gallery indices of one held-out picture a class, unseen classes first, of each kind those that are recognised; (M,) with M at most ``most``."""
    labels = study.labels[study.gallery.pictures]
    first = {int(c): i for i, c in reversed(list(enumerate(labels)))}
    classes = sorted(first, key=lambda c: (bool(study.seen[c]), c))[:most]
    pictures = study.gallery.pictures[np.array([first[c] for c in classes], np.int64)]
    logits = study.full_head.logits(study.features[torch.from_numpy(pictures)].float())
    best = calibrated(logits, study.seen, study.gamma).argmax(1).tolist()
    mistaken = {c: b != c for c, b in zip(classes, best, strict=True)}
    order = sorted(classes, key=lambda c: (bool(study.seen[c]), mistaken[c], c))
    return np.array([first[c] for c in order], np.int64)


def discriminative_neurons(study: Study, *, most: int = 128, least: int = 24) -> np.ndarray:
    """The neurons worth a line on a editor (n,): for each attribute the best-tested neuron of that name, then other named ones.

    Those that tell classes apart most come first; unnamed ones fill up to ``least``.
    """
    spread = (
        (torch.from_numpy(study.encoded_knowledge).to(study.mapping.weight.dtype) @ study.mapping.weight).std(0).numpy()
    )
    trust = {"verified": 0, "weak": 1}
    named = [neuron for neuron in study.neurons if neuron.status in trust]
    named.sort(key=lambda neuron: (trust[neuron.status], -spread[neuron.index], neuron.index))
    best = {neuron.attribute: neuron for neuron in reversed(named)}
    first = sorted((neuron.index for neuron in best.values()), key=lambda n: -spread[n])
    chosen = list(dict.fromkeys([*first, *(neuron.index for neuron in named)]))[:most]
    least = min(least, most)
    if len(chosen) < least:
        chosen = list(dict.fromkeys([*chosen, *np.argsort(-spread, kind="stable").tolist()]))[:least]
    return np.array(chosen, np.int64)


def attributes_between(knowledge: Knowledge, base: np.ndarray, values: np.ndarray) -> dict[str, object]:
    """The shortest recipe attributes that lead from ``base`` (K,) to ``values`` (K,) by ``Knowledge.describe``, exactly.

    A group that ends with one value in full is written {"crown color": "red"}; one with a few amounts and zeros {"crown color": {"red": 0.7}}; any
    other change column by column.
    """
    base, values = np.asarray(base, np.float32), np.asarray(values, np.float32)
    attributes: dict[str, object] = {}
    for group, columns in knowledge.groups.items():
        changed = [int(k) for k in columns if values[k] != base[k]]
        if not changed:
            continue
        present = [int(k) for k in columns if values[k] != 0]
        in_group = len(columns) > 1 and "::" in knowledge.names[columns[0]]
        if in_group and len(present) == 1 and values[present[0]] == knowledge.tops[present[0]]:
            attributes[readable(group)] = _value(knowledge, present[0])
        elif in_group and present and len(present) < len(changed):
            attributes[readable(group)] = {_value(knowledge, k): _short(values[k]) for k in present}
        else:
            attributes |= {knowledge.labels[k]: _short(values[k]) for k in changed}
    return attributes


def _value(knowledge: Knowledge, k: int) -> str:
    return knowledge.labels[k].split(": ", 1)[1]


def _short(value: np.float32) -> float:
    """The shortest decimal that is this float32 again."""
    return float(str(value))
