"""All audits of a study in one call: names, claims about pictures, strange pictures, the parts that neurons look at; each with its control."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from niwt_core.audit.claims import ClaimAudit, ClaimsAudit, NoveltyAudit, audit_claims, audit_novelty, audit_shuffled
from niwt_core.audit.ground_truth import NameAudit, audit_names
from niwt_core.audit.parts import PartAudit, aviary_grids, cub_grids, peaks_at_parts
from niwt_core.audit.shuffled_names import ShuffledNames, audit_shuffled_names
from niwt_core.data.dataset import Dataset
from niwt_core.study.study import Study

STEPS = 5


@dataclass(frozen=True)
class Audits:
    """names: None where the knowledge has no words; claims: by side, none where the study has no detectors; shuffled: the same claims by a network
    with shuffled weights; novelty: None where the study keeps no pictures; parts: None where places of parts are not known;
    shuffled_names: None where it was not asked for, or there are no pictures."""

    names: NameAudit | None
    claims: tuple[ClaimsAudit, ...]
    shuffled: ClaimAudit | None
    novelty: NoveltyAudit | None
    parts: PartAudit | None
    shuffled_names: ShuffledNames | None = None


def audit_study(
    study: Study,
    *,
    parts: Dataset | None = None,
    outside: Sequence[Path] = (),
    name_anew: bool = False,
    on_step: Callable[[int, int], None] | None = None,
) -> Audits:
    """Audits a study; ``parts`` is CUB as it was read, with part locations, ``outside`` are files of photographs that the study should refuse;
    ``name_anew``: with shuffled weights too, which takes a minute or two.

    Raises NiwtError: ``parts`` has no part locations or lacks pictures, a photograph cannot be read.
    """
    step = on_step or (lambda done, total: None)
    names = audit_names(study) if study.knowledge.kind == "attributes" else None
    claims = audit_claims(study)
    step(1, STEPS)
    shuffled = audit_shuffled(study)
    step(2, STEPS)
    novelty = audit_novelty(study, outside=outside)
    step(3, STEPS)
    grids = None
    if study.kind == "aviary" and "aviary" in study.provenance:
        grids = aviary_grids(study)
    elif parts is not None:
        grids = cub_grids(study, parts)
    peaks = peaks_at_parts(study, grids) if grids is not None else None
    step(4, STEPS)
    anew = audit_shuffled_names(study, pictures=parts) if name_anew else None
    step(STEPS, STEPS)
    return Audits(names, claims, shuffled, novelty, peaks, anew)


def audits_json(audits: Audits) -> dict[str, Any]:
    """The entries that ``niwt evaluate --json`` has of them; what was not measured is left out."""
    figures: dict[str, Any] = {"claims": {item.side: asdict(item) for item in audits.claims}}
    if audits.names is not None:
        figures["names"] = asdict(audits.names)
    if audits.shuffled is not None:
        figures["claims_shuffled_network"] = asdict(audits.shuffled)
    if audits.novelty is not None:
        figures["novelty"] = asdict(audits.novelty)
    if audits.parts is not None:
        figures["parts"] = {**asdict(audits.parts), "times": audits.parts.times}
    if audits.shuffled_names is not None:
        figures["names_shuffled_network"] = asdict(audits.shuffled_names)
    return figures
