"""The styles of ``fragments`` and of the pages around them. Colours are variables: the app sets its own, a report the palette's."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from niwt_core.figures.palette import DARK, LIGHT


@cache
def sheet(name: str) -> str:
    """A style sheet of this folder: "fragments", "page" or "study"."""
    return (files("niwt_core.report") / "styles" / f"{name}.css").read_text(encoding="utf-8")


def variables() -> str:
    """Both palettes, chosen by the reader's own preference."""

    def block(colours: dict[str, str]) -> str:
        return ":root{" + "".join(f"--cyn-{name}:{value};" for name, value in colours.items()) + "}"

    return f"{block(LIGHT)}:root{{color-scheme:light dark}}@media (prefers-color-scheme:dark){{{block(DARK)}}}"


def page_style(*more: str) -> str:
    """Everything that a report needs to stand alone, and the sheets named ``more``."""
    return variables() + "".join(sheet(name) for name in ("page", "fragments", *more))
