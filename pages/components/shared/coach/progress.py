"""How far one person is in the lesson: a value that a browser can keep, and what the pages tell of what was done."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from niwt_core.classify.recipe import LONGEST_NAME

STEPS = 5
LONGEST_LIST = 10_000  # classes
SAMPLE, OF_FILE = re.compile(r"sample-(\d{1,9})"), re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True)
class Progress:
    """``step`` 1 to 5; ``picture``: the key of the photograph that the lesson is about; ``neuron``: the one that was opened, or -1; ``name``: the
    word that the network lacks; ``looked``: the photograph was looked at again once the class was built; ``off``: the described classes that
    were switched off before the lesson switched off all of them."""

    step: int = 1
    picture: str = ""
    neuron: int = -1
    name: str = ""
    looked: bool = False
    off: tuple[str, ...] = ()

    def with_picture(self, key: str) -> Progress:
        """About another photograph: what was done with the one before counts no more."""
        return self if key == self.picture else Progress(self.step, key, off=self.off)

    def to_text(self) -> str:
        """As JSON, for the browser to keep."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))


def progress_from_text(text: str, *, classes: Iterable[str], neurons: int) -> Progress | None:
    """The progress in a text that a browser kept; None where it is anything else, or of another study."""
    try:
        values: Any = json.loads(text)
        known = Progress(**{**values, "off": tuple(values["off"])})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    kinds = {"step": int, "picture": str, "neuron": int, "name": str, "looked": bool}
    if any(type(getattr(known, name)) is not kind for name, kind in kinds.items()):
        return None
    if not all(isinstance(name, str) for name in known.off):
        return None
    good = (
        1 <= known.step <= STEPS
        and -1 <= known.neuron < neurons
        and (not known.picture or SAMPLE.fullmatch(known.picture) or OF_FILE.fullmatch(known.picture))
        and len(known.name) <= LONGEST_NAME
        and known.name.isprintable()
        and len(known.off) <= LONGEST_LIST
        and set(known.off) <= set(classes)
    )
    return known if good else None
