"""What the app was started with."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "assets" / "photographs"


PUBLIC = "NIWT_PUBLIC"


def may_name_folders() -> bool:
    """Whether who uses the app may name folders of the machine that it runs on, and is shown what lies there: not on a server open to the public."""
    return os.environ.get(PUBLIC, "") != "1"


def first_folder() -> Path:
    """The study of ``streamlit run app.py -- STUDY``, else of NIWT_STUDY (``niwt app STUDY``), else the one of photographs."""
    given = sys.argv[1] if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else os.environ.get("NIWT_STUDY")
    return Path(given or SHIPPED)
