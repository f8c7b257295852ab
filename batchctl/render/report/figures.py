"""The figures of a run in words, one row each, as the page and the Markdown have them."""

from collections.abc import Iterator

from batchctl.reconcile.explain.report import Report, Spans
from batchctl.render.report.document import elapsed
from batchctl.render.text import shown_moment, shown_size, shown_span
from batchctl.words import plural


def verdict(report: Report) -> str:
    """`20 tasks: 18 succeeded, 2 failed`."""
    parts = ", ".join(f"{count} {status}" for status, count in report.counts)
    return f"{plural(len(report.tasks), 'task')}: {parts}" if parts else "no task of this spec is there"


def figures(report: Report) -> Iterator[tuple[str, str]]:
    """(what, how much); what is not known is left out."""
    if report.began:
        yield "first start (UTC)", shown_moment(report.began)
    if report.ended:
        yield "last end (UTC)", shown_moment(report.ended)
    if (span := elapsed(report)) is not None:
        yield "from first start to last end", shown_span(span)
    yield from _spans("run time", report.ran)
    yield from _spans("queue wait", report.waited)
    yield "retries", str(report.retries)
    if report.requeues:
        yield "requeued", str(report.requeues)
    if report.utilisation is not None:
        yield "slots in use, of the nodes that are there", f"{report.utilisation:.0%}"
    size = shown_size(sum(blob.size for blob in report.outputs))
    yield "outputs", f"{len(report.outputs)}, {size}" if report.outputs else "none"


def _spans(name: str, spans: Spans | None) -> Iterator[tuple[str, str]]:
    if spans:
        yield f"{name}: median", shown_span(spans.median)
        yield f"{name}: 95 of 100 within", shown_span(spans.p95)
        yield f"{name}: longest", shown_span(spans.longest)
