"""Where a study's pictures and descriptions came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Source:
    """What ``niwt prepare`` was given: the kind of set, its folder, whether pictures were cropped to boxes, the knowledge asked for, and the
    folder of its splits where that is another one."""

    kind: str
    root: str = ""
    boxes: bool = False
    knowledge: str = "attributes"
    splits: str = ""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Source:
        """The source that a study remembers; entries that this version does not know are left out."""
        known = {key: values[key] for key in cls.__dataclass_fields__ if key in values}
        return cls(**known)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for study.json."""
        return asdict(self)
