"""A document that was imported, as the text of a spec."""

from posixpath import basename
from typing import Any

from batchctl.importing.report import Report, Verdict
from batchctl.importing.writing import spec_text


def spec_of(document: dict[str, Any], report: Report, schema_at: str) -> str:
    """With its modeline, and in comments what of the files it does without."""
    refused = [line for line in report.sorted() if line.verdict is Verdict.REFUSED]
    comments = [f"Not in here: {line.field} ({basename(line.file)}, line {line.line})" for line in refused]
    return spec_text(document, schema_at, comments)
