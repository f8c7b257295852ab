"""The figures of a run in words, one row each, as the page and the Markdown have them."""

from collections.abc import Iterator

from batchctl.reconcile.explain.report import Report, Spans
from batchctl.render.report.document import elapsed
from batchctl.render.spending import CENT, node_time, prices_words, shown_cost, use_words
from batchctl.render.text import shown_moment, shown_size, shown_span
from batchctl.words import plural, some

SHOWN_JOBS = 5
"""Generations of which it is told what they were made from."""


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
        yield "slots in use, of the nodes that were seen", f"{report.utilisation:.0%}"
    yield from _nodes(report)
    size = shown_size(sum(blob.size for blob in report.outputs))
    yield "outputs", f"{len(report.outputs)}, {size}" if report.outputs else "none"


def _nodes(report: Report) -> Iterator[tuple[str, str]]:
    if report.nodes:
        yield "nodes at a time, at most", str(max(step.nodes for step in report.nodes))
    if taken := sum(count for pool in report.pools for state, count in pool.nodes if state == "preempted"):
        yield "spot nodes that are taken away now", str(taken)
    for use in report.spent:
        yield f"node time, {use.kind or 'kind not known'}", use_words(use, report.prices)
    if report.cost is not None and report.prices:
        least = "at least " if any(use.at_least for use in report.spent) and report.cost >= CENT else ""
        yield "money", f"{least}{shown_cost(report.cost, report.prices)}, {prices_words(report.prices)}"
    for name, moved in (("read", "read"), ("written", "written")):
        if size := sum(getattr(use, name) or 0 for use in report.uses):
            yield f"{moved} by tasks on disks", shown_size(round(size))


def waste_rows(report: Report) -> Iterator[tuple[str, str, str, str]]:
    """(what, node time, money, of what)."""
    for waste in report.wastes:
        money = "not known" if waste.cost is None else shown_cost(waste.cost, report.prices)
        what = "failed run" if waste.what == "failed work" else "node"
        yield WASTE[waste.what], node_time(waste.time), money, plural(waste.count, what)


WASTE = {
    "coming up": "coming up, until the start task began",
    "start task": "in the start task",
    "idle": "idle: no task ran",
    "failed work": "work of runs that failed",
}


def applied_rows(report: Report) -> Iterator[tuple[str, str]]:
    """What was applied, or the spec by which the report was made later."""
    applied = report.applied
    if applied is None:
        return
    yield "spec" if applied.now else "spec, as it is read now", applied.file
    yield "SHA-256 of its text", applied.digest
    for overlay in applied.overlays:
        yield "overlay", overlay
    if applied.commit:
        yield "commit", applied.commit
        yield "files that differ from it", _changed_words(applied.changed)
    for name, value in applied.variables:
        yield f"vars.{name}", value
    for job in report.jobs[-SHOWN_JOBS:]:
        if job.text:
            yield (
                f"job {job.id} was made from",
                "this text" if job.text == applied.text else f"another text ({job.text})",
            )


def _changed_words(changed: tuple[str, ...] | None) -> str:
    return "not known" if changed is None else some(changed) if changed else "none of the spec's own"


def _spans(name: str, spans: Spans | None) -> Iterator[tuple[str, str]]:
    if spans:
        yield f"{name}: median", shown_span(spans.median)
        yield f"{name}: 95 of 100 within", shown_span(spans.p95)
        yield f"{name}: longest", shown_span(spans.longest)
