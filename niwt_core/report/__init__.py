"""Reports as self-contained HTML pages: of one explanation, with figures as PNG, tables as CSV and everything as JSON; and of a whole study.

Names are imported when they are asked for: a page of the app that wants a few fragments need not wait for Matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from niwt_core.report.document import report_html
    from niwt_core.report.explanation_data import explanation_json
    from niwt_core.report.files import report_files, report_zip, write_report
    from niwt_core.report.study_document import study_report_html
    from niwt_core.report.study_files import write_study_report

_HOME = {
    "explanation_json": "explanation_data",
    "report_files": "files",
    "report_html": "document",
    "report_zip": "files",
    "study_report_html": "study_document",
    "write_report": "files",
    "write_study_report": "study_files",
}
__all__ = [
    "explanation_json",
    "report_files",
    "report_html",
    "report_zip",
    "study_report_html",
    "write_report",
    "write_study_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'niwt_core.report' has no attribute {name!r}")
    return getattr(import_module(f"niwt_core.report.{_HOME[name]}"), name)
