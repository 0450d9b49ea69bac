"""Reports as self-contained HTML pages: of one explanation, with figures as PNG, tables as CSV and everything as JSON; and of a whole study."""

from niwt_core.report.document import report_html
from niwt_core.report.explanation_data import explanation_json
from niwt_core.report.files import report_files, report_zip, write_report
from niwt_core.report.study_document import study_report_html
from niwt_core.report.study_files import write_study_report

__all__ = [
    "explanation_json",
    "report_files",
    "report_html",
    "report_zip",
    "study_report_html",
    "write_report",
    "write_study_report",
]
