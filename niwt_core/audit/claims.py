"""Is what the network says it sees in a picture true, and is a picture of something else told from the study's own?

* Claims: "seen" and "not seen" on held-out pictures, against what each picture shows where that is known (the Aviary), else against the table's row
  of its class. The words asked about are those that a class promises: the right class, the runner-up, and one at random; a network that recited the
  description of the class it was asked about would be right about the first alone, which is shown beside it. Controls: the claims that were made of
  other pictures, and a network with shuffled weights.
* Novelty: how well the distance tells held-out pictures of the study from noise, from its own pictures cut into tiles and put together at random
  (the same colours and textures, and nothing to recognise), and from a folder of other photographs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sklearn.metrics import roc_auc_score
from torch import Tensor

from niwt_core.audit.ground_truth import held_out_sample, in_view, redrawn, shuffled_network
from niwt_core.classify.classifier import Classifier
from niwt_core.classify.novelty import Novelty
from niwt_core.data.strange_pictures import noise, tiles
from niwt_core.explain.detector import PRESENT, Detectors
from niwt_core.explain.expected import expected_attributes
from niwt_core.study.study import Study

PER_CLASS = 15  # drawings; "not seen" of a class's own words is rare, and a few pictures of a class say nothing of it
AT_ONCE = 256  # pictures whose distances are measured together
STRANGE = 60  # pictures of noise, and of tiles


@dataclass(frozen=True)
class ClaimAudit:
    """Percent. seen_true and not_seen_true: of the claims; decided: of all questions; recall: of what is there; claims and not_seen: how many
    claims, and how many of them are "not seen"."""

    claims: int
    seen_true: float
    not_seen_true: float
    decided: float
    recall: float
    not_seen: int

    @property
    def seen(self) -> int:
        """How many claims are "seen"."""
        return self.claims - self.not_seen


@dataclass(frozen=True)
class PromisedAudit:
    """claims: about the words that a class promises; recited: percent of those words that are true of the picture, what reciting them would get."""

    claims: ClaimAudit
    recited: float


@dataclass(frozen=True)
class ClaimsAudit:
    """Of pictures of ``side`` ("seen" or "unseen") classes: about all attributes, about those that the right class, the runner-up and a random class
    promise, and about all with the claims of other pictures (``control``). there: percent of all questions whose answer is yes."""

    side: str
    pictures: int
    there: float
    every: ClaimAudit
    right: PromisedAudit
    runner_up: PromisedAudit
    random: PromisedAudit
    control: ClaimAudit


@dataclass(frozen=True)
class NoveltyAudit:
    """accepted_seen and accepted_unseen: percent of held-out pictures that are called familiar; AUROC (0..1) of those against each kind of strange
    pictures, and the percent of these that are refused."""

    accepted_seen: float
    accepted_unseen: float
    auroc: dict[str, float]
    refused: dict[str, float]


def audit_claims(study: Study, *, per_class: int = PER_CLASS, seed: int = 0) -> tuple[ClaimsAudit, ...]:
    """The claims about held-out pictures of seen and of unseen classes; none where the study has no detectors or no such pictures.

    Of ``per_class`` of each class where they must be drawn again, else of all.
    """
    detectors = Detectors.of(study)
    if detectors is None or study.kind == "classifier":
        return ()
    most = per_class if _drawn(study) else len(study.labels)
    chosen = held_out_sample(study, per_class=most, seed=seed)
    table = study.knowledge.values / study.knowledge.scale >= PRESENT  # (C, K)
    classifier, features = Classifier(study), study.features[torch.from_numpy(chosen)].float()
    runner_up = _runner_up(classifier.logits(features), study.labels[chosen])
    if _drawn(study):
        *encoded, there = _aviary_truth(study, chosen)
        claims = _claims(detectors, classifier, *encoded)
    else:
        there = table[study.labels[chosen]]
        claims = _claims(detectors, classifier, study.pooled[torch.from_numpy(chosen)].float(), features)
    by_chance = np.random.default_rng([seed, 2]).integers(0, len(study.classes), len(chosen))
    audits = []
    for side, of_side in (("seen", study.seen[study.labels[chosen]]), ("unseen", ~study.seen[study.labels[chosen]])):
        if not of_side.any():
            continue
        claimed, shown = claims[of_side], there[of_side]
        right, second, random = (
            _promised(claimed, shown, table[classes[of_side]])
            for classes in (study.labels[chosen], runner_up, by_chance)
        )
        audits.append(
            ClaimsAudit(
                side=side,
                pictures=int(of_side.sum()),
                there=_percent(shown),
                every=count_claims(claimed, shown),
                right=right,
                runner_up=second,
                random=random,
                control=count_claims(np.roll(claimed, len(claimed) // 2, axis=0), shown),
            )
        )
    return tuple(audits)


def _promised(claims: np.ndarray, there: np.ndarray, asked: np.ndarray) -> PromisedAudit:
    return PromisedAudit(count_claims(claims, there, asked), _percent(there[asked]))


def audit_shuffled(study: Study, *, per_class: int = 2, seed: int = 0) -> ClaimAudit | None:
    """Claims about held-out pictures (the Aviary's drawn again, else the gallery's) by a network with shuffled weights: no better than chance."""
    detectors = Detectors.of(study)
    if detectors is None or study.kind == "classifier" or not len(study.gallery):
        return None
    shuffled = replace(study, network=shuffled_network(study.network, seed=seed))
    if _drawn(study):
        *encoded, there = _aviary_truth(shuffled, held_out_sample(study, per_class=per_class, seed=seed))
    else:
        places = np.random.default_rng([seed, 5]).permutation(len(study.gallery))[:STRANGE]
        encoded = _encoded(shuffled, [study.gallery.image(int(place)) for place in places])
        table = study.knowledge.values / study.knowledge.scale >= PRESENT
        there = table[study.labels[study.gallery.pictures[places]]]
    return count_claims(_claims(detectors, Classifier(shuffled), *encoded), there)


def count_claims(claims: np.ndarray, there: np.ndarray, asked: np.ndarray | None = None) -> ClaimAudit:
    """Claims (n,K) of 1, 0, -1 against truth (n,K) bool, over the questions that were ``asked`` (n,K) bool, all by default."""
    asked = np.ones(claims.shape, bool) if asked is None else asked
    seen, absent = (claims > 0) & asked, (claims < 0) & asked
    return ClaimAudit(
        int((seen | absent).sum()),
        _percent(there[seen]),
        _percent(~there[absent]),
        _percent((seen | absent)[asked]),
        _percent(seen[there & asked]),
        int(absent.sum()),
    )


def audit_novelty(study: Study, *, outside: Sequence[Path] = (), seed: int = 0) -> NoveltyAudit | None:
    """How the study's distance does; ``outside`` are files of other photographs. None where the study has no distance, or no held-out pictures."""
    novelty, held_out = (
        Novelty.of(study),
        {part: np.flatnonzero(study.split == part) for part in ("test_seen", "test_unseen")},
    )
    if novelty is None or study.kind == "classifier" or not len(study.gallery):
        return None
    by_part = {part: _distances(novelty, study.pooled[torch.from_numpy(at)].float()) for part, at in held_out.items()}
    strange: dict[str, Sequence[Image.Image | Path]] = {
        "noise": noise(study.preprocess.size, count=STRANGE, seed=seed),
        "tiles": tiles(_gallery_sample(study, STRANGE, seed), seed=seed),
    }
    if outside:
        strange["photographs"] = tuple(outside)
    classifier, familiar = Classifier(study), np.concatenate(list(by_part.values()))
    auroc, refused = {}, {}
    for name, pictures in strange.items():
        pooled = torch.stack([picture.pooled for picture in classifier.encode_many(pictures)])
        away = _distances(novelty, pooled)
        auroc[name] = float(
            roc_auc_score(np.arange(len(familiar) + len(away)) >= len(familiar), np.append(familiar, away))
        )
        refused[name] = _percent(away > novelty.limit)
    accepted = {part: _percent(distances <= novelty.limit) for part, distances in by_part.items()}
    return NoveltyAudit(accepted["test_seen"], accepted["test_unseen"], auroc, refused)


def _drawn(study: Study) -> bool:
    """Its pictures can be drawn again, with the truth of each."""
    return study.kind == "aviary" and "aviary" in study.provenance


def _encoded(study: Study, pictures: Sequence[Image.Image]) -> list[Tensor]:
    """Pooled activations (n,N) and features (n,D)."""
    both = [(item.pooled, item.features) for item in Classifier(study).encode_many(pictures)]
    return [torch.stack(part) for part in zip(*both, strict=True)]


def _claims(detectors: Detectors, classifier: Classifier, pooled: Tensor, features: Tensor) -> np.ndarray:
    """(n,K) as `explain` makes them of pictures with these activations (n,N) and features (n,D)."""
    probabilities = classifier.probabilities(classifier.logits(features))
    return detectors.claims(pooled, expected_attributes(classifier, probabilities))


def _aviary_truth(study: Study, chosen: np.ndarray) -> tuple[Tensor, Tensor, np.ndarray]:
    """Of pictures drawn again: pooled activations (n,N), features (n,D), and which attributes are in view (n,K) bool."""
    drawn = list(redrawn(study, chosen))
    pooled, features = _encoded(study, [picture.image for picture in drawn])
    return pooled, features, np.array([in_view(picture, study.knowledge.names) for picture in drawn])


def _runner_up(logits: Tensor, labels: np.ndarray) -> np.ndarray:
    """(n,) the best of the wrong classes."""
    wrong = logits.clone()
    wrong[torch.arange(len(labels)), torch.from_numpy(labels)] = -torch.inf
    return np.asarray(wrong.argmax(1))


def _gallery_sample(study: Study, count: int, seed: int) -> list[Image.Image]:
    order = np.random.default_rng([seed, 5]).permutation(len(study.gallery))[:count]
    return [study.gallery.image(int(item)) for item in order]


def _distances(novelty: Novelty, pooled: Tensor) -> np.ndarray:
    """(n,) of pooled activations (n,N), some at a time: no picture's company counts."""
    return torch.cat([novelty.distances(some) for some in pooled.split(AT_ONCE)]).double().numpy()


def _percent(values: np.ndarray) -> float:
    return 100 * float(values.mean()) if values.size else float("nan")
