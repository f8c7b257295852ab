"""The files of a report: name to text."""

from batchctl.reconcile.explain.report import Report
from batchctl.render.report.document import as_csv, as_json
from batchctl.render.report.pull_request import as_markdown
from batchctl.render.report.web_page import as_page


def report_files(report: Report) -> dict[str, str]:
    return {
        "report.html": as_page(report),
        "report.md": as_markdown(report),
        "report.json": as_json(report),
        "tasks.csv": as_csv(report),
    }
