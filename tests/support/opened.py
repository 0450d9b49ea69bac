"""A page that AppTest has run: what it says, and that it went well."""

import json
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]


def page_text(at: AppTest) -> str:
    """All markup and text that a page shows."""
    texts = [item.body for item in at.get("html")]
    for kind in ("markdown", "caption", "error", "warning", "code"):
        texts += [item.value for item in at.get(kind)]
    return "\n".join(texts)


def went_well(at: AppTest) -> AppTest:
    """The run ended without an exception."""
    assert not at.exception, [item.value for item in at.exception]
    return at


def charts_of(at: AppTest) -> list[dict[str, Any]]:
    """The figures that a page explores by Plotly, as their JSON."""
    return [json.loads(item.proto.spec) for item in at.get("plotly_chart")]
