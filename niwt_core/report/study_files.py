"""The report of a study as a file."""

from __future__ import annotations

from pathlib import Path

from niwt_core.errors import NiwtError
from niwt_core.files import write_atomically
from niwt_core.report.study_document import study_report_html
from niwt_core.study.evaluate import Evaluation
from niwt_core.study.study import Study


def write_study_report(study: Study, out: Path, *, evaluation: Evaluation | None = None) -> Path:
    """Writes the report of a study to the file ``out``, whole or not at all.

    Args:
        evaluation: one that is there already, with runners-up if they are to be shown.

    Raises:
        NiwtError: ``out`` is a folder or cannot be written.
    """
    out = Path(out)
    if out.is_dir():
        raise NiwtError("that is a folder", where=str(out), fix="give a file name for --out")
    write_atomically(out, study_report_html(study, evaluation).encode())
    return out
