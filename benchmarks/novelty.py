"""Which score tells what is no photograph of a thing, picked on some kinds and classes and judged on others.

    python -m benchmarks.novelty --study assets/photographs --photos PHOTOGRAPHS

For a study that keeps no photograph: scores that follow from its head, or from a mean and a deviation over photographs. A photograph stands for
a thing that the study has no class for: wherever a score looks at classes, its own is left out. Each of many splits takes half of the classes'
photographs and half of the kinds (noise, textures, patterns, gradients, writing, cut-up photographs, drawings). On these it sets a limit for each
score, which accepts 99 % of the photographs, and picks the score that refuses most of what is none. Score and limit are judged on the other half
of the classes and on the other kinds.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks.options import pooling_study
from benchmarks.sentences import photographs_of
from niwt_core import Study
from niwt_core.classify.novelty import ACCEPTED, direction_of
from niwt_core.data.photographs import PhotographFolder
from niwt_core.data.strange_pictures import gradients, writing
from niwt_core.prepare.novelty import pooled_of, strange_pictures

SPLITS = 40
COUNT = 60  # strange pictures of each kind

Score = Callable[
    [np.ndarray, np.ndarray | None], np.ndarray
]  # activations (n,N), the class of each to leave out or None -> (n,)


def main() -> None:
    """Prints one JSON object."""
    study, photos = pooling_study(__doc__)
    known = photographs_of(study, photos)
    files = tuple(sorted(path.name for path in photos.iterdir() if path.suffix == ".jpg"))
    folder = PhotographFolder(photos, files, np.zeros(len(files), np.int64))
    size = study.preprocess.size
    kinds = {
        **strange_pictures(size, folder, COUNT, seed=0),
        "gradients": gradients(size, count=COUNT, seed=0),
        "writing": writing(size, count=COUNT, seed=0),
    }
    strange = {
        kind: pooled_of(study.network, study.preprocess, list(pictures)).double().numpy()
        for kind, pictures in kinds.items()
    }
    print(json.dumps(compared(study, known.features, known.labels, strange), indent=1))


def scores(study: Study, photographs: np.ndarray) -> Mapping[str, Score]:
    """By name; ``photographs`` (n,N) are those that a mean and a deviation may come from."""
    rows, offsets = study.head.rows.double().numpy(), study.head.offsets().double().numpy()
    direction = direction_of(study.targets).double().numpy()
    directions = _unit(_roots(photographs))
    mean, deviation = directions.mean(0), directions.std(0) + 1e-4

    def best(values: np.ndarray, left_out: np.ndarray | None) -> np.ndarray:
        if left_out is not None:
            values[np.arange(len(values)), left_out] = -np.inf
        return -values.max(1)

    return {
        "head cosine (shipped)": lambda x, c: 1 - _unit(_roots(x)) @ direction,
        "largest logit": lambda x, c: best(x @ rows.T + offsets, c),
        "cosine to a row": lambda x, c: best(_unit(x) @ _unit(rows).T, c),
        "few active neurons": lambda x, c: -(x > 0.05).mean(1),
        "mean cosine": lambda x, c: 1 - _unit(_roots(x)) @ _unit(mean),
        "deviations from the mean": lambda x, c: (((_unit(_roots(x)) - mean) / deviation) ** 2).mean(1),
    }


def compared(
    study: Study, photographs: np.ndarray, labels: np.ndarray, strange: Mapping[str, np.ndarray]
) -> Mapping[str, object]:
    """What was picked how often, and how it does on what it was not picked on: mean and 95 % of the splits."""
    random, kinds = np.random.default_rng(0), list(strange)
    picked: Counter[str] = Counter()
    accepted: dict[str, list[float]] = {"picked": [], "shipped": []}
    by_kind: dict[str, dict[str, list[tuple[float, float]]]] = {who: {kind: [] for kind in kinds} for who in accepted}
    for _ in range(SPLITS):
        classes = random.permutation(len(study.seen_classes))
        mine = np.isin(labels, classes[: len(classes) // 2])
        fit_kinds = set(random.permutation(kinds)[: len(kinds) // 2].tolist())
        candidates = scores(study, photographs[mine])
        fitted = {name: score(photographs[mine], labels[mine]) for name, score in candidates.items()}
        limits = {name: float(np.quantile(values, ACCEPTED)) for name, values in fitted.items()}
        refused = {
            name: np.mean([(score(strange[kind], None) > limits[name]).mean() for kind in fit_kinds])
            for name, score in candidates.items()
        }
        choice = max(refused, key=lambda name: refused[name])
        picked[choice] += 1
        for who, name in (("picked", choice), ("shipped", next(iter(candidates)))):
            score, limit = candidates[name], limits[name]
            judged = score(photographs[~mine], labels[~mine])
            accepted[who].append(float((judged <= limit).mean()))
            for kind in kinds:
                if kind not in fit_kinds:
                    away = score(strange[kind], None)
                    by_kind[who][kind].append((_auroc(judged, away), 100 * float((away > limit).mean())))
    return {
        "splits": SPLITS,
        "times picked": dict(picked),
        **{
            who: {
                "accepted": _interval([100 * value for value in accepted[who]]),
                **{
                    kind: {
                        "auroc": _interval([a for a, _ in outcomes], 3),
                        "refused": _interval([r for _, r in outcomes]),
                    }
                    for kind, outcomes in by_kind[who].items()
                },
            }
            for who in accepted
        },
    }


def _auroc(familiar: np.ndarray, strange: np.ndarray) -> float:
    return float(roc_auc_score(np.arange(len(familiar) + len(strange)) >= len(familiar), np.append(familiar, strange)))


def _interval(values: list[float], digits: int = 1) -> list[float]:
    """Mean, 2.5 and 97.5 percent."""
    return [round(float(value), digits) for value in (np.mean(values), *np.quantile(values, (0.025, 0.975)))]


def _roots(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.sign(values) * np.sqrt(np.abs(values)))


def _unit(values: np.ndarray) -> np.ndarray:
    return np.asarray(values / np.maximum(np.linalg.norm(values, axis=-1, keepdims=True), 1e-12))


if __name__ == "__main__":
    main()
