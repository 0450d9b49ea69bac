"""Presets: the published settings as small YAML files, shipped in ``niwt_core/presets`` or a user's own.

set: cub                  # the kind of set they are for
backbone: resnet101
layer: layer4.0           # the dictionary layer
images: noise             # what the loop looks at: noise, seen (the study's own training pictures) or a folder of photographs
count: 3000               # how many of them
map: {learning_rate: 1.0e-4, batch: 64, epochs: 500, held_out: 5}
transfer: {learning_rate: 1.0e-4, regularisation: 1.0e-2, pairs: 32}
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from niwt_core.data.plain_yaml import read_plain, resolved
from niwt_core.data.registry import SOURCES
from niwt_core.errors import NiwtError
from niwt_core.knowledge.class_names import closest, listing
from niwt_core.method.transfer.paper import PaperSettings
from niwt_core.paper.mapping import MapSettings

FOLDER = Path(__file__).with_name("presets")
Part = TypeVar("Part", MapSettings, PaperSettings)


@dataclass(frozen=True)
class Preset:
    """What a preset file says. ``set`` is empty where the preset is for any kind of set."""

    name: str
    backbone: str
    layer: str
    set: str = ""
    images: str = "noise"
    count: int = 3000
    map: MapSettings = field(default_factory=MapSettings)
    transfer: PaperSettings = field(default_factory=PaperSettings)

    def to_dict(self) -> dict[str, Any]:
        """Plain data that ``from_dict`` takes."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Any, *, name: str, where: str | Path) -> Preset:
        """Raises NiwtError on anything that is not a preset: unknown or missing entries, values of a wrong kind."""
        if not isinstance(values, Mapping):
            raise NiwtError("not a preset", where=where, fix="write `backbone:`, `layer:`, `map:` and `transfer:`")
        values = {key: value for key, value in values.items() if key != "name"}
        _only_known(values, cls, where)
        texts = {key: values[key] for key in ("backbone", "layer", "set", "images") if key in values}
        for key in ("backbone", "layer"):
            if key not in texts:
                raise NiwtError(f"no entry {key!r}", where=where, fix=f"add a line `{key}: ...`")
        for key, value in texts.items():
            if not isinstance(value, str) or (not value.strip() and key != "set"):
                raise NiwtError(f"{key} is {value!r}", where=where, fix=f"write {key} as a name")
        if texts.get("set") and texts["set"] not in SOURCES:
            raise NiwtError(
                f"unknown kind of set {texts['set']!r}", where=where, fix=f"use {', '.join(sorted(SOURCES))}"
            )
        return cls(
            name=name,
            **texts,
            count=_number("count", values.get("count", 3000), int, where),
            map=_part(MapSettings, values.get("map", {}), "map", where),
            transfer=_part(PaperSettings, values.get("transfer", {}), "transfer", where),
        )

    def check_set(self, kind: str) -> None:
        """Raises NiwtError if the preset is for another kind of set than ``kind``."""
        if self.set and self.set != kind:
            raise NiwtError(
                f"preset {self.name} is for {self.set}, not {kind}",
                where="--preset",
                fix=f"use one of {listing(preset_names())}, or a copy of it without `set`",
            )


def preset_names() -> tuple[str, ...]:
    """The presets that are shipped."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def read_preset(name: str) -> Preset:
    """A shipped preset by its name, or a user's own by its path. Raises NiwtError."""
    path = FOLDER / f"{name}.yaml" if name in preset_names() else Path(name)
    if not path.is_file() and (not path.exists() or path.is_dir()):
        near = closest(name, preset_names())
        fix = f"did you mean {listing(near)}?" if near else f"use {listing(preset_names())}, or a YAML file"
        raise NiwtError(f"no preset {name!r}", where="--preset", fix=fix)
    values = resolved(read_plain(path, "preset"))
    return Preset.from_dict(values, name=path.stem, where=path)


def _only_known(values: Mapping[Any, Any], kind: type, where: str | Path) -> None:
    known = [item.name for item in fields(kind) if item.name != "name"]
    for key in values:
        if key not in known:
            raise NiwtError(f"unknown entry {key!r}", where=where, fix=f"use {', '.join(known)}")


def _part(kind: type[Part], values: Any, name: str, where: str | Path) -> Part:
    """Settings from a mapping of numbers, each of its field's type."""
    if not isinstance(values, Mapping):
        raise NiwtError(f"{name} is {values!r}", where=where, fix=f"write `{name}: {{learning_rate: ...}}`")
    _only_known(values, kind, f"{where}, {name}")
    types = {item.name: int if item.type == "int" else float for item in fields(kind)}
    return kind(**{key: _number(f"{name}.{key}", value, types[key], where) for key, value in values.items()})


def _number(key: str, value: Any, kind: type, where: str | Path) -> Any:
    """``1e-4`` is a text to YAML 1.1, so texts that are numbers are taken."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    least = 1 if key in ("count", "map.batch", "map.epochs", "map.held_out", "transfer.iterations") else 0
    if not math.isfinite(number) or number < least or (kind is int and number != int(number)):
        what = "a whole number" if kind is int else "a number"
        raise NiwtError(f"{key} is {value!r}", where=where, fix=f"write {what} from {least} up")
    return kind(number)
