"""By how much described classes beat the best seen class, picture by picture: all that their biases and the figures depend on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from niwt_core.evaluation.metrics import Balance, CalibrationCurve, class_weights, curve_of_gains, harmonic_mean
from niwt_core.evaluation.stolen_share import stolen_biases


@dataclass(frozen=True, eq=False)
class Margins:
    """Margins ``o_c(x) - max_seen o(x)`` of U described classes, in logits or any other unit.

    Attributes:
        fitted: (U,n) on the pictures of seen classes that set the biases.
        seen: (U,m) on test pictures of seen classes; ``seen_gain`` (m,) what each adds to S in percent while no described class takes it.
        unseen: (U,k) on test pictures of described classes, whose ``labels`` (k,) are in 0..U-1; ``unseen_gain`` (k,) what each adds to U.
    """

    fitted: np.ndarray
    seen: np.ndarray
    seen_gain: np.ndarray
    unseen: np.ndarray
    labels: np.ndarray
    unseen_gain: np.ndarray

    @classmethod
    def of_logits(
        cls,
        fitted: tuple[np.ndarray, np.ndarray],
        seen_test: tuple[np.ndarray, np.ndarray, np.ndarray],
        unseen_test: tuple[np.ndarray, np.ndarray, np.ndarray],
    ) -> Margins:
        """From logits.

        Args:
            fitted: best seen (n,) and described (n,U) logits of the pictures that set the biases.
            seen_test: seen (m,C) and described (m,U) logits, true classes (m,) in 0..C-1.
            unseen_test: the same of test pictures of described classes, (k,C), (k,U) and (k,) in 0..U-1.
        """
        best, described = fitted
        of_seen, described_of_seen, seen_labels = seen_test
        of_unseen, described_of_unseen, labels = unseen_test
        right = of_seen.argmax(1) == seen_labels
        return cls(
            (described - best[:, None]).T,
            (described_of_seen - of_seen.max(1, keepdims=True)).T,
            100 * class_weights(seen_labels) * right,
            (described_of_unseen - of_unseen.max(1, keepdims=True)).T,
            labels,
            100 * class_weights(labels),
        )

    def outcome(self, biases: np.ndarray) -> Balance:
        """U, S and H in percent with ``biases`` (...,U) added to the described classes' logits; a seen class wins an exact tie."""
        flat = biases.reshape(-1, biases.shape[-1])
        S = np.array([self.seen_gain[(self.seen + bias[:, None]).max(0) <= 0].sum() for bias in flat])
        U = np.array([self.unseen_gain[self._right(bias)].sum() for bias in flat])
        S, U = S.reshape(biases.shape[:-1]), U.reshape(biases.shape[:-1])
        return Balance(U, S, harmonic_mean(U, S))

    def _right(self, bias: np.ndarray) -> np.ndarray:
        raised = self.unseen + bias[:, None]
        best = raised.max(0)
        return (best > 0) & (raised[self.labels, np.arange(len(self.labels))] == best)

    def biases(self, shares: np.ndarray, shrinkages: np.ndarray) -> np.ndarray:
        """(shares, shrinkages, U) biases."""
        unshrunk = stolen_biases(self.fitted.T, shares)[:, None]  # (Q, 1, U)
        drawn = shrinkages[:, None]
        return (1 - drawn) * unshrunk + drawn * unshrunk.mean(-1, keepdims=True)

    def curve(self, unit: float = 1.0, biases: np.ndarray | float = 0.0) -> CalibrationCurve:
        """The exact U and S over every gamma, in units of ``unit``, beside ``biases`` (U,)."""
        seen, unseen = (part + np.reshape(biases, (-1, 1)) for part in (self.seen, self.unseen))
        of_unseen = np.arange(len(self.seen_gain) + len(self.unseen_gain)) >= len(self.seen_gain)
        best = np.concatenate([seen.max(0), unseen.max(0)])
        right_among_described = unseen[self.labels, np.arange(len(self.labels))] == unseen.max(0)
        gain = np.concatenate([self.seen_gain, self.unseen_gain * right_among_described])
        return curve_of_gains(-best / unit, gain, of_unseen)

    def zsl(self, biases: np.ndarray | float = 0.0) -> float:
        """Accuracy among described classes alone, in percent, beside ``biases`` (U,)."""
        unseen = self.unseen + np.reshape(biases, (-1, 1))
        return float(self.unseen_gain[unseen[self.labels, np.arange(len(self.labels))] == unseen.max(0)].sum())
