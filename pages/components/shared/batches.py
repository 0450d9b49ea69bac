"""Many files dropped at once reach Streamlit's uploader some at a time; see batches.js for why."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

MOST = 200  # files that the uploader is given at once
_batches = st.components.v2.component("niwt_batches", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"))


def batches(key: str, nonce: int) -> None:
    """Watches the uploader with the key ``{key}-{nonce}``; a new nonce says that what it had was taken."""
    _batches(key=f"keeper-batches-{key}", data={"key": key, "nonce": nonce, "most": MOST}, height=1)
