"""Streamlit reads Markdown in labels, tooltips, captions, toasts and messages: names of classes, files and attributes go through here first."""

from __future__ import annotations

import re

_SIGNS = re.compile(r"[\\`*_\[\]<>#|~$&]|:(?=\S)|^[-+=]")  # a colon before a space is only a colon
_NUMBERED = re.compile(r"^(\s*\d+)([.)])(?=\s)")  # "2. Bundesliga" is no list


def escape_markdown(text: object) -> str:
    """The text in Markdown that shows it as it is, in one line: no link, picture, formula, colour or icon comes of it."""
    line = " ".join(str(text).encode("utf-8", "replace").decode().split())
    return _NUMBERED.sub(r"\1\\\2", _SIGNS.sub(lambda sign: f"\\{sign[0]}", line))
