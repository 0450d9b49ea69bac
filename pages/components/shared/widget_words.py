"""The few words that Streamlit's own widgets say, in the session's language: it has them in English only.

They are laid over by the style sheet, so that nothing depends on a widget's markup but on its test ids; without them the English words stay.
"""

from __future__ import annotations

import json

import streamlit as st

from pages.components.shared import language
from pages.components.shared.language import tr

DROPZONE, HINT = (
    "[data-testid=stFileUploaderDropzone]",
    "[data-testid=InputInstructions]>span:first-child:not(:last-child)",
)

LETTERS, SMALL = ".875rem", ".75rem"


def sheet() -> str:
    """A style element; "" where the page is English."""
    if language.current() == language.ENGLISH:
        return ""
    size = st.get_option("server.maxUploadSize")
    words_of = {
        f"{DROPZONE} button p": tr("Upload"),
        "[data-testid=stFileUploaderDropzoneInstructions] span": tr("at most {size} MB per file", size=size),
        f"[data-testid=stTextInput] {HINT}": tr("Press Enter to apply"),
        f"[data-testid=stTextArea] {HINT}": tr("Press Ctrl+Enter to apply"),
    }
    return f"<style>{''.join(_instead(where, words) for where, words in words_of.items())}</style>"


def _instead(where: str, words: str) -> str:
    content = json.dumps(words, ensure_ascii=False).replace("<", "\\3c ")
    return f"{where}{{font-size:0}}{where}::after{{content:{content};font-size:{SMALL if where.endswith(HINT) else LETTERS}}}"
