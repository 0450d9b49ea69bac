"""What the app was started with."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "assets" / "photographs"
NEW_STUDIES = "NIWT_NEW_STUDIES"


def first_folder() -> Path:
    """The study of ``streamlit run app.py -- STUDY``, else of NIWT_STUDY (``niwt app STUDY``), else the one of photographs."""
    given = sys.argv[1] if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else os.environ.get("NIWT_STUDY")
    return Path(given or SHIPPED)


def new_studies_folder() -> Path:
    """Where studies made in the app are written: NIWT_NEW_STUDIES, else studies in the checkout, else niwt-studies at home."""
    if given := os.environ.get(NEW_STUDIES):
        return Path(given)
    return ROOT / "studies" if (ROOT / "pyproject.toml").is_file() else Path.home() / "niwt-studies"
