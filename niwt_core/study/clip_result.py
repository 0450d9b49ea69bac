"""What CLIP answered on a study's test pictures, without the library that computed it: two seconds that only those wait who ask CLIP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from niwt_core.evaluation.metrics import Metrics

NOTE = (
    "CLIP may have met the unseen classes in its own training: a reference, not a zero-shot result under the same rules; "
    "uncalibrated, since it was not trained on the seen classes"
)


@dataclass(frozen=True)
class ClipResult:
    """``metrics`` at gamma 0; ``model`` as it was named; ``prompts`` of each class; ``pictures`` that were scored."""

    metrics: Metrics
    model: str
    prompts: Mapping[str, tuple[str, ...]]
    pictures: int


def clip_json(result: ClipResult) -> dict[str, Any]:
    """What ``niwt evaluate --clip --json`` says of CLIP beside its row in the table."""
    prompts = {name: list(texts) for name, texts in result.prompts.items()}
    return {"model": result.model, "pictures": result.pictures, "prompts": prompts, "note": NOTE}
