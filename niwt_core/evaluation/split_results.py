"""What methods reached on many divisions of the classes: figures of each, and means with paired intervals over all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats

NIWT = "NIWT"
BY_SHARE, BY_GAMMA = "stolen share", "gamma"


@dataclass(frozen=True)
class Row:
    """One method's figures on one split, in percent; ausuc 0..1."""

    U: float
    S: float
    H: float
    zsl: float
    ausuc: float


@dataclass(frozen=True)
class SplitResult:
    """rows: (method, calibration) -> figures, as "method|calibration"; choice: what NIWT chose, without its trials."""

    seed: int
    seen: int
    described: int
    rows: Mapping[str, Row]
    choice: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SplitResult:
        """From what `to_dict` gave."""
        return cls(**{**values, "rows": {name: Row(**row) for name, row in values["rows"].items()}})


@dataclass(frozen=True)
class Summary:
    """Means over splits of one method under one calibration, in percent (ausuc 0..1); ``ahead`` is by how much NIWT's H exceeds this one's on
    the same split: (mean, low, high) of the 95 % interval by Student's t; None for NIWT itself."""

    method: str
    calibration: str
    U: float
    S: float
    H: float
    zsl: float
    ausuc: float
    ahead: tuple[float, float, float] | None


def summarise(results: Sequence[SplitResult]) -> tuple[Summary, ...]:
    """One line for each method and calibration, highest H first."""
    H_of_niwt = np.array([result.rows[f"{NIWT}|{BY_SHARE}"].H for result in results])
    lines = []
    for name in results[0].rows:
        method, calibration = name.split("|")
        values = np.array([[getattr(r.rows[name], key) for key in ("U", "S", "H", "zsl", "ausuc")] for r in results])
        U, S, H, zsl, ausuc = (float(value) for value in values.mean(0))
        itself = (method, calibration) == (NIWT, BY_SHARE)
        ahead = None if itself else interval(H_of_niwt - values[:, 2])
        lines.append(Summary(method, calibration, U, S, H, zsl, ausuc, ahead))
    return tuple(sorted(lines, key=lambda line: -line.H))


def interval(differences: np.ndarray) -> tuple[float, float, float]:
    """(mean, low, high) of the 95 % confidence interval of paired differences (m,); without width for a single one."""
    mean = float(differences.mean())
    if len(differences) < 2:
        return mean, mean, mean
    half = float(stats.t.ppf(0.975, len(differences) - 1) * differences.std(ddof=1) / len(differences) ** 0.5)
    return mean, mean - half, mean + half
