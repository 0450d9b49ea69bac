"""What study.json may hold: the type and range of every entry that is read. A study that was downloaded is a stranger's input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from niwt_core.knowledge.attributes import Kind
from niwt_core.knowledge.encoding import Encoding
from niwt_core.study.provenance import Source
from niwt_core.study.study import Choices

Hash16 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Hash64 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, StringConstraints(max_length=10_000)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Entry(BaseModel):
    """Entries that a later version adds are let through; those that are read have these types, and nothing is converted."""

    model_config = ConfigDict(strict=True, extra="allow")


class _Texts(_Entry):
    kind: Kind
    encoding: Encoding
    weight: Amount


class _Knowledge(_Entry):
    kind: Kind
    scale: Positive
    encoding: Encoding
    texts: _Texts | None = None
    synonyms: dict[str, list[str]] = {}
    shown: dict[str, str] = {}


class _Maps(_Entry):
    ridge: Amount
    inverse_ridge: Amount
    norm: Positive


class _Skipped(_Entry):
    path: Text
    reason: Text


class _Aviary(_Entry):
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    size: Annotated[int, Field(ge=8, le=4096)]
    version: int
    random_birds: Annotated[int, Field(ge=0)] = 0


class _Provenance(_Entry):
    command: Text = ""
    split: Text = ""
    layer: Text = ""
    backbone: Text = ""
    skipped: list[_Skipped] = []
    notices: list[Text] = []
    settings: dict[str, Any] | None = None
    captions: dict[str, Any] = {}
    aviary: _Aviary | None = None
    source: dict[str, str | bool] = {}
    shuffled_names_fraction: float | None = None
    names_unit: Literal["pictures", "classes"] | None = None


class _Manifest(_Entry):
    id: Hash16
    name: Name
    kind: Name
    knowledge: _Knowledge
    split_hash: Hash16
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    preprocess: dict[str, Any]
    choices: dict[str, Any]
    stolen_share: dict[str, Finite] | None = None
    temperature: Positive | None = None
    novelty_limit: Positive | None = None
    maps: _Maps
    network: dict[str, Any]
    provenance: _Provenance
    hashes: dict[str, Hash64]


_CHOICES = TypeAdapter(Choices)
_SOURCE = TypeAdapter(Source)


def check_manifest(manifest: Mapping[str, Any]) -> None:
    """Raises ValueError, in one line, unless every entry of a manifest in today's words is of its type and in its range."""
    try:
        _Manifest.model_validate(manifest)
        _SOURCE.validate_python(manifest["provenance"].get("source", {"kind": ""}))
    except ValidationError as error:
        raise ValueError(_first(error)) from None


def read_choices(values: Mapping[str, Any]) -> Choices:
    """The hyper-parameters of a manifest. Raises ValueError where one is missing, of another type or not finite."""
    unknown = sorted(set(values) - {item.name for item in fields(Choices)})
    if unknown:
        raise ValueError(f"choices has an entry {unknown[0]!r}, which this version does not know")
    try:
        choices = _CHOICES.validate_python(dict(values))
        for name in ("ridge", "inverse_ridge", "decay", "mu", "gamma", "gamma_unit"):
            TypeAdapter(Finite).validate_python(getattr(choices, name))
    except ValidationError as error:
        raise ValueError(f"choices: {_first(error)}") from None
    return choices


def _first(error: ValidationError) -> str:
    """The first fault, with its place."""
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in fault["loc"][:6])
    return f"{place}: {fault['msg']}" if place else str(fault["msg"])
