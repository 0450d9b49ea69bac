"""A report of one explanation: a self-contained HTML page, figures as PNG, tables as CSV, everything as JSON."""

from niwt_core.report.document import report_html
from niwt_core.report.files import report_files, report_zip, write_report
from niwt_core.report.tables import explanation_json

__all__ = ["explanation_json", "report_files", "report_html", "report_zip", "write_report"]
