"""The table of an Aviary's pictures: one line each, as CSV."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from niwt_core.data.aviary.attributes import ATTRIBUTE_GROUPS, PART_OF_GROUP
from niwt_core.data.aviary.renderer import Picture

_SHOWN = tuple(dict.fromkeys(PART_OF_GROUP.values()))
_FIELDS = ("path", "species", "role", "seed", "pose", "habitat", "facing", *ATTRIBUTE_GROUPS)
_FIELDS += (*(f"visible {part}" for part in _SHOWN), "caption")


def row_of(picture: Picture, path: str, name: str, role: str) -> dict[str, str]:
    """The line of a drawn picture of the species ``name``."""
    shown = {f"visible {part}": f"{picture.visibility[part]:.3f}" for part in _SHOWN}
    scene = {"pose": picture.pose, "habitat": picture.habitat, "facing": picture.facing, "caption": picture.caption}
    given = {"path": path, "species": name, "role": role, "seed": str(picture.seed)}
    return given | scene | dict(picture.attributes) | shown


def rows_file(root: Path, slug: str) -> Path:
    """Where the lines of one species wait until all are drawn."""
    return root / "rows" / f"{slug}.csv"


def read_rows(path: Path) -> list[dict[str, str]]:
    """All lines of a file of `write_rows`."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Writes the lines whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    with draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, _FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    os.replace(draft, path)
